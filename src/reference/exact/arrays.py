"""Arrays of elements, made from arrays of floats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# The originals, also while others are in their place.
from numpy import asarray, empty_like

from manual_lstm.checks import Array
from reference.exact.field import Element, constant, lift
from reference.exact.formal import Formal


def random_elements(array: Array, memory: Formal) -> Array:
    """Return elements of random value whose shadows are the real numbers in `array`.

    Parameters
    ----------
    array : ndarray of floats, any shape and memory order
    memory : Formal
        The trial that draws.

    Returns
    -------
    ndarray of object
        Same shape and memory order.
    """
    return each(lambda real: Element(memory.draw(), 0, real), array)


def constants(array: Array) -> Array:
    """Return the real numbers in `array` as elements that stand for exactly them."""
    return each(constant, array)


def with_tangents(array: Array, tangents: list[int]) -> Array:
    """Return the elements of `array` with these tangents, in the order of ``array.flat``."""
    remaining = iter(tangents)
    return _fill(array, [Element(x.value, next(remaining), x.shadow) for x in array.flat])


def each(function: Callable[[Any], Any], array: Array) -> Array:
    """Return the object array of `function` of every entry, in the same memory order."""
    return _fill(array, [function(entry) for entry in array.ravel().tolist()])


def elements(values: Any) -> Array:
    """Return anything array-like that a program computed as an array of elements.

    Raises
    ------
    TypeError
        If an entry is not a real number.
    ValueError
        If an entry is NaN.
    """
    return each(_element, asarray(values, dtype=object))


def _element(entry: Any) -> Element:
    made = entry if type(entry) is Element else lift(entry)
    if made is NotImplemented:
        raise TypeError(f"{entry!r} is not a number")
    return made


def _fill(prototype: Array, entries: list[Any]) -> Array:
    made = empty_like(prototype, dtype=object)
    if entries:
        made.flat = entries  # type: ignore[assignment]  # NumPy takes any sequence
    return made
