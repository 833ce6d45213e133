"""Smaller sizes for arrays that are too large to search on: which sizes hang together, and how.

A gate matrix of a hidden size of 100 has 400 columns, one that takes ``[x, h]`` as many rows as
both have. Nobody says so: it is guessed from the numbers, the likeliest first, and tried by
running.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from math import inf, prod
from types import MappingProxyType
from typing import Any

from reference.debugger.running.program import Inputs
from reference.debugger.running.shapes import shape_of

_SMALL = 6  # a size up to this stays as it is: directions, kernels, gates
_MULTIPLES = (2, 3, 4, 6, 8)
_SHIFTS = 6  # of new sizes, until no two are the same
_MOST_TRIED = 400  # of new sizes, for the same
_PARTS = (4, 3, 2)  # gates in a size of which no array has one
Sum = tuple[int, tuple[int, ...], int]
"""A size as so many times the sum of others, and a number."""
Way = tuple[Sum | None, ...]
"""What each size is made of; None for nothing else."""
KEPT: Sum = (0, (), 0)
"""A size that stays what it is."""


def sizes_of(group: Mapping[str, Any]) -> set[int]:
    """Return the sizes of the axes of all arrays of a group."""
    return {size for value in group.values() for size in shape_of(value)}


def _held(params: Mapping[str, Any]) -> dict[int, int]:
    """Return how many entries the arrays have that have an axis of a size."""
    found: dict[int, int] = {}
    for shape in map(shape_of, params.values()):
        for size in set(shape):
            found[size] = found.get(size, 0) + prod(shape)
    return found


def smaller_sizes(
    inputs: Inputs, reached: Callable[[dict[int, int]], float], larger: bool = False
) -> Iterator[dict[int, int]]:
    """Give guesses of what every large size becomes, of those at which the program runs.

    It begins with sizes that have nothing in common, and goes on with what makes the program
    come farther than before: one size is made of others, or stays what it is.

    Parameters
    ----------
    inputs : (params, inputs)
    reached : callable
        How far the program comes with such sizes; infinity where it comes to its end.
    larger : bool
        Whether they are to be others, and no smaller ones, the small ones too.

    Examples
    --------
    >>> import numpy as np
    >>> weights = {"W": np.zeros((60, 400)), "U": np.zeros((100, 400))}
    >>> def reached(sizes):
    ...     return np.inf if sizes.get(400) == 4 * sizes.get(100, 0) else 0.0
    >>> next(smaller_sizes((weights, {"ids": np.zeros(25, int)}), reached))
    {25: 4, 60: 7, 100: 5, 400: 20}
    """
    of_params, of_inputs = (sizes_of(group) for group in inputs)
    both = of_params | of_inputs
    least = 1 if larger else _SMALL
    large = sorted(size for size in both if size > least)
    options = [
        [*(_options(size, both, least) if size in of_params else [None]), KEPT] for size in large
    ]

    # The second in the order of the sizes as they are, which may count.
    most = _held(inputs[0])
    for step, held in ((1, {}),) if larger else ((1, most), (1, {}), (4, {})):
        far: dict[Way, float] = {}
        made = partial(_sizes, large, of_params, of_inputs, larger=larger, held=held)

        def asked(
            way: Way, step: int = step, far: dict[Way, float] = far, made: Any = made
        ) -> float:
            if way not in far:
                # What hangs together by chance at some sizes doesn't at others.
                tried = [made(way, by) for by in ((step, 3) if larger else (step,))]
                far[way] = min(-1.0 if sizes is None else reached(sizes) for sizes in tried)
            return far[way]

        best = -1.0
        trail: list[Iterator[Way]] = [iter([(None,) * len(large)])]
        while trail:
            way = next((way for way in trail[-1] if way not in far), None)
            if way is None:
                trail.pop()  # what came this far is given up: others came as far before
            elif asked(way) == inf:
                for k in range(len(large)):  # what was guessed on the way may not be needed
                    free = (*way[:k], None, *way[k + 1 :])
                    guessed = way[k] == KEPT or (way[k] is not None and large[k] in of_params)
                    way = free if guessed and asked(free) == inf else way
                sizes = made(way, step)
                if sizes is not None:
                    yield sizes
                trail.append(_in_chunks(way, large, of_inputs - of_params))
            elif best < far[way]:
                best = far[way]
                trail.append(_around(way, options, both))


def _around(way: Way, options: list[list[Sum | None]], own: set[int]) -> Iterator[Way]:
    """Give the ways in which one size is made of something else, or two; at last, one that stays.

    Of what is none of the arrays' own sizes two are made at once: it is of no use to one alone.
    Nor are the rows of a gate matrix that takes ``[x, h]`` without its columns.
    """
    others = [
        (k, other)
        for k, of in enumerate(options)
        for other in of
        if other != way[k] and other != KEPT
    ]
    for k, other in others:
        changed = (*way[:k], other, *way[k + 1 :])
        yield changed
        unknown = set() if other is None else set(other[1]) - own
        together = changed
        for j, one in others:
            if j != k and one is not None and unknown & set(one[1]):
                yield (*changed[:j], one, *changed[j + 1 :])
                if together[j] == way[j]:
                    together = (*together[:j], one, *together[j + 1 :])
        yield together
    for k, other in others:
        for j, one in others:
            if j > k and other is not None and one is not None:
                yield (*way[:k], other, *way[k + 1 : j], one, *way[j + 1 :])
    for k in range(len(way)):
        if way[k] != KEPT:
            yield (*way[:k], KEPT, *way[k + 1 :])


def _in_chunks(way: Way, large: list[int], of_inputs: set[int]) -> Iterator[Way]:
    """Give the ways in which a sequence is one of chunks, of a length that the program keeps."""
    for k, size in enumerate(large):
        for count in _MULTIPLES if size in of_inputs and way[k] is None else ():
            if size % count == 0 and size // count > _SMALL:
                yield (*way[:k], (count, (size // count,), 0), *way[k + 1 :])


def _options(size: int, sizes: set[int], least: int) -> list[Sum | None]:
    """Return what a size may be made of; None for nothing else."""
    others = sorted((s for s in sizes if 1 < s < size), reverse=True)
    found: list[Sum | None] = [None]
    found += [(1, (size - 1,), 1)] if size - 1 in others else []  # with a bias
    found += [(k, (size // k,), 0) for k in _MULTIPLES if size % k == 0 and size // k in others]
    parts = [size // k for k in _PARTS if size % k == 0 and size // k > least]
    found += [(size // part, (part,), 0) for part in parts if part not in others]
    found += [
        (1, (first, size - one - first), one)
        for one in (0, 1)
        for first in others
        if size - one - first in others and size - one - first <= first
    ]
    # With the units in a size of which no array has one: [1, x, h] before four gates.
    units = {s // k for s in sizes for k in _PARTS if s % k == 0} - sizes
    found += [(1, (size - 1,), 1)] if size - 1 in units and size > 2 else []
    found += [
        (1, (first, unit), one)
        for one in (0, 1)
        for first in others
        if (unit := size - one - first) in units and unit > 1
    ]
    return found


def _sizes(
    large: list[int],
    of_params: set[int],
    of_inputs: set[int],
    way: Way,
    step: int,
    larger: bool = False,
    held: Mapping[int, int] = MappingProxyType({}),
) -> dict[int, int] | None:
    """Return the smaller sizes where some are made of others, or None where two become one.

    Parameters
    ----------
    large : list of int
        Those that are to be smaller.
    of_params, of_inputs : set of int
        All sizes.
    way : tuple
        What each of the large ones is made of.
    step : int
        New sizes are multiples of it.
    larger : bool
        Whether they may be larger than those that they replace.
    held : mapping, optional
        How many entries the parameters of a size have: what most hangs on becomes the smallest.
    """
    of = dict(zip(large, way, strict=True))
    made = {size: one for size, one in of.items() if one not in (None, KEPT)}
    used = {part for _, parts, _ in made.values() for part in parts}
    kept = {size for size in large if of[size] == KEPT}
    least = 1 if larger else _SMALL
    free = sorted(s for s in {*large, *used} if s not in made and s > least and s not in kept)
    if not larger:  # sequences and batches become shortest: every step costs
        on = {s: held.get(s, 0) + sum(held.get(m, 0) for m, of in made.items() if of and s in of[1])
              for s in free}  # fmt: skip
        free.sort(key=lambda size: (size in of_params, -on[size]))
    taken = {size for size in of_params | of_inputs if size <= _SMALL}
    first = 3 if len(free) > 3 else 4
    fixed = {size: size for size in (*range(least + 1), *kept)}

    def completed(new: dict[int, int]) -> dict[int, int] | None:
        """Return all sizes, if no two become one: those could be taken for each other."""
        for size in large:  # the smaller ones first: of them the others are made
            if size in made:
                times, parts, more = made[size]
                new[size] = times * sum(new[part] for part in parts) + more
        smaller = {size: new[size] for size in sorted({*large, *used}) if size not in kept}
        return smaller if smaller and len({*smaller.values()}) == len(smaller) else None

    if larger:
        for at in range(first, first + _SHIFTS):
            new = dict(fixed)
            for k, size in enumerate(free):
                while at in taken or at % step:
                    at += 1
                new[size] = at
                # Not one more here and one more there, as before.
                at += (2 if size in of_params else 1) + 2 + k
            if (found := completed(new)) is not None:
                return found
        return None
    tried = itertools.islice(_assigned(free, first, step, taken, of_params), _MOST_TRIED)
    return next((found for new in tried if (found := completed(fixed | new)) is not None), None)


def _assigned(
    free: list[int], first: int, step: int, taken: set[int], of_params: set[int]
) -> Iterator[dict[int, int]]:
    """Give different small numbers for some sizes: the first of them stay smallest.

    Of parameters no two are neighbours: where one is another and 1, what is cut from it is spread
    over all by broadcasting.

    Examples
    --------
    >>> list(itertools.islice(_assigned([25, 60, 100], 3, 1, {4}, {60, 100}), 3))
    [{25: 3, 60: 5, 100: 7}, {25: 3, 60: 5, 100: 8}, {25: 3, 60: 5, 100: 9}]
    """
    if not free:
        yield {}
        return
    *before, size = free
    for new in _assigned(before, first, step, taken, of_params):
        apart = {v for one, v in new.items() if one in of_params and size in of_params}
        ends = first + step * (_SHIFTS + 2 * len(free))
        for at in (n for n in range(first, ends) if n % step == 0 and n not in taken):
            if at not in new.values() and apart.isdisjoint({at - 1, at + 1}):
                yield {**new, size: min(at, size)}


def near(sizes: Mapping[int, int]) -> list[dict[int, int]]:
    """Return what becomes of numbers that are sizes, or one or two off: in two ways, if need be.

    Examples
    --------
    >>> near({25: 4})[0][26], near({25: 4, 26: 9})[0][26]
    (5, 9)
    >>> [around[60] for around in near({59: 4, 61: 7})]
    [6, 5]
    """
    ways = [
        {
            size + off: small + off
            for off in offs
            for size, small in sizes.items()
            if size + off > _SMALL and small + off > 0
        }
        for offs in ((2, -2, 1, -1, 0), (-2, 2, -1, 1, 0))
    ]
    return ways if ways[0] != ways[1] else ways[:1]
