"""Arrays that live on between calls, with other numbers in them: those that are one stay one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from manual_lstm.checks import Array


class InOtherNumbers:
    """A function of values that are bound to names: arrays of floats become others.

    An array with two names, and a view of another, are so afterwards.

    Parameters
    ----------
    convert : callable
        From an array to one of the same shape with other numbers.
    kinds : tuple of dtypes, optional
        Only these floats.

    Examples
    --------
    >>> rows = np.zeros((3, 2), np.float32)
    >>> change = InOtherNumbers(lambda array: array.astype(float))
    >>> view = change(rows[1:])
    >>> view[0] = 1
    >>> change(rows)
    array([[0., 0.],
           [1., 1.],
           [0., 0.]])
    """

    def __init__(
        self, convert: Callable[[Array], Array], kinds: tuple[Any, ...] | None = None
    ) -> None:
        self._convert, self._kinds = convert, kinds
        self._known: dict[int, tuple[Array, Array]] = {}

    def __call__(self, value: Any) -> Any:
        """Return an array of other numbers; anything else as it is."""
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            return value
        if self._kinds is not None and value.dtype not in self._kinds:
            return value
        if id(value) not in self._known:
            self._known[id(value)] = value, self._other(value)  # kept alive: ids are given again
        return self._known[id(value)][1]

    def _other(self, value: Array) -> Array:
        whole = value.base
        if not (
            isinstance(whole, np.ndarray)
            and whole.dtype == value.dtype
            and whole.flags.c_contiguous
            and value.size
        ):
            return self._convert(value)
        other = self(whole)
        size, wide = value.itemsize, other.itemsize
        start = (value.ctypes.data - whole.ctypes.data) // size
        strides = [stride // size * wide for stride in value.strides]
        return as_strided(other.reshape(-1)[start:], value.shape, strides, subok=True)
