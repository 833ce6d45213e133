"""NumPy's makers of float arrays, replaced by makers of arrays of constant elements.

A float array has no room for an element. Integer and boolean arrays stay what they are, and so
does memory order. Each function here takes an original and gives what stands in for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

# The originals, also while others are in their place.
from numpy import array, asanyarray

from manual_lstm.checks import Array
from reference.exact.arrays import each
from reference.exact.field import Element, constant, lift
from reference.exact.formal import current
from reference.exact.passing_float import Float

Maker = Callable[..., Array]


def zero() -> Element:
    """Return the entry of ``zeros``."""
    return constant(0)


def one() -> Element:
    """Return the entry of ``ones``."""
    return constant(1)


def garbage() -> Element:
    """Return the entry of ``empty``: random, for nothing may depend on what was not written."""
    return Element(current().draw(), 0, math.nan)


def filled(entry: Callable[[], Element]) -> Callable[[Maker], Maker]:
    """Return what replaces ``zeros(shape, dtype)`` and its like by a maker of `entry`."""

    def replace(original: Maker) -> Maker:
        @wraps(original)
        def make(shape: Any, dtype: Any = None, *args: Any, **options: Any) -> Array:
            if not is_float_dtype(dtype):
                return original(shape, dtype, *args, **options)
            made = original(shape, object, *args, **options)
            made.fill(entry())
            return made

        return make

    return replace


def filled_like(entry: Callable[[], Element]) -> Callable[[Maker], Maker]:
    """Return what replaces ``zeros_like(prototype, dtype)`` and its like."""

    def replace(original: Maker) -> Maker:
        @wraps(original)
        def make(prototype: Any, dtype: Any = None, *args: Any, **options: Any) -> Array:
            prototype = asanyarray(prototype)
            if not is_float_dtype(prototype.dtype if dtype is None else dtype):
                return original(prototype, dtype, *args, **options)
            made = original(prototype, object, *args, **options)
            made.fill(entry())
            return made

        return make

    return replace


def full(original: Maker) -> Maker:
    """Return what replaces ``full(shape, fill_value, dtype)``."""

    @wraps(original)
    def make(shape: Any, fill_value: Any, dtype: Any = None, **options: Any) -> Array:
        if not is_float_dtype(array(fill_value).dtype if dtype is None else dtype):
            return original(shape, fill_value, dtype, **options)
        return original(shape, with_elements(fill_value), object, **options)

    return make


def full_like(original: Maker) -> Maker:
    """Return what replaces ``full_like(prototype, fill_value, dtype)``."""

    @wraps(original)
    def make(prototype: Any, fill_value: Any, dtype: Any = None, **options: Any) -> Array:
        prototype = asanyarray(prototype)
        if not is_float_dtype(prototype.dtype if dtype is None else dtype):
            return original(prototype, fill_value, dtype, **options)
        return original(prototype, with_elements(fill_value), object, **options)

    return make


def converted(original: Maker) -> Maker:
    """Return what replaces ``array(values, dtype)`` and its like."""

    @wraps(original)
    def convert(values: Any, dtype: Any = None, *args: Any, **options: Any) -> Array:
        if dtype is None:
            made = original(values, None, *args, **options)
            return with_elements(made) if made.dtype.kind in "fO" else made
        if not is_float_dtype(dtype):
            return original(values, dtype, *args, **options)
        return with_elements(original(values, object, *args, **options))

    return convert


def eye(original: Maker) -> Maker:
    """Return what replaces ``eye(...)`` and ``identity(...)``, wherever their dtype stands."""

    @wraps(original)
    def make(*args: Any, **options: Any) -> Array:
        if options.get("dtype") is Float:
            options["dtype"] = float
        made = original(*args, **options)
        return with_elements(made) if made.dtype.kind in "fO" else made

    return make


def is_float_dtype(dtype: Any) -> bool:
    """Return whether arrays of this dtype are to hold elements; None is NumPy's float64."""
    return np.dtype(dtype).kind in "fO"


def with_elements(values: Any) -> Array:
    """Return an object array with every number an element; `values` itself if it is one."""
    made = array(values, dtype=object, copy=None)
    if all(type(entry) is Element for entry in made.flat):
        return made
    return each(_lift_number, made)


def _lift_number(entry: Any) -> Any:
    if isinstance(entry, float) and math.isnan(entry):
        return garbage()
    made = lift(entry)
    return entry if made is NotImplemented else made
