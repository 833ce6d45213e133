"""The product of an input with its weights, ``x W``, for dense and for index inputs.

An index stands for a one-hot row: its product is a row of ``W``, and in the gradient of ``W``
rows that were picked more than once add up.
"""

from __future__ import annotations

import numpy as np

from manual_lstm.checks import Array


def input_product(x: Array, W: Array) -> Array:
    """Return ``x @ W``, or the rows ``W[x]`` where `x` holds indices.

    Parameters
    ----------
    x : ndarray, (B, D) numbers or (B,) integers in [0, D)
    W : ndarray, (D, N)

    Returns
    -------
    ndarray, (B, N)
        dtype of `W`.
    """
    if x.dtype.kind in "iu":
        return W[x]
    return x @ W


def input_product_backward(x: Array, W: Array, dz: Array) -> tuple[Array | None, Array]:
    """Return ``(dx, dW)`` for ``z = input_product(x, W)`` and the cotangent `dz`.

    Parameters
    ----------
    x, W
        As given to `input_product`.
    dz : ndarray, (B, N)

    Returns
    -------
    dx : ndarray (B, D), or None
        None for index inputs: an index has no gradient.
    dW : ndarray, (D, N)
        Summed over the batch.
    """
    # forward: z = W[x]
    if x.dtype.kind in "iu":
        dW = np.zeros_like(W)
        np.add.at(dW, x, dz)
        return None, dW
    # forward: z = x @ W
    dx = dz @ W.T
    dW = x.T @ dz
    return dx, dW
