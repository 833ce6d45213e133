"""Our LSTM weights in the layouts of other libraries, and their gradients back in ours.

Ours: W_x (D, 4H), W_h (H, 4H), b (4H,), blocks of H columns in the order i, f, g, o. The gradient
of a rearranged array is the rearranged gradient, so weights and gradients share these functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from manual_lstm import LSTMParams
from manual_lstm.checks import Array


def blocks(array: Array) -> dict[str, Array]:
    """Return the four gates' parts of the last axis by their letter."""
    return dict(zip("ifgo", np.split(array, 4, axis=-1), strict=True))


def to_torch(params: LSTMParams, recurrent_share: Any = 0.0) -> dict[str, Array]:
    """Return the weights by the names of ``torch.nn.LSTM``: transposed, same gate order.

    Torch adds two biases; `recurrent_share` of ours becomes the second.
    """
    named = {"weight_ih_l0": params.W_x.T, "weight_hh_l0": params.W_h.T}
    if params.b is not None:
        recurrent = recurrent_share * params.b
        named |= {"bias_ih_l0": params.b - recurrent, "bias_hh_l0": recurrent}
    return named


def from_torch(named: Mapping[str, Array], bias: str = "bias_ih_l0") -> LSTMParams:
    """Return gradients in our layout; `bias` is which of the two biases' to take for ours."""
    return LSTMParams(named["weight_ih_l0"].T, named["weight_hh_l0"].T, named.get(bias))


def to_flax(params: LSTMParams) -> dict[str, dict[str, Array]]:
    """Return the weights as ``flax.linen.LSTMCell`` keeps them: a matrix for each gate.

    Its cells have the bias beside the recurrent matrix, and always have it.
    """
    H = len(params.W_h)
    b = np.zeros(4 * H) if params.b is None else params.b
    inputs = {f"i{gate}": {"kernel": kernel} for gate, kernel in blocks(params.W_x).items()}
    recurrent = {
        f"h{gate}": {"kernel": kernel, "bias": blocks(b)[gate]}
        for gate, kernel in blocks(params.W_h).items()
    }
    return inputs | recurrent


def from_flax(named: Mapping[str, Mapping[str, Array]], *, bias: bool) -> LSTMParams:
    """Return gradients in our layout."""

    def join(side: str, leaf: str) -> Array:
        return np.concatenate([named[f"{side}{gate}"][leaf] for gate in "ifgo"], axis=-1)

    return LSTMParams(join("i", "kernel"), join("h", "kernel"), join("h", "bias") if bias else None)


def to_keras(params: LSTMParams) -> list[Array]:
    """Return kernel, recurrent_kernel and bias of ``keras.layers.LSTM``: the same as ours."""
    return [array for array in params if array is not None]


def from_keras(weights: list[Array]) -> LSTMParams:
    """Return gradients in our layout."""
    W_x, W_h, *b = weights
    return LSTMParams(W_x, W_h, b[0] if b else None)


def to_onnx(params: LSTMParams) -> dict[str, Array]:
    """Return the inputs W, R, B of the ONNX operator LSTM.

    Transposed, gate order i, o, f, c, one direction in front, two biases in one array.
    """

    def reorder(array: Array) -> Array:
        return np.concatenate([blocks(array)[gate] for gate in "iofg"], axis=-1)

    named = {"W": reorder(params.W_x).T[None], "R": reorder(params.W_h).T[None]}
    if params.b is not None:
        b = reorder(params.b)
        named["B"] = np.concatenate([b, np.zeros_like(b)])[None]
    return named
