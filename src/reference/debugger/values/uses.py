"""The uses of each array of a loss: its adjoint is the sum of theirs, one path back for each.

A backward adds them up, often line by line: what has only some of them is no wrong number, but one
that lacks a path.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from manual_lstm.checks import Array

Block = tuple[int, tuple[int, ...]]  # where the numbers of an array begin, and its shape

_MOST = 7  # uses, of which all sums are made
_SUMMED = 5  # uses, of which all sums are known
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
        for count in range(1, len(self.uses)) if len(self.uses) <= _SUMMED else ():
            for some in itertools.combinations(self.uses, count):
                yield np.sum(some, axis=0)

    def lacking(self, value: Array) -> tuple[Array, ...]:
        """Return the uses that a sum of the others lacks; none where it is no such sum."""
        size = float(np.max(np.abs(self.whole)))
        for count in range(1, len(self.uses)):
            for some in itertools.combinations(range(len(self.uses)), count):
                made = self.whole - np.sum([self.uses[k] for k in some], axis=0)
                if np.allclose(made, value, rtol=_NEAR, atol=_NEAR * size):
                    return tuple(self.uses[k] for k in some)
        return ()


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
    uses: dict[tuple[int, int, int], list[slice]] = {}  # by the first number, the last, how many
    shapes: dict[tuple[int, int, int], tuple[int, ...]] = {}
    for at, shape in blocks:
        size = math.prod(shape)
        if shape and size:
            key = int(used[at]), int(used[at + size - 1]), size
            if shapes.setdefault(key, shape) == shape and used[at] != notes[at]:
                uses.setdefault(key, []).append(slice(at, at + size))

    def leaves(span: slice) -> Iterator[Array]:
        """Give what a use adds: by uses of its own, as those in a function that is called."""
        mine = adjoints[notes[span]]
        inner = uses.get((int(notes[span.start]), int(notes[span.stop - 1]), len(mine)), [])
        for one in inner:
            yield from leaves(one)
            mine = mine - adjoints[notes[one]]
        if not inner or np.any(np.abs(mine) > _NEAR * np.max(np.abs(adjoints[notes[span]]))):
            yield mine

    found = []
    for key, spans in uses.items():
        shape = shapes[key]
        whole = adjoints[used[spans[0]]]
        parts = [part.reshape(shape) for span in spans for part in leaves(span) if np.any(part)]
        rest = whole - np.sum([part.ravel() for part in parts], axis=0) if parts else whole
        if np.any(np.abs(rest) > _NEAR * np.max(np.abs(whole), initial=0.0)):
            parts.append(rest.reshape(shape))  # uses that nothing noted
        if 1 < len(parts) <= _MOST:
            found.append(Shared(whole.reshape(shape), tuple(parts)))
    return found
