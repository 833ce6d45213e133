"""The ONNX operators LSTM, GRU and RNN: W, R, B and P with the direction in front.

Gates i, o, f, c of an LSTM and z, r, h of a GRU; peepholes i, o, f. B holds two biases one after
the other. A GRU resets after the product where its attribute ``linear_before_reset`` is 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from manual_lstm import checks
from manual_lstm.cells import (
    GRUParams,
    GRUResetBeforeParams,
    LSTMParams,
    PeepholeLSTMParams,
    RNNParams,
)
from manual_lstm.checks import Array
from manual_lstm.layers import BidirectionalParams
from manual_lstm.layouts.biases import one_of_two, two_of_one
from manual_lstm.layouts.blocks import reorder, turned
from manual_lstm.layouts.kinds import GATES, blocks_in, own_arrays, times
from manual_lstm.layouts.named import Shape, fit, named_arrays

_CELLS = (LSTMParams, PeepholeLSTMParams, GRUParams, GRUResetBeforeParams, RNNParams)
_ORDERS = {"ifgo": "iofg", "run": "urn", "h": "h"}
_PEEPHOLES = ("p_i", "p_o", "p_f")


def to_onnx(params: Any, *, gradients: bool = False) -> dict[str, Array]:
    """Return the inputs W, R, B and P of the operator.

    Parameters
    ----------
    params : LSTMParams, PeepholeLSTMParams, GRUParams, GRUResetBeforeParams or RNNParams
        Or `BidirectionalParams` of two of one kind. GRUParams are for an operator with
        ``linear_before_reset=1``, GRUResetBeforeParams for one with 0, its default.
    gradients : bool
        Whether these are gradients: both biases then get ours; of parameters the second is zero.

    Returns
    -------
    dict
        Of an LSTM ``W`` (N, 4H, D), ``R`` (N, 4H, H), ``B`` (N, 8H), with peepholes ``P`` (N, 3H);
        N = 1 or 2 directions.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> params = ml.LSTM(input_size=3, hidden_size=5).init_params(np.random.default_rng(0))
    >>> [(name, array.shape) for name, array in to_onnx(params).items()]
    [('W', (1, 20, 3)), ('R', (1, 20, 5)), ('B', (1, 40))]
    """
    directions = params if isinstance(params, BidirectionalParams) else (params,)
    parts = [_direction_to_onnx(direction, gradients) for direction in directions]
    told = [
        (type(direction).__name__, {name: array.shape for name, array in part.items()})
        for direction, part in zip(directions, parts, strict=True)
    ]
    if any(other != told[0] for other in told):
        checks.fail("params.backward", f"{told[1]}", f"like params.forward, {told[0]}",
                    "the operator has both directions in one array")  # fmt: skip
    return {name: np.stack([part[name] for part in parts]) for name in parts[0]}


def from_onnx(
    named: Mapping[str, Array], *, linear_before_reset: int = 0, gradients: bool = False
) -> Any:
    """Return W, R and, where they are there, B and P as ours.

    Parameters
    ----------
    named : mapping of str to ndarray
    linear_before_reset : {0, 1}
        The attribute of a GRU, which its weights do not tell.
    gradients : bool
        Whether these are gradients: of two biases, which have the same one, the first is taken; of
        parameters the two are added.

    Returns
    -------
    LSTMParams, PeepholeLSTMParams, GRUParams, GRUResetBeforeParams or RNNParams
        Or `BidirectionalParams` of two of them.
    """
    _is_switch("linear_before_reset", linear_before_reset)
    arrays = named_arrays("onnx", named, ("W", "R"), ("B", "P"))
    count = blocks_in(arrays["R"], 1, 2)
    kind: type = {4: LSTMParams, 3: GRUResetBeforeParams, 1: RNNParams}[count]
    if count == 3 and linear_before_reset:
        kind = GRUParams
    if "P" in arrays:
        kind = PeepholeLSTMParams
    shapes: dict[str, Shape] = {
        "R": ("N", times(count), "H"),
        "W": ("N", times(count), "D"),
        "B": ("N", f"{2 * count}H"),
        "P": ("N", "3H"),
    }
    N = fit("onnx", arrays, shapes, named)["N"]
    if N > 2:
        checks.fail("W", f"N = {N}", "N = 1 or 2", "there are two directions")
    parts = [
        _direction_from_onnx(kind, {name: array[n] for name, array in arrays.items()}, gradients)
        for n in range(N)
    ]
    return BidirectionalParams(*parts) if N == 2 else parts[0]


def _direction_to_onnx(params: Any, gradients: bool) -> dict[str, Array]:
    arrays = own_arrays("onnx", params, _CELLS)
    ours = GATES[type(params)]
    theirs = _ORDERS[ours]
    part = {
        "W": turned(reorder(arrays["W_x"], ours, theirs)),
        "R": turned(reorder(arrays["W_h"], ours, theirs)),
    }
    if "b" in arrays:
        halves = two_of_one(arrays["b"], arrays.get("b_hn"), gradients=gradients)
        part["B"] = np.concatenate([reorder(half, ours, theirs) for half in halves])
    if "p_i" in arrays:
        part["P"] = np.concatenate([arrays[name] for name in _PEEPHOLES])
    return part


def _direction_from_onnx(kind: Any, part: dict[str, Array], gradients: bool) -> Any:
    ours = GATES[kind]
    theirs = _ORDERS[ours]
    arrays = {
        "W_x": reorder(turned(part["W"]), theirs, ours),
        "W_h": reorder(turned(part["R"]), theirs, ours),
        "b": None,
    }
    if kind is GRUParams:
        arrays["b_hn"] = None
    if "B" in part:
        halves = (reorder(half, theirs, ours) for half in np.split(part["B"], 2))
        b, b_hn = one_of_two(*halves, has_b_hn=kind is GRUParams, gradients=gradients)
        arrays["b"] = b
        if kind is GRUParams:
            arrays["b_hn"] = b_hn
    elif kind is PeepholeLSTMParams:
        W_h = arrays["W_h"]
        assert W_h is not None
        arrays["b"] = np.zeros(W_h.shape[-1], W_h.dtype)
    if "P" in part:
        peepholes = (peephole.copy() for peephole in np.split(part["P"], 3))
        arrays |= dict(zip(_PEEPHOLES, peepholes, strict=True))
    return kind(**arrays)


def _is_switch(name: str, value: Any) -> None:
    if value not in (0, 1):
        checks.fail(name, f"the value {value!r}", "0 or 1", "the operator knows no other")
