"""The wording of every input error.

``NAME has X, but must be Y, because Z.``

One module owns the sentences, so that every bad input is answered in the same words and the
modules that compute stay free of them. Each function returns quietly or raises.
"""

from __future__ import annotations

import operator
from collections.abc import Collection
from typing import Any, NoReturn

import numpy as np

Array = np.ndarray[Any, Any]

# Kinds of NumPy dtype in which the mathematics runs: floats, complex numbers (the complex-step
# derivative) and Python objects that know arithmetic (exact field elements).
NUMBER_KINDS = "fcO"


def fail(
    name: str,
    has: str,
    must: str,
    because: str,
    *,
    hint: str | None = None,
    error: type[Exception] = ValueError,
) -> NoReturn:
    """Raise ``NAME has X, but must be Y, because Z.`` with an optional hint line.

    Raises
    ------
    Exception
        The type given as `error`, `ValueError` unless told otherwise.
    """
    message = f"{name} has {has}, but must be {must}, because {because}."
    raise error(message if hint is None else f"{message}\nHINT: {hint}")


def positive_int(name: str, value: object) -> int:
    """Return `value` as an int of at least 1."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        fail(
            name,
            f"the value {value!r}",
            "a positive integer",
            "it is a size",
            error=TypeError,
        )
    if isinstance(value, bool) or number < 1:
        fail(name, f"the value {value!r}", "a positive integer", "it is a size")
    return number


def one_of(name: str, value: object, allowed: Collection[str]) -> None:
    """Refuse a `value` that is not among the `allowed` words."""
    if value not in allowed:
        words = " or ".join(repr(word) for word in allowed)
        fail(name, f"the value {value!r}", words, "no other meaning is defined")


def is_array(name: str, value: object) -> Array:
    """Return `value` if it is a NumPy array; lists and scalars are refused, never converted."""
    if not isinstance(value, np.ndarray):
        fail(
            name,
            f"type {type(value).__name__}",
            "a NumPy array",
            "shapes and dtypes are taken as they are, never guessed",
            hint=f"{name} = np.asarray({name}, dtype=...)",
            error=TypeError,
        )
    return value


def has_shape(name: str, array: Array, shape: tuple[int, ...], symbols: str, because: str) -> None:
    """Refuse an array whose shape is not `shape`, which reads `symbols` in letters."""
    if array.shape != shape:
        fail(name, f"shape {array.shape}", f"{symbols} = {shape}", because)


def is_number_dtype(name: str, array: Array) -> None:
    """Refuse integers, booleans, strings and dates where numbers are differentiated."""
    if array.dtype.kind not in NUMBER_KINDS:
        fail(
            name,
            f"dtype {array.dtype}",
            "float64 or float32",
            "it is differentiated",
            hint=f"{name} = {name}.astype(np.float64)" if array.dtype.kind in "iub" else None,
            error=TypeError,
        )


def has_dtype(name: str, array: Array, dtype: np.dtype[Any], because: str) -> None:
    """Refuse an array whose dtype is not `dtype`: precision is never mixed silently."""
    if array.dtype != dtype:
        fail(
            name,
            f"dtype {array.dtype}",
            str(dtype),
            because,
            hint=f"{name} = {name}.astype(np.{dtype})" if dtype.kind in "fc" else None,
            error=TypeError,
        )


def in_range(name: str, array: Array, low: int, high: int, because: str) -> None:
    """Refuse an integer array with an entry outside ``low <= entry <= high``."""
    outside = (array < low) | (array > high)
    if outside.any():
        at = [int(k) for k in np.argwhere(outside)[0]]
        fail(
            name,
            f"the value {array[tuple(at)]} at {at}",
            f"between {low} and {high}",
            because,
        )


def is_finite(name: str, array: Array, because: str) -> None:
    """Refuse NaN and infinity; object arrays (exact elements) are finite by construction."""
    if array.dtype.kind not in "fc":
        return
    bad = ~np.isfinite(array)
    if bad.any():
        at = [int(k) for k in np.argwhere(bad)[0]]
        fail(name, f"the value {array[tuple(at)]} at {at}", "finite", because)
