"""Float arrays that live on between calls, for a while arrays of other numbers.

``grad[...] = 0`` and ``grad += x.T @ dz`` write into an array that an object made long ago: it has
no room for numbers with tangents, exact or complex ones.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided  # the original

from manual_lstm.checks import Array
from reference.debugger.running.state import State

_MOST = 20_000  # entries of one array: what is larger is a table that is read


@contextmanager
def lifted(state: State, lift: Callable[[Array], Array], most: int = _MOST) -> Iterator[None]:
    """Within the block, names are bound to ``lift(array)`` for every float array that is kept.

    What shares memory shares it still.

    Parameters
    ----------
    state : State
        Where they are looked for.
    lift : callable
        Returns an array of the same shape.
    most : int
        Arrays of more entries stay what they are.
    """
    with state.rebound(_Lifting(lift, most)):
        yield


class _Lifting:
    """Returns what stands for a value: the same thing for the same one."""

    def __init__(self, lift: Callable[[Array], Array], most: int) -> None:
        self.lift, self.most = lift, most
        self.known: dict[int, Any] = {}
        self.kept: list[Any] = []  # an identity is used again

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, np.ndarray | list | tuple | dict):
            return value
        if id(value) not in self.known:
            self.kept.append(value)
            self.known[id(value)] = value  # also while its own entries are looked at
            self.known[id(value)] = self._made(value)
        return self.known[id(value)]

    def _made(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return self._array(value)
        items = list(value.values()) if isinstance(value, dict) else list(value)
        others = [self(item) for item in items]
        if all(a is b for a, b in zip(items, others, strict=True)):
            return value
        if isinstance(value, dict):
            made = copy.copy(value)
            made.update(zip(value, others, strict=True))
            return made
        if isinstance(value, list):
            made = copy.copy(value)
            made[:] = others
            return made
        return type(value)(*others) if hasattr(value, "_fields") else tuple(others)

    def _array(self, value: Array) -> Array:
        if value.dtype.kind != "f" or value.size > self.most:
            return value
        owner = value.base
        if not isinstance(owner, np.ndarray) or owner.dtype != value.dtype:
            return self.lift(value)
        whole = self(owner)
        if whole is owner or not owner.flags.c_contiguous:
            return self.lift(value)
        start = value.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
        scale = whole.itemsize // value.itemsize
        strides = tuple(step * scale for step in value.strides)
        return as_strided(whole.ravel()[start // value.itemsize :], value.shape, strides)
