"""The ONNX operator LSTM: W, R and B with the direction in front, gates i, o, f, c, two biases.

Its attribute ``layout`` says how the data lie and leaves the weights as they are: 0 is time-major,
(T, B, D) with Y (T, directions, B, H); 1 is batch-major, (B, T, D) with Y (B, T, directions, H).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from manual_lstm import checks
from manual_lstm.cells import LSTMParams, LSTMState
from manual_lstm.checks import Array
from manual_lstm.layouts.blocks import reorder, turned
from manual_lstm.layouts.named import fit, named_arrays
from manual_lstm.layouts.own import own_arrays

_SHAPES = {"R": ("N", "4H", "H"), "W": ("N", "4H", "D"), "B": ("N", "8H")}


def to_onnx(
    params: LSTMParams, reverse: LSTMParams | None = None, *, gradients: bool = False
) -> dict[str, Array]:
    """Return the inputs W, R and B of the operator.

    Parameters
    ----------
    params : LSTMParams
        Of the only direction, or of the forward one.
    reverse : LSTMParams, optional
        Of the backward direction, which makes the operator bidirectional.
    gradients : bool
        Whether these are gradients: both biases then get ours; of parameters the second is zero.

    Returns
    -------
    dict
        ``W`` (N, 4H, D), ``R`` (N, 4H, H), ``B`` (N, 8H), N = 1 or 2 directions.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> params = ml.LSTM(input_size=3, hidden_size=5).init_params(np.random.default_rng(0))
    >>> [(name, array.shape) for name, array in to_onnx(params).items()]
    [('W', (1, 20, 3)), ('R', (1, 20, 5)), ('B', (1, 40))]
    """
    directions = [params] if reverse is None else [params, reverse]
    if len({direction.b is None for direction in directions}) == 2:
        checks.fail(
            "reverse.b",
            "no array" if directions[1].b is None else "an array",
            "like params.b",
            "B holds the biases of both directions",
        )
    parts = [_direction_to_onnx(direction, gradients) for direction in directions]
    return {name: np.stack([part[name] for part in parts]) for name in parts[0]}


def from_onnx(
    named: Mapping[str, Array], *, direction: int = 0, gradients: bool = False
) -> LSTMParams:
    """Return one direction of W, R and, if it is there, B as ours.

    Of parameters the two halves of B are added; of gradients, which are equal, the first is taken.
    """
    arrays = named_arrays("onnx", named, ("W", "R"), ("B",))
    N = fit("onnx", arrays, _SHAPES, named)["N"]
    if direction not in range(N):
        has, must = f"the value {direction!r}", "0" if N == 1 else f"from 0 to {N - 1}"
        checks.fail("direction", has, must, f"W has N = {N}")
    W, R, *B = (array[direction] for array in arrays.values())
    b = None
    if B:
        input_half, recurrent_half = np.split(B[0], 2)
        b = input_half if gradients else input_half + recurrent_half
        b = reorder(b, "iofg", "ifgo")
    return LSTMParams(reorder(turned(W), "iofg", "ifgo"), reorder(turned(R), "iofg", "ifgo"), b)


def to_onnx_data(
    xs: Array, state0: LSTMState | None = None, lengths: Array | None = None, *, layout: int = 0
) -> dict[str, Array]:
    """Return the inputs X, initial_h, initial_c and sequence_lens of one direction.

    Parameters
    ----------
    xs : ndarray, (T, B, D)
    state0 : LSTMState, optional
    lengths : (B,) integers, optional
    layout : {0, 1}
        The operator's attribute.
    """
    _is_layout(layout)
    data = {"X": _batch_first(xs, layout)}
    if lengths is not None:
        data["sequence_lens"] = lengths.astype(np.int32)
    if state0 is not None:
        # layout 0 is (directions, B, H), layout 1 is (B, directions, H)
        data["initial_h"] = np.expand_dims(state0.h, layout).copy()
        data["initial_c"] = np.expand_dims(state0.c, layout).copy()
    return data


def from_onnx_data(
    Y: Array, Y_h: Array, Y_c: Array, *, direction: int = 0, layout: int = 0
) -> tuple[Array, LSTMState]:
    """Return ``hs (T, B, H)`` and the final state of one direction."""
    _is_layout(layout)
    hs = Y[:, direction] if layout == 0 else np.swapaxes(Y[:, :, direction], 0, 1)
    h, c = (np.take(part, direction, axis=layout) for part in (Y_h, Y_c))
    return hs.copy(), LSTMState(h, c)


def _direction_to_onnx(params: LSTMParams, gradients: bool) -> dict[str, Array]:
    W_x, W_h, b = own_arrays(params)
    part = {
        "W": turned(reorder(W_x, "ifgo", "iofg")),
        "R": turned(reorder(W_h, "ifgo", "iofg")),
    }
    if b is not None:
        input_half = reorder(b, "ifgo", "iofg")
        recurrent_half = input_half if gradients else np.zeros_like(input_half)
        part["B"] = np.concatenate([input_half, recurrent_half])
    return part


def _batch_first(xs: Array, layout: int) -> Array:
    return (np.swapaxes(xs, 0, 1) if layout else xs).copy()


def _is_layout(layout: Any) -> None:
    if layout not in (0, 1) or isinstance(layout, bool):
        because = "the operator knows time-major and batch-major data"
        checks.fail("layout", f"the value {layout!r}", "0 or 1", because)
