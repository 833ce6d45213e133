"""``keras.layers.LSTM``: kernel, recurrent_kernel and bias, which are W_x, W_h and b.

Keras writes the gates i, f, c, o, and its c is our g. That its forget bias starts at 1
(``unit_forget_bias``) concerns the first weights only; the stored bias is the whole bias.
"""

from __future__ import annotations

from collections.abc import Sequence

from manual_lstm.cells import LSTMParams
from manual_lstm.checks import Array
from manual_lstm.layouts.named import fit, named_arrays
from manual_lstm.layouts.own import own_arrays

_NAMES = ("kernel", "recurrent_kernel", "bias")
_SHAPES = {"recurrent_kernel": ("H", "4H"), "kernel": ("D", "4H"), "bias": ("4H",)}


def to_keras(params: LSTMParams) -> list[Array]:
    """Return the weights, or the gradients, in the order of ``layer.get_weights()``.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> params = ml.LSTM(input_size=3, hidden_size=5).init_params(np.random.default_rng(0))
    >>> [array.shape for array in to_keras(params)]
    [(3, 20), (5, 20), (20,)]
    """
    return [array.copy() for array in own_arrays(params) if array is not None]


def from_keras(weights: Sequence[Array]) -> LSTMParams:
    """Return what ``layer.get_weights()`` gives as ours: two arrays, or three with a bias."""
    listed = isinstance(weights, list | tuple) and len(weights) in (2, 3)
    named = dict(zip(_NAMES, weights, strict=False)) if listed else weights
    arrays = named_arrays("keras", named, _NAMES[:2], _NAMES[2:])
    fit("keras", arrays, _SHAPES, weights)
    W_x, W_h, *bias = (array.copy() for array in arrays.values())
    return LSTMParams(W_x, W_h, bias[0] if bias else None)
