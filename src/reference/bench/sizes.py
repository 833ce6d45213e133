"""The sizes at which the LSTM is measured."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np

import manual_lstm as ml
from manual_lstm.checks import Array


class Size(NamedTuple):
    """T steps, B rows, D inputs, H units."""

    T: int
    B: int
    D: int
    H: int

    def __str__(self) -> str:
        """Return it as it is written on the command line."""
        return ",".join(map(str, self))


SIZES = (
    Size(50, 1, 16, 16),
    Size(100, 8, 16, 32),
    Size(5000, 4, 64, 64),
    Size(100, 32, 128, 256),
    Size(64, 64, 512, 512),
    Size(64, 64, 1024, 1024),
)


def parse(text: str) -> Size:
    """Return the size that `text` tells.

    Examples
    --------
    >>> parse("50,1,16,16")
    Size(T=50, B=1, D=16, H=16)
    """
    if not re.fullmatch(r"[1-9]\d*(,[1-9]\d*){3}", text):
        raise ValueError(f"size has the value {text!r}, but must be T,B,D,H, because each counts.")
    return Size(*map(int, text.split(",")))


class Task(NamedTuple):
    """What everybody computes: the gradients of ``Σ hs·dhs`` for params, xs and state0."""

    cell: ml.LSTM
    params: ml.LSTMParams
    xs: Array
    state0: ml.LSTMState
    dhs: Array


def draw(size: Size, dtype: str) -> Task:
    """Draw the task of a size, always the same."""
    rng = np.random.default_rng(0)
    T, B, D, H = size

    def normal(*shape: int) -> Any:
        return rng.standard_normal(shape).astype(dtype)

    cell = ml.LSTM(D, H)
    state0 = ml.LSTMState(normal(B, H), normal(B, H))
    return Task(cell, cell.init_params(rng, dtype), normal(T, B, D), state0, normal(T, B, H))
