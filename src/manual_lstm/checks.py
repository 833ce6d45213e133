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

# What a newcomer passes in place of an array, and np.asarray would make one of.
CONVERTIBLE = (list, tuple, int, float, complex)

# What makes an object array by accident, and cannot stand in for an exact number.
NOT_EXACT = (float, complex, str, bytes, list, tuple, dict, np.ndarray, type(None))


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


def positive_int(name: str, value: Any) -> int:
    """Return `value` as an int of at least 1."""
    return _size(name, value, 1, "a positive integer")


def segment_size(name: str, value: Any) -> None:
    """Refuse anything but a positive number of steps and the word "auto"."""
    if not (isinstance(value, str) and value == "auto"):
        _size(name, value, 1, "a positive integer, 'auto' or None")


def batch_size(name: str, value: Any) -> int:
    """Return `value` as an int of at least 0: a batch may be empty."""
    return _size(name, value, 0, "an integer of at least 0")


def _size(name: str, value: Any, low: int, must: str) -> int:
    """Return `value` as an int; True and 3.0 are no sizes."""
    try:
        number = None if isinstance(value, bool | np.bool_) else operator.index(value)
    except TypeError:
        number = None
    if number is None:
        fail(name, f"the value {value!r}", must, "it is a size", error=TypeError)
    if number < low:
        fail(name, f"the value {value!r}", must, "it is a size")
    return number


def is_real(name: str, value: Any, *, positive: bool = False) -> None:
    """Refuse what is no finite real number; with `positive`, what is not above 0 as well."""
    must = "a number above 0" if positive else "a finite number"
    because = "it is a constant of the formula"
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        fail(name, f"the value {value!r}", must, because, error=TypeError)
    if not np.isfinite(value) or (positive and value <= 0):
        fail(name, f"the value {value!r}", must, because)


def is_bool(name: str, value: object) -> None:
    """Refuse anything but True and False: every other value has a truth that may surprise."""
    if not isinstance(value, bool | np.bool_):
        fail(name, f"the value {value!r}", "True or False", "it is a switch", error=TypeError)


def one_of(name: str, value: object, allowed: Collection[str]) -> None:
    """Refuse a `value` that is not among the `allowed` words."""
    if not isinstance(value, str) or value not in allowed:
        words = " or ".join(repr(word) for word in allowed)
        fail(name, f"the value {value!r}", words, "no other meaning is defined")


def is_array(name: str, value: object) -> Array:
    """Return `value` if it is a NumPy array; lists and scalars are refused, never converted."""
    if type(value) is np.ndarray:  # asked first: it is nearly always so
        return value
    if not isinstance(value, np.ndarray):
        fail(
            name,
            f"type {type(value).__name__}",
            "a NumPy array",
            "shapes and dtypes are taken as they are, never guessed",
            hint=f"pass np.asarray({name}, dtype=...)" if type(value) in CONVERTIBLE else None,
            error=TypeError,
        )
    if isinstance(value, np.matrix | np.ma.MaskedArray):
        fail(
            name,
            f"type {type(value).__name__}",
            "a plain NumPy array",
            "its operators mean something else",
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
            hint=f"pass {name}.astype(np.float64)" if array.dtype.kind in "iub" else None,
            error=TypeError,
        )
    if array.dtype.kind == "O":
        _are_exact(name, array)


def _are_exact(name: str, array: Array) -> None:
    """Refuse an object array that holds anything but numbers that know exp and tanh."""
    for entry in array.flat:
        if isinstance(entry, NOT_EXACT):
            fail(
                name,
                f"dtype object with an entry of type {type(entry).__name__}",
                "float64 or float32",
                "an object array is for exact numbers that know their own exp and tanh",
                hint=f"pass {name}.astype(np.float64)" if isinstance(entry, float) else None,
                error=TypeError,
            )


def is_float_dtype(name: str, dtype: Any) -> None:
    """Refuse a dtype in which weights cannot be drawn."""
    try:
        kind = np.dtype(dtype).kind
    except TypeError:
        kind = "not a dtype"
    if kind not in NUMBER_KINDS:
        value = f"the value {dtype!r}"
        fail(name, value, "float64 or float32", "weights are differentiated", error=TypeError)


def is_generator(name: str, value: object) -> None:
    """Refuse a seed, or nothing, where a source of random numbers is needed."""
    if not hasattr(value, "uniform"):
        fail(
            name,
            f"the value {value!r}",
            "a numpy.random.Generator",
            "the weights are drawn from it",
            hint="pass np.random.default_rng(0)",
            error=TypeError,
        )


def is_scalar(name: str, value: Any, because: str) -> None:
    """Refuse anything that has a shape or is no number."""
    if np.ndim(value) != 0:
        fail(name, f"shape {np.shape(value)}", "a scalar", because)
    if isinstance(value, str | bytes | None):
        fail(name, f"the value {value!r}", "a number", because, error=TypeError)


def has_dtype(name: str, array: Array, dtype: np.dtype[Any], because: str) -> None:
    """Refuse an array whose dtype is not `dtype`: precision is never mixed silently."""
    if array.dtype != dtype:
        fail(
            name,
            f"dtype {array.dtype}",
            str(dtype),
            because,
            hint=f"pass {name}.astype(np.{dtype})" if dtype.kind in "fc" else None,
            error=TypeError,
        )


def is_index_array(name: str, value: object, because: str) -> Array:
    """Return `value` if it is an array of integers; booleans are none."""
    array = is_array(name, value)
    if array.dtype.kind not in "iu":
        fail(name, f"dtype {array.dtype}", "an array of integers", because, error=TypeError)
    return array


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
