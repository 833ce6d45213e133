"""Our own layout, checked before it is rearranged."""

from __future__ import annotations

from typing import Any

import numpy as np

from manual_lstm import sequence_checks
from manual_lstm.cells import LSTMParams
from manual_lstm.checks import Array
from manual_lstm.layouts.named import fit, named_arrays

_SHAPES = {"W_h": ("H", "4H"), "W_x": ("D", "4H"), "b": ("4H",)}


def own_arrays(params: Any) -> tuple[Array, Array, Array | None]:
    """Return W_x, W_h and b of parameters or gradients; refuse what does not fit together."""
    sequence_checks.container("params", params, LSTMParams)
    named = {name: array for name, array in params._asdict().items() if array is not None}
    arrays = named_arrays("manual_lstm", named, ("W_x", "W_h"), ("b",))
    fit("manual_lstm", arrays, _SHAPES, named)
    return arrays["W_x"], arrays["W_h"], arrays.get("b")


def own_arrays_with_bias(params: Any) -> tuple[Array, Array, Array]:
    """Return W_x, W_h and b, zeros where there is none: for layouts that always have one."""
    W_x, W_h, b = own_arrays(params)
    return W_x, W_h, np.zeros(W_h.shape[-1], W_h.dtype) if b is None else b
