"""``keras.layers.LSTM``, ``GRU`` and ``SimpleRNN``: kernel, recurrent_kernel and bias.

Those are W_x, W_h and b. Keras writes the gates of an LSTM i, f, c, o, and its c is our g; those
of a GRU z, r, h, which are our u, r, n. A GRU with ``reset_after=True``, the default, has a bias of
two rows, one for the input's product and one for that of h. That a forget bias starts at 1
(``unit_forget_bias``) concerns the first weights only; the stored bias is the whole bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from manual_lstm import checks
from manual_lstm.cells import GRUParams, GRUResetBeforeParams, LSTMParams, RNNParams
from manual_lstm.checks import Array
from manual_lstm.layers import BidirectionalParams
from manual_lstm.layouts.biases import one_of_two, two_of_one
from manual_lstm.layouts.blocks import reorder
from manual_lstm.layouts.kinds import blocks_in, own_arrays, times
from manual_lstm.layouts.named import Shape, fit, named_arrays

_CELLS = (LSTMParams, GRUParams, GRUResetBeforeParams, RNNParams)
_NAMES = ("kernel", "recurrent_kernel", "bias")
_ORDERS = {4: ("ifgo", "ifgo"), 3: ("run", "urn"), 1: ("h", "h")}  # ours and Keras's


def to_keras(params: Any, *, gradients: bool = False) -> list[Array]:
    """Return weights in the order of ``layer.get_weights()``.

    Parameters
    ----------
    params : LSTMParams, GRUParams, GRUResetBeforeParams or RNNParams
        Or `BidirectionalParams` of two of them: the backward ones then follow the forward ones.
    gradients : bool
        Whether `params` are gradients: of the two rows of a GRU's bias both then get ours where
        they are added; of parameters the second is zero there.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> params = ml.LSTM(input_size=3, hidden_size=5).init_params(np.random.default_rng(0))
    >>> [array.shape for array in to_keras(params)]
    [(3, 20), (5, 20), (20,)]
    """
    if isinstance(params, BidirectionalParams):
        forward, backward = (to_keras(part, gradients=gradients) for part in params)
        return [*forward, *backward]
    arrays = own_arrays("keras", params, _CELLS)
    ours, theirs = _ORDERS[blocks_in(arrays["W_h"], 1, 0)]
    weights = [reorder(arrays[name], ours, theirs) for name in ("W_x", "W_h")]
    if "b_hn" in arrays:
        rows = two_of_one(arrays["b"], arrays["b_hn"], gradients=gradients)
        weights.append(np.stack([reorder(row, ours, theirs) for row in rows]))
    elif "b" in arrays:
        weights.append(reorder(arrays["b"], ours, theirs))
    return weights


def from_keras(
    weights: Sequence[Array], *, reset_after: bool = True, gradients: bool = False
) -> Any:
    """Return what ``layer.get_weights()`` gives as ours.

    Parameters
    ----------
    weights : sequence of ndarray
        Two arrays, or three with a bias; twice as many of a ``Bidirectional``.
    reset_after : bool
        Of a GRU: which of the two cells it is. Without a bias its weights do not tell.
    gradients : bool
        Whether they are gradients.

    Returns
    -------
    LSTMParams, GRUParams, GRUResetBeforeParams or RNNParams
        Or `BidirectionalParams` of two of them.
    """
    checks.is_bool("reset_after", reset_after)
    listed = isinstance(weights, list | tuple) and len(weights) in (2, 3, 4, 6)
    if listed and len(weights) > 3:
        half = len(weights) // 2
        halves = (weights[:half], weights[half:])
        return BidirectionalParams(*(from_keras(part, reset_after=reset_after, gradients=gradients)
                                     for part in halves))  # fmt: skip
    named = dict(zip(_NAMES, weights, strict=False)) if listed else weights
    arrays = named_arrays("keras", named, _NAMES[:2], _NAMES[2:])
    count = blocks_in(arrays["recurrent_kernel"], 1, 0)
    has_rows = count == 3 and reset_after
    shapes: dict[str, Shape] = {
        "recurrent_kernel": ("H", times(count)),
        "kernel": ("D", times(count)),
        "bias": ("2", times(count)) if has_rows else (times(count),),
    }
    fit("keras", arrays, shapes, weights)
    theirs, ours = _ORDERS[count][::-1]
    W_x, W_h, *bias = (reorder(array, theirs, ours) for array in arrays.values())
    if has_rows:
        b, b_hn = one_of_two(*bias[0], has_b_hn=True, gradients=gradients) if bias else (None, None)
        return GRUParams(W_x, W_h, b, b_hn)
    kind = {4: LSTMParams, 3: GRUResetBeforeParams, 1: RNNParams}[count]
    return kind(W_x, W_h, bias[0] if bias else None)
