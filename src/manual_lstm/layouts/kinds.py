"""The cells that other frameworks have too, in our own layout, checked before it is rearranged."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from manual_lstm import checks
from manual_lstm.cells import (
    GRUParams,
    GRUResetBeforeParams,
    LSTMParams,
    LSTMPParams,
    PeepholeLSTMParams,
    RNNParams,
)
from manual_lstm.checks import Array
from manual_lstm.layouts.named import Shape, fit, named_arrays

# Our blocks: one letter a gate. An RNN has a single block.
GATES = {
    LSTMParams: "ifgo",
    LSTMPParams: "ifgo",
    PeepholeLSTMParams: "ifgo",
    GRUParams: "run",
    GRUResetBeforeParams: "run",
    RNNParams: "h",
}
_BIASES = ("b", "b_hn")
_MORE: dict[str, Shape] = {
    "b_hn": ("H",),
    "W_p": ("H", "P"),
    "p_i": ("H",),
    "p_f": ("H",),
    "p_o": ("H",),
}


def own_arrays(layout: str, params: Any, supported: Collection[type]) -> dict[str, Array]:
    """Return the arrays of parameters or gradients by name, without those that are None.

    Raises
    ------
    TypeError, ValueError
        If the cell is none that the layout has, or its arrays do not fit together.
    """
    if type(params) not in supported:
        names = [kind.__name__ for kind in supported]
        checks.fail(
            "params",
            f"type {type(params).__name__}",
            f"of type {' or '.join(names)}",
            f"the layout of {layout} has these cells",
            error=TypeError,
        )
    kind = type(params)
    given = {name: array for name, array in params._asdict().items() if array is not None}
    required = [name for name in kind._fields if name not in _BIASES]
    biases = [name for name in kind._fields if name in _BIASES]
    if any(name in given for name in biases):
        required += biases
    named = named_arrays("manual_lstm", given, required)
    stacked = times(len(GATES[kind]))
    shapes: dict[str, Shape] = {
        "W_p": _MORE["W_p"],
        "W_h": ("P" if kind is LSTMPParams else "H", stacked),
        "W_x": ("D", stacked),
        "b": (stacked,),
    }
    fit("manual_lstm", named, shapes | _MORE, given)
    return named


def times(count: int) -> str:
    """Return the letters of `count` blocks.

    Examples
    --------
    >>> times(4), times(1)
    ('4H', 'H')
    """
    return f"{count}H" if count > 1 else "H"


def blocks_in(matrix: Any, long: int, short: int) -> int:
    """Return how many gates a recurrent matrix has: 4, 3 or 1, by two of its axes; 4 in doubt."""
    shape = getattr(matrix, "shape", ())
    if len(shape) > max(long, short) and shape[short]:
        count, rest = divmod(shape[long], shape[short])
        if rest == 0 and count in (1, 3, 4):
            return count
    return 4


def bias_or_zeros(arrays: dict[str, Array], name: str = "b") -> Array:
    """Return a bias, zeros where there is none: for layouts that always have one."""
    if name in arrays:
        return arrays[name]
    W_h = arrays["W_h"]
    return np.zeros(W_h.shape[-1] if name == "b" else len(W_h), W_h.dtype)
