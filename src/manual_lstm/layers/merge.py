"""One output from two: how the readings of a sequence from both ends are put together."""

from __future__ import annotations

import numpy as np

from manual_lstm.checks import Array

MERGES = ("concat", "sum", "mean", "mul")


def merge(how: str, a: Array, b: Array) -> Array:
    """Return the outputs a and b, (T, B, H), side by side, added, averaged or multiplied.

    Parameters
    ----------
    how : {"concat", "sum", "mean", "mul"}
    a, b : ndarray, (T, B, H)
        Of one size, unless they are put side by side.

    Returns
    -------
    ndarray, (T, B, H), or (T, B, H of a + H of b) side by side
    """
    if how == "concat":
        return np.concatenate((a, b), axis=2)
    if how == "sum":
        return a + b
    if how == "mean":
        return (a + b) / 2
    return a * b


def merge_backward(how: str, a: Array, b: Array, dhs: Array) -> tuple[Array, Array]:
    """Return ``(da, db)`` for ``hs = merge(how, a, b)`` and the cotangent `dhs`."""
    # forward: hs = concatenate((a, b))
    if how == "concat":
        H = a.shape[2]
        return dhs[:, :, :H], dhs[:, :, H:]
    # forward: hs = a + b
    if how == "sum":
        return dhs, dhs
    # forward: hs = (a + b) / 2
    if how == "mean":
        return dhs / 2, dhs / 2
    # forward: hs = a * b
    return dhs * b, dhs * a
