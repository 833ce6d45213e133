"""Smaller sizes for arrays that are too large to search on: which sizes hang together, and how.

A gate matrix of a hidden size of 100 has 400 columns, one that takes ``[x, h]`` as many rows as
both have. Nobody says so: it is guessed from the numbers, the likeliest first, and tried by
running.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

from reference.debugger.running.program import Inputs

_SMALL = 6  # a size up to this stays as it is: directions, kernels, gates
_MULTIPLES = (4, 3, 2, 6, 8)


def shapes_of(group: Mapping[str, Any]) -> set[int]:
    """Return the sizes of the axes of all arrays of a group."""
    return {
        size for value in group.values() if isinstance(value, np.ndarray) for size in value.shape
    }


def smaller_sizes(inputs: Inputs) -> Iterator[dict[int, int]]:
    """Give guesses of what every large size becomes, the likeliest first.

    Examples
    --------
    >>> weights = {"W": np.zeros((60, 400)), "U": np.zeros((100, 400))}
    >>> next(smaller_sizes((weights, {"ids": np.zeros(25, int)})))
    {25: 4, 60: 5, 100: 7, 400: 28}
    """
    of_params, of_inputs = (shapes_of(group) for group in inputs)
    both = of_params | of_inputs
    seen: list[dict[int, int]] = []
    for step, related, unit, sums in product(
        (1, 4), (of_params, both, set()), (0, 4, 3, 2), (True, False)
    ):
        sizes = _sizes(both, related, unit, step, sums)
        if sizes not in seen:
            seen.append(sizes)
            yield sizes


def _sizes(sizes: set[int], related: set[int], unit: int, step: int, sums: bool) -> dict[int, int]:
    """Return the smaller sizes where some are multiples or sums of others.

    Parameters
    ----------
    sizes, related : set of int
        All sizes, and those among which relations are looked for.
    unit : int
        What is no multiple or sum, and can be divided by this, is so many times a size that no
        array has; 0 for none.
    step : int
        New sizes are multiples of it.
    sums : bool
        Whether a size may be the sum of two others.
    """
    large = sorted(size for size in sizes if size > _SMALL)
    parts: dict[int, tuple[int, tuple[int, ...], int]] = {}  # times, sizes that are added, and 1s
    units = {size // unit for size in large if unit and size in related and size % unit == 0}
    known = {size for size in related | units if size > 1}
    for size in large:
        times = _times(size, known, unit) if size in related else 0
        pair = _pair(size, known | sizes) if sums and size in related and not times else None
        if times:
            parts[size] = (times, (size // times,), 0)
        elif pair is not None:
            parts[size] = (1, pair, size - sum(pair))
    used = {part for _, added, _ in parts.values() for part in added}
    free = sorted({s for s in (*large, *used) if s not in parts and s > _SMALL})
    taken = {size for size in sizes if size <= _SMALL}
    new: dict[int, int] = {size: size for size in range(_SMALL + 1)}
    at = 3 if len(free) > 3 else 4
    for size in free:
        while at in taken or (step > 1 and at % step):
            at += 1
        new[size] = min(at, size)
        at += 1
    for size in large:
        if size in parts:
            times, added, ones = parts[size]
            new[size] = times * sum(new[part] for part in added) + ones
    return {size: new[size] for size in large}


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
