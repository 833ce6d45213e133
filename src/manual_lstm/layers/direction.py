"""Sequences read from their ends: each row of a batch is reversed within its own length."""

from __future__ import annotations

import numpy as np

from manual_lstm.checks import Array


def alive(lengths: Array | None, T: int, B: int) -> Array:
    """Return which rows live at which steps, (T, B) booleans.

    Examples
    --------
    >>> import numpy as np
    >>> alive(np.array([2, 1]), T=3, B=2).astype(int)
    array([[1, 1],
           [1, 0],
           [0, 0]])
    """
    if lengths is None:
        return np.ones((T, B), bool)
    return np.arange(T)[:, None] < lengths


def reverse(xs: Array, lengths: Array | None) -> Array:
    """Return ``xs (T, B, ...)`` with the live steps of each row in the opposite order.

    Padding changes places with padding: the step read for t ≥ n of n live ones, n - 1 - t, is
    negative and so counted from the end. To reverse twice changes nothing; and as a permutation
    that undoes itself, it is its own backward too.

    Examples
    --------
    >>> import numpy as np
    >>> reverse(np.array([[1, 5], [2, 0], [3, 0]]), lengths=np.array([3, 1]))
    array([[3, 5],
           [2, 0],
           [1, 0]])
    """
    T, B = xs.shape[:2]
    ends = np.full(B, T) if lengths is None else lengths.astype(np.intp)  # which may be negative
    read_from = ends - 1 - np.arange(T)[:, None]  # (T, B)
    return xs[read_from, np.arange(B)]
