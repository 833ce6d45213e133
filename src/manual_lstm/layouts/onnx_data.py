"""Data of the ONNX operators: their attribute ``layout`` says which axis comes first.

0 is time-major, (T, B, D) with Y (T, N, B, H) for N directions; 1 is batch-major, (B, T, D) with
Y (B, T, N, H). Weights are the same in both.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from manual_lstm import checks
from manual_lstm.cells import LSTMState
from manual_lstm.cells.hidden_state import HiddenState
from manual_lstm.checks import Array
from manual_lstm.layers import BidirectionalState


def to_onnx_data(
    xs: Array, state0: Any = None, lengths: Array | None = None, *, layout: int = 0
) -> dict[str, Array]:
    """Return the inputs X, initial_h, initial_c and sequence_lens.

    Parameters
    ----------
    xs : ndarray, (T, B, D)
    state0 : LSTMState or HiddenState, or BidirectionalState of two, optional
    lengths : (B,) integers, optional
    layout : {0, 1}
        The operator's attribute.
    """
    _is_layout(layout)
    data = {"X": (np.swapaxes(xs, 0, 1) if layout else xs).copy()}
    if lengths is not None:
        data["sequence_lens"] = lengths.astype(np.int32)
    if state0 is not None:
        directions = state0 if isinstance(state0, BidirectionalState) else (state0,)
        for field in directions[0]._fields:
            parts = [getattr(direction, field) for direction in directions]
            data[f"initial_{field}"] = np.stack(parts, axis=layout)
    return data


def from_onnx_data(
    Y: Array, Y_h: Array, Y_c: Array | None = None, *, layout: int = 0
) -> tuple[Array, Any]:
    """Return ``hs (T, B, N·H)`` and the final state.

    Parameters
    ----------
    Y, Y_h, Y_c : ndarray
        The operator's outputs; a GRU and an RNN have no Y_c.
    layout : {0, 1}

    Returns
    -------
    hs : ndarray
        Two directions stand side by side, the forward one first.
    state_T : LSTMState or HiddenState, or BidirectionalState of two
    """
    _is_layout(layout)
    by_direction = np.moveaxis(Y, 2, 0).swapaxes(1, 2) if layout else np.moveaxis(Y, 1, 0)
    hs = np.concatenate(list(by_direction), axis=-1)
    states = []
    for n in range(len(by_direction)):
        h = np.take(Y_h, n, axis=layout)
        c = None if Y_c is None else np.take(Y_c, n, axis=layout)
        states.append(HiddenState(h) if c is None else LSTMState(h, c))
    return hs, BidirectionalState(*states) if len(states) == 2 else states[0]


def _is_layout(layout: Any) -> None:
    if layout not in (0, 1) or isinstance(layout, bool):
        because = "the operator knows time-major and batch-major data"
        checks.fail("layout", f"the value {layout!r}", "0 or 1", because)
