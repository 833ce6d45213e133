"""Arrays that live on between calls, with other numbers in them: those that are one stay one."""

from __future__ import annotations

import copy
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
    most : int, optional
        Arrays of more entries stay what they are: tables that are read.

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
        self,
        convert: Callable[[Array], Array],
        kinds: tuple[Any, ...] | None = None,
        most: int = 20_000,
    ) -> None:
        self._convert, self._kinds, self._most = convert, kinds, most
        self._known: dict[int, tuple[Any, Any]] = {}

    def __call__(self, value: Any) -> Any:
        """Return an array, or a container of arrays, of other numbers; anything else as it is."""
        if not isinstance(value, np.ndarray | list | tuple | dict):
            return value
        if id(value) not in self._known:  # kept alive: ids are given again
            self._known[id(value)] = value, value  # also while its own entries are looked at
            if isinstance(value, np.ndarray):
                self._known[id(value)] = value, self._array(value)
            else:
                self._known[id(value)] = value, self._container(value)
        return self._known[id(value)][1]

    def _container(self, value: Any) -> Any:
        items = list(value.values()) if isinstance(value, dict) else list(value)
        others = [self(item) for item in items]
        if all(a is b for a, b in zip(items, others, strict=True)):
            return value
        if isinstance(value, tuple):
            return type(value)(*others) if hasattr(value, "_fields") else tuple(others)
        made = copy.copy(value)
        if isinstance(value, dict):
            made.update(zip(value, others, strict=True))
        else:
            made[:] = others
        return made

    def _array(self, value: Array) -> Array:
        is_other = self._kinds is not None and value.dtype not in self._kinds
        if value.dtype.kind != "f" or is_other or value.size > self._most:
            return value
        return self._other(value)

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
        if other is whole:
            return self._convert(value)
        size, wide = value.itemsize, other.itemsize
        start = (value.ctypes.data - whole.ctypes.data) // size
        strides = [stride // size * wide for stride in value.strides]
        return as_strided(other.reshape(-1)[start:], value.shape, strides, subok=True)
