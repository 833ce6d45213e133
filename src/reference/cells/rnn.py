"""The plain RNN of Elman 1990 and its independent form (Li et al. 2018), one example at a time."""

from __future__ import annotations

from typing import Any

from manual_lstm import HiddenState
from reference.cells.activations import activation_of


def step(cell: Any, params: Any, state: HiddenState, x: Any, tap: Any) -> HiddenState:
    """Return the next state of one example of the plain RNN: x (D,), h (H,)."""
    bias = 0.0 if params.b is None else params.b
    net = tap("z", params.W_x.T @ x + params.W_h.T @ state.h + bias)
    return HiddenState(tap("h", activation_of(cell.activation)(net)))


def independent(cell: Any, params: Any, state: HiddenState, x: Any, tap: Any) -> HiddenState:
    """Return the next state of one example of the IndRNN: x (D,), h (H,)."""
    net = tap("z", params.W_x.T @ x + params.w_h * state.h + params.b)
    return HiddenState(tap("h", activation_of(cell.activation)(net)))
