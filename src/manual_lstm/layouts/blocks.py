"""Blocks of gates in another order, and matrices turned around: copies, never views."""

from __future__ import annotations

import numpy as np

from manual_lstm.checks import Array


def reorder(array: Array, given: str, wanted: str, axis: int = -1) -> Array:
    """Return `array` with its blocks along `axis` in the order `wanted`.

    Parameters
    ----------
    array : ndarray
        One block for each gate along `axis`.
    given, wanted : str
        One letter for each block: the same letters in two orders.

    Examples
    --------
    >>> reorder(np.arange(8), "ifgo", "iofg")
    array([0, 1, 6, 7, 2, 3, 4, 5])
    """
    block = dict(zip(given, np.split(array, len(given), axis=axis), strict=True))
    return np.concatenate([block[gate] for gate in wanted], axis=axis)


def turned(matrix: Array) -> Array:
    """Return the transposed matrix, rows contiguous."""
    return np.array(np.swapaxes(matrix, -1, -2), order="C")
