"""The uses of each array of a loss: its adjoint is the sum of theirs, one path back for each.

A backward adds them up, often line by line: what has only some of them is no wrong number, but one
that lacks a path.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from manual_lstm.checks import Array

Block = tuple[int, tuple[int, ...]]  # where the numbers of an array begin, and its shape

_MOST = 7  # uses, of which all sums are made
_SUMMED, _FEW = 5, 2  # uses, of which all sums are known; of more those of few, or all but few
_NEAR = 1e-7


@dataclass(frozen=True)
class Shared:
    """An array of the loss that is used more than once.

    Parameters
    ----------
    whole : ndarray
        Its adjoint.
    uses : tuple of ndarray
        What each use adds to it.
    """

    whole: Array
    uses: tuple[Array, ...]

    def times(self, factor: float) -> Shared:
        """Return the same for a multiple of the loss."""
        return replace(self, whole=self.whole * factor, uses=tuple(u * factor for u in self.uses))

    def sums(self) -> Iterator[Array]:
        """Give what some of the uses add up to: a backward may hold any of these sums."""
        several = len(self.uses)
        for count in range(1, several):
            if several > _SUMMED and _FEW < count < several - _FEW:
                continue
            for some in itertools.combinations(self.uses, count):
                yield np.sum(some, axis=0)

    def lacking(self, value: Array) -> tuple[Array, ...]:
        """Return the uses that a sum of the others lacks; none where it is no such sum."""
        size = float(np.max(np.abs(self.whole)))
        choices = _choices(len(self.uses))
        at = int(np.argmax(np.abs(value)))  # most choices differ in one entry already
        of_one = np.array([use.flat[at] for use in self.uses])
        off = self.whole.flat[at] - choices @ of_one - value.flat[at]
        for choice in choices[np.abs(off) <= _NEAR * (size + abs(value.flat[at]))]:
            some = tuple(use for use, taken in zip(self.uses, choice, strict=True) if taken)
            made = self.whole - np.sum(some, axis=0)
            if np.allclose(made, value, rtol=_NEAR, atol=_NEAR * size):
                return some
        return ()


@lru_cache
def _choices(count: int) -> Array:
    """Return all choices of some of so many, not all, as rows of zeros and ones; first of few."""
    rows = [
        [float(k in some) for k in range(count)]
        for size in range(1, count)
        for some in itertools.combinations(range(count), size)
    ]
    return np.array(rows)


def shared(blocks: Iterable[Block], used: Array, notes: Array, adjoints: Array) -> list[Shared]:
    """Return the arrays that are used more than once.

    Parameters
    ----------
    blocks : iterable of (int, tuple of int)
        The arrays that were noted, by where in the two next their numbers begin.
    used, notes : ndarray of int
        Which number each is a use of, and which number it is then.
    adjoints : ndarray
        Of all numbers.
    """
    blocks = [(at, shape) for at, shape in blocks if shape and math.prod(shape)]
    readers = _Readers(blocks, used, notes)
    spans: dict[tuple[int, int, int], list[slice]] = {}  # by the first number, the last, how many
    shapes: dict[tuple[int, int, int], tuple[int, ...]] = {}
    for at, shape in blocks:
        size = math.prod(shape)
        key = int(used[at]), int(used[at + size - 1]), size
        if shapes.setdefault(key, shape) == shape and used[at] != notes[at]:
            spans.setdefault(key, []).append(slice(at, at + size))

    def leaves(numbers: Array) -> Iterator[Array]:
        """Give what a use adds: by uses of its own, as those in a function that is called."""
        mine = whole = adjoints[numbers]
        inner = readers.of(numbers)
        for one in inner:
            yield from leaves(one)
            mine = mine - adjoints[one]
        if not inner or np.any(np.abs(mine) > _NEAR * np.max(np.abs(whole))):
            yield mine

    found = []
    for key, several in spans.items():
        shape = shapes[key]
        whole = adjoints[used[several[0]]]
        parts = [p.reshape(shape) for span in several for p in leaves(notes[span]) if np.any(p)]
        if len(parts) > _MOST:  # those of what it is joined into as one
            parts = [adjoints[notes[span]].reshape(shape) for span in several]
        rest = whole - np.sum([part.ravel() for part in parts], axis=0) if parts else whole
        if np.any(np.abs(rest) > _NEAR * np.max(np.abs(whole), initial=0.0)):
            parts.append(rest.reshape(shape))  # uses that nothing noted
        if 1 < len(parts) <= _MOST:
            found.append(Shared(whole.reshape(shape), tuple(parts)))
    return found


class _Readers:
    """Which arrays hold all of some numbers: as they are, transposed, or joined with others."""

    def __init__(self, blocks: Iterable[Block], used: Array, notes: Array) -> None:
        self.used, self.notes = used, notes
        self.spans = sorted((at, at + math.prod(shape)) for at, shape in blocks)
        self.starts = np.array([first for first, _ in self.spans], int)
        self.order = np.argsort(used, kind="stable")
        self.sorted = used[self.order]
        self.inner: dict[int, tuple[Array, Array]] = {}  # of an array its numbers, and in order

    def of(self, numbers: Array) -> list[Array]:
        """Return what the numbers are, in the same order, in each array that holds them all."""
        first = np.searchsorted(self.sorted, numbers[0])
        last = np.searchsorted(self.sorted, numbers[0], side="right")
        found = {}
        for at in self.order[first:last]:
            block = int(np.searchsorted(self.starts, at, "right")) - 1
            if block < 0 or at >= self.spans[block][1] or self.notes[at] == self.used[at]:
                continue  # of no array, or the numbers themselves
            where = self._positions(block, numbers)
            if where is not None:
                found[block] = self.notes[where]
        return list(found.values())

    def _positions(self, block: int, numbers: Array) -> Array | None:
        first, last = self.spans[block]
        if last - first < len(numbers):
            return None
        if block not in self.inner:
            order = np.argsort(self.used[first:last], kind="stable")
            self.inner[block] = first + order, self.used[first:last][order]
        order, held = self.inner[block]
        at = np.minimum(np.searchsorted(held, numbers), len(held) - 1)
        return order[at] if np.array_equal(held[at], numbers) else None
