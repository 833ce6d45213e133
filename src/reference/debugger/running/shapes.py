"""Shapes and sizes of whatever a program holds, lists of lists of any lengths among it."""

from __future__ import annotations

from typing import Any

import numpy as np

from manual_lstm.checks import Array


def shape_of(value: Any) -> tuple[int, ...]:
    """Return the shape of a value, of which no more than the length is known in a ragged list.

    Examples
    --------
    >>> shape_of([[1, 2], [3, 4]]), shape_of([[1, 2], [3]]), shape_of(None)
    ((2, 2), (2,), ())
    """
    try:
        return np.shape(value)
    except (ValueError, TypeError):  # it is of several lengths, or refuses to become an array
        return (len(value),) if isinstance(value, list | tuple) else ()


def axes_of(value: Any) -> int:
    """Return how many axes a value has.

    Examples
    --------
    >>> axes_of([[1, 2], [3]]), axes_of(2.0)
    (1, 0)
    """
    return len(shape_of(value))


def goes_with(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Return whether arrays of two shapes can be multiplied with each other.

    Examples
    --------
    >>> goes_with((2, 3), (2, 1)), goes_with((2, 3), (2,))
    (True, False)
    """
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        return False
    return True


def array_of(value: Any) -> Array:
    """Return a value as an array; a ragged list is one of its lists.

    Examples
    --------
    >>> array_of([[1, 2], [3]]).shape
    (2,)
    """
    try:
        return np.asarray(value)
    except ValueError:
        made = np.empty(len(value), object)
        made[:] = value
        return made


def entries(value: Any) -> int:
    """Return how many numbers a value holds; lists need not be of one length.

    Examples
    --------
    >>> entries(np.zeros((2, 3))), entries([[1, 2], [3]]), entries("text")
    (6, 3, 1)
    """
    if isinstance(value, list | tuple):
        return sum(map(entries, value))
    return value.size if isinstance(value, np.ndarray) else 1
