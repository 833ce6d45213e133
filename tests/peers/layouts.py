"""The layouts of manual_lstm, with what only a test needs: a bias shared out, one of two taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from manual_lstm import LSTMParams, layouts
from manual_lstm.checks import Array
from manual_lstm.layouts import from_keras, to_flax, to_keras, to_onnx

__all__ = [
    "blocks",
    "from_flax",
    "from_keras",
    "from_torch",
    "to_flax",
    "to_keras",
    "to_onnx",
    "to_torch",
]


def blocks(array: Array) -> dict[str, Array]:
    """Return the four gates' parts of the last axis by their letter."""
    return dict(zip("ifgo", np.split(array, 4, axis=-1), strict=True))


def to_torch(params: LSTMParams, recurrent_share: Any = 0.0) -> dict[str, Array]:
    """Return the weights by torch's names; `recurrent_share` of our bias becomes its second."""
    named = layouts.to_torch(params)
    if params.b is not None:
        recurrent = recurrent_share * params.b
        named |= {"bias_ih_l0": params.b - recurrent, "bias_hh_l0": recurrent}
    return named


def from_torch(named: Mapping[str, Array], bias: str = "bias_ih_l0") -> LSTMParams:
    """Return gradients in our layout; `bias` is which of the two biases' to take for ours."""
    if bias in named:
        named = {**named, "bias_ih_l0": named[bias]}
    return layouts.from_torch(named, gradients=True)


def from_flax(named: Mapping[str, Mapping[str, Array]], *, bias: bool) -> LSTMParams:
    """Return gradients in our layout; flax has one of a bias that ours may lack."""
    gradients = layouts.from_flax(named)
    return gradients if bias else gradients._replace(b=None)
