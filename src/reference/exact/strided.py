"""``as_strided`` on objects: a view that leaves its array would end the process."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from numpy import asanyarray  # the original, also while another is in its place
from numpy.lib.array_utils import byte_bounds


def within(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return what replaces ``as_strided``: the same, which refuses what is no object."""

    @wraps(original)
    def as_strided(x: Any, shape: Any = None, strides: Any = None, **options: Any) -> Any:
        array = asanyarray(x)
        if array.dtype == object:
            _check(array, shape, strides)
        return original(x, shape, strides, **options)

    return as_strided


def _check(array: Any, shape: Any, strides: Any) -> None:
    shape = array.shape if shape is None else np.atleast_1d(shape)
    strides = array.strides if strides is None else np.atleast_1d(strides)
    reach = [(n - 1) * step for n, step in zip(shape, strides, strict=True)]
    first, last = sum(r for r in reach if r < 0), sum(r for r in reach if r > 0)
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    at, size = array.__array_interface__["data"][0], array.itemsize
    low, high = byte_bounds(owner)
    if any(step % size for step in strides) or at + first < low or at + last + size > high:
        raise ValueError("strides lead out of the array's memory, or between its entries")
