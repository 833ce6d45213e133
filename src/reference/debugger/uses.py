"""What the loss uses each of its numbers for, and what each use contributes to its derivative.

A backward sums the derivative of a number up over the uses of it: each term of such a sum is what
the loss says of one use. That tells a line with several terms apart, and which term there is not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from manual_lstm.checks import Array

_NOTHING = 1e-9  # of the largest adjoint of an array
_MOST_TERMS = 40  # as many as there are steps, of a weight
_DEEP, _WIDE = 6, 8


@dataclass(frozen=True)
class Whole:
    """An array of the loss, and its adjoint as a sum over its uses.

    Parameters
    ----------
    adjoint : ndarray
    terms : tuple of ndarray
        What each use contributes, in the shape of the whole; zero where it takes other entries.
    results : tuple of tuple of float
        Adjoints of what each use goes into, next or a few operations later, at its largest entry.
    """

    adjoint: Array
    terms: tuple[Array, ...]
    results: tuple[tuple[float, ...], ...]


@dataclass
class Uses:
    """All arrays of a loss, by shape, with their uses.

    Parameters
    ----------
    notes, used : sequence of int
        Of each number that was noted, its own number, and that which it is a use of.
    one : ndarray
        The adjoint of each.
    arrays : iterable of (int, tuple of int)
        Where the notes of each array begin, and its shape.
    parts : sequence of tuple of (int, float)
        What every number is the sum of: others, each times a slope.
    adjoints : ndarray
        Of every number.
    """

    notes: Sequence[int]
    used: Sequence[int]
    one: Array
    arrays: Iterable[tuple[int, tuple[int, ...]]]
    parts: Sequence[tuple[tuple[int, float], ...]]
    adjoints: Array
    _found: dict[tuple[int, ...], list[Whole]] = field(default_factory=dict)

    @cached_property
    def _by_number(self) -> tuple[Array, Array, Array]:
        """All uses by the number that they use: number, place, and which array it stands in."""
        which = np.full(len(self.notes), -1)
        for n, (start, shape) in enumerate(self._arrays):
            which[start : start + math.prod(shape)] = n
        used = np.array(self.used)
        places = np.flatnonzero((used != self.notes) & (which >= 0) & (self.one != 0))
        places = places[np.argsort(used[places], kind="stable")]
        return used[places], places, which[places]

    @cached_property
    def _arrays(self) -> list[tuple[int, tuple[int, ...]]]:
        return list(self.arrays)

    def of_shape(self, shape: tuple[int, ...]) -> list[Whole]:
        """Return the arrays of a shape on which the loss depends."""
        if shape not in self._found:
            starts = [start for start, other in self._arrays if other == shape and shape]
            wholes = (self._whole(start, shape) for start in starts)
            self._found[shape] = [whole for whole in wholes if whole is not None]
        return self._found[shape]

    def _whole(self, start: int, shape: tuple[int, ...]) -> Whole | None:
        own = slice(start, start + math.prod(shape))
        adjoint, flat = self.one[own], np.array(self.notes[own])
        if not np.any(adjoint):
            return None
        numbers, places, arrays = self._by_number
        low, high = np.searchsorted(numbers, flat), np.searchsorted(numbers, flat, "right")
        terms: dict[int, Array] = {}
        ends: dict[int, tuple[float, int]] = {}  # the largest adjoint of a use, and its note
        for entry, (a, b) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
            for k in range(a, b):
                n, place = int(arrays[k]), places[k]
                terms.setdefault(n, np.zeros(len(flat)))[entry] += self.one[place]
                size = abs(float(self.one[place]))
                ends[n] = max(ends.get(n, (0.0, 0)), (size, self.notes[place]))
            if len(terms) > _MOST_TERMS:
                return None
        made = {n: term for n, term in terms.items() if np.any(telling(term, adjoint))}
        results = [self._results(ends[n][1]) for n in made]
        every = list(made.values())
        rest = adjoint - np.sum(every, axis=0) if every else adjoint
        if np.any(telling(rest, adjoint)):  # what it is used for at once, or uses that are not seen
            every.append(rest)
            results.append(self._results(int(flat[np.argmax(np.abs(rest))])))
        return Whole(
            adjoint.reshape(shape), tuple(term.reshape(shape) for term in every), tuple(results)
        )

    def _results(self, note: int) -> tuple[float, ...]:
        """Return the adjoints of what a number goes into, next or a few operations later."""
        found: list[float] = []
        at = [note]
        for _ in range(_DEEP):
            at = [n for k in at for n in self._into.get(k, ())][:_WIDE]
            found += [float(self.adjoints[n]) for n in at]
        return tuple(number for number in dict.fromkeys(found) if number)

    @cached_property
    def _into(self) -> dict[int, list[int]]:
        """Which numbers each is a part of."""
        found: dict[int, list[int]] = {}
        for n, parts in enumerate(self.parts):
            for part, _ in parts:
                found.setdefault(part, []).append(n)
        return found


def telling(term: Array, among: Array) -> Array:
    """Return where an adjoint is something, compared with others."""
    return np.abs(term) > _NOTHING * np.max(np.abs(among), initial=0.0)
