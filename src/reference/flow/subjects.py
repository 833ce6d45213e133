"""What the gradient is followed through: cells with their first weights, or a trained model."""

from __future__ import annotations

from typing import Any

import numpy as np

import manual_lstm as ml
from manual_lstm.checks import Array
from manual_lstm.losses import softmax_cross_entropy, softmax_cross_entropy_backward
from reference.flow.measure import Subject
from reference.load import refuse

FORGET_BIASES = (0.0, 1.0, 3.0)


def default_subjects(D: int, H: int, seed: int) -> list[Subject]:
    """Return a plain RNN and an LSTM with forget biases of 0, 1 and 3."""
    return [*subjects_of(ml.RNN(D, H), (), seed), *subjects_of(ml.LSTM(D, H), FORGET_BIASES, seed)]


def subjects_of(cell: Any, forget_biases: tuple[float, ...], seed: int) -> list[Subject]:
    """Return a cell as it starts, or once for each forget bias.

    Raises
    ------
    UnusableInputError
        If a forget bias is asked for and the cell has none.
    """
    name = type(cell).__name__
    params = cell.init_params(np.random.default_rng(seed))
    if not forget_biases:
        return [Subject(name, cell, params)]
    gates, b = getattr(cell, "gates", ""), getattr(params, "b", None)
    if "f" not in gates or b is None:
        refuse("--forget-bias", f"no place in {name}", "of a cell with a forget gate and a bias",
               "it is the bias of that gate")  # fmt: skip
    block = slice(*(len(b) // len(gates) * (gates.index("f") + k) for k in (0, 1)))
    subjects = []
    for value in forget_biases:
        changed = b.copy()
        changed[block] = value
        label = f"{name}, forget bias {value:g}"
        subjects.append(Subject(label, cell, params._replace(b=changed)))
    return subjects


class NextCharacter:
    """The gradient of predicting a character from the output, through a matrix V (H, K)."""

    def __init__(self, V: Array, targets: Array) -> None:
        self.V = V
        self.targets = targets

    def __call__(self, h: Array) -> Array:
        """Return the gradient (B, H) of each row's cross-entropy in nats."""
        _, cache = softmax_cross_entropy(h[None] @ self.V, self.targets[None], "sum")
        return (softmax_cross_entropy_backward(cache, 1) @ self.V.T)[0]


def output_matrix(H: int, K: int, seed: int) -> Array:
    """Return a first V (H, K), uniform within ±1/√H."""
    return np.random.default_rng([seed, 1]).uniform(-1, 1, (H, K)) / H**0.5


def windows(characters: Array, T: int, rows: int, seed: int) -> tuple[Array, Array]:
    """Return inputs (T, B) from random places of a text, and the character after each (B,).

    Raises
    ------
    UnusableInputError
        If the text is too short.
    """
    if len(characters) < T + 1:
        refuse("TEXT", f"{len(characters)} characters", f"at least {T + 1}",
               "the gradient is followed that far back (--lags, and 20 steps before)")  # fmt: skip
    starts = np.random.default_rng([seed, 2]).integers(0, len(characters) - T, rows)
    window = characters[starts + np.arange(T + 1)[:, None]]
    return window[:-1], window[-1]
