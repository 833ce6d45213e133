"""Smaller sizes for arrays that are too large to search on: which sizes hang together, and how.

A gate matrix of a hidden size of 100 has 400 columns, one that takes ``[x, h]`` as many rows as
both have. Nobody says so: it is guessed from the numbers, the likeliest first, and tried by
running.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Any

import numpy as np

from reference.debugger.running.program import Inputs

_SMALL = 6  # a size up to this stays as it is: directions, kernels, gates
_MULTIPLES = (4, 3, 2, 6, 8)


def shape_of(value: Any) -> tuple[int, ...]:
    """Return the shape of an array, or of lists within each other; of others nothing.

    Examples
    --------
    >>> shape_of([[1, 2, 3], [4, 5, 6]]), shape_of(["ann", "bo"])
    ((2, 3), (2,))
    """
    if isinstance(value, np.ndarray):
        return value.shape
    if not isinstance(value, list):
        return ()
    inner = {shape_of(each) for each in value if isinstance(each, list)}
    is_full = len(inner) == 1 and all(isinstance(each, list) for each in value)
    return (len(value), *(inner.pop() if is_full else ()))


def sizes_of(group: Mapping[str, Any]) -> set[int]:
    """Return the sizes of the axes of all arrays of a group."""
    return {size for value in group.values() for size in shape_of(value)}


def smaller_sizes(inputs: Inputs) -> Iterator[dict[int, int]]:
    """Give guesses of what every large size becomes: those with the fewest entries first.

    After these come guesses by which one size stays what it is.

    Examples
    --------
    >>> weights = {"W": np.zeros((60, 400)), "U": np.zeros((100, 400))}
    >>> guesses = smaller_sizes((weights, {"ids": np.zeros(25, int)}))
    >>> {25: 4, 60: 5, 100: 6, 400: 24} in list(guesses)
    True
    """
    of_params, of_inputs = (sizes_of(group) for group in inputs)
    both = of_params | of_inputs
    large = sorted(size for size in both if size > _SMALL)
    ways = [
        (related, unit, sums, step)
        for step, related, unit, sums in product(
            (1, 4), (of_params, both, set()), (0, 4, 3, 2), (True, False)
        )
    ]
    shapes = [shape_of(value) for group in inputs for value in group.values()]

    def entries(sizes: dict[int, int]) -> int:
        return sum(prod(sizes.get(size, size) for size in shape) for shape in shapes)

    seen: list[dict[int, int]] = []
    for kept in ((), *((size,) for size in large)):
        guesses = [_sizes(both, *way, kept) for way in (ways if not kept else ways[:2])]
        for sizes in sorted(guesses, key=entries):
            if sizes not in seen:
                seen.append(sizes)
                yield sizes


def _sizes(
    sizes: set[int], related: set[int], unit: int, sums: bool, step: int, kept: tuple[int, ...]
) -> dict[int, int]:
    """Return the smaller sizes where some are multiples or sums of others.

    Parameters
    ----------
    sizes, related : set of int
        All sizes, and those among which relations are looked for.
    unit : int
        What is no multiple or sum, and can be divided by this, is so many times a size that no
        array has; 0 for none.
    sums : bool
        Whether a size may be the sum of two others.
    step : int
        New sizes are multiples of it.
    kept : tuple of int
        Sizes that stay as they are.
    """
    large = sorted(size for size in sizes if size > _SMALL)
    parts: dict[int, tuple[int, tuple[int, ...], int]] = {}  # times, sizes that are added, and 1s
    units = {size // unit for size in large if unit and size in related and size % unit == 0}
    known = {size for size in related | units if size > 1}
    for size in large:
        if size in kept:
            continue
        times = _times(size, known, unit) if size in related else 0
        pair = _pair(size, known | sizes) if sums and size in related and not times else None
        if times:
            parts[size] = (times, (size // times,), 0)
        elif pair is not None:
            parts[size] = (1, pair, size - sum(pair))
    used = {part for _, added, _ in parts.values() for part in added}
    free = sorted({s for s in (*large, *used) if s not in parts and s > _SMALL})
    taken = {size for size in sizes if size <= _SMALL}
    new: dict[int, int] = {size: size for size in (*range(_SMALL + 1), *kept)}
    at = 3 if len(free) > 3 else 4
    for size in free:
        if size in kept:
            continue
        while at in taken or (step > 1 and at % step):
            at += 1
        new[size] = min(at, size)
        at += 1
    for size in large:
        if size in parts:
            times, added, ones = parts[size]
            new[size] = times * sum(new[part] for part in added) + ones
    return {size: new[size] for size in large if size not in kept}


def near(sizes: Mapping[int, int]) -> dict[int, int]:
    """Return what becomes of a number that is a size, or one or two off.

    Examples
    --------
    >>> near({25: 4})[26], near({25: 4, 26: 9})[26]
    (5, 9)
    """
    return {
        size + off: small + off
        for off in (-2, 2, -1, 1, 0)
        for size, small in sizes.items()
        if size + off > _SMALL and small + off > 0
    }


def _times(size: int, known: set[int], first: int) -> int:
    """Return how many times a known size this one is, or 0."""
    for times in (first, *_MULTIPLES):
        if times and size % times == 0 and size // times in known and size // times > 1:
            return times
    return 0


def _pair(size: int, known: set[int]) -> tuple[int, int] | None:
    """Return two known sizes that make up a size, or all but one of it."""
    for one in (0, 1):
        for first in sorted(known, reverse=True):
            if first < size - one and size - one - first in known:
                return first, size - one - first
    return None
