"""What a line may have had to give, run after run: the courses of the adjoints of the loss.

An expression of the loss has an adjoint each time it runs. A line of the backward that runs as
often is to give them in the same order, or from the last to the first; of an expression that runs
once for all steps, slice after slice.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.running.shapes import shape_of
from reference.debugger.values.adjoints import Adjoints

Course = tuple[Array, ...]
Shapes = tuple[tuple[int, ...], ...]

_MOST_IN_ONE = 8  # runs of an expression for one of a line: layers, gates
_LONGEST = 60
_MOST_USES = 5  # of a number, of which all sums are made


class Courses:
    """The courses of adjoints of a loss, for lines of any number of runs and shapes.

    Parameters
    ----------
    adjoints : Adjoints
    """

    def __init__(self, adjoints: Adjoints) -> None:
        self._adjoints = adjoints
        self._known: dict[tuple[Shapes, int], list[Course]] = {}

    def fitting(self, values: Sequence[Array], calls: int = 1) -> list[Course]:
        """Return the courses, each once, that have the shapes of the values of a line.

        Parameters
        ----------
        values : sequence of ndarray
        calls : int
            How often the function of the line was called: for one sequence after another, or for
            both directions.
        """
        shapes = tuple(shape_of(value) for value in values)
        key = shapes, calls
        if key not in self._known:
            once: dict[bytes, Course] = {}
            for course in self._all(shapes, calls) if 0 < len(shapes) <= _LONGEST else ():
                if any(np.any(array) for array in course):
                    once.setdefault(_key(course), course)
            self._known[key] = list(once.values())
        return self._known[key]

    @cached_property
    def _bases(self) -> list[list[Array]]:
        courses = (c for c in (*self._adjoints.courses, *self.sums) if c and _are_finite(c))
        return list({_key(course): course for course in courses}.values())

    @cached_property
    def sums(self) -> list[list[Array]]:
        """The sums over some of the uses of the same numbers: what a line gathers of them."""
        uses: dict[bytes, dict[bytes, list[Array]]] = {}
        for one, whole, _ in zip(*[iter(self._adjoints.courses)] * 3, strict=True):
            if any(np.any(array) for array in one):
                uses.setdefault(_key(whole), {}).setdefault(_key(one), one)
        found = []
        for group in uses.values():
            several = list(group.values())
            sizes = range(2, len(several) + 1) if len(several) <= _MOST_USES else ()
            for some in itertools.chain.from_iterable(
                itertools.combinations(several, n) for n in sizes
            ):
                found.append([np.sum(arrays, axis=0) for arrays in zip(*some, strict=True)])
        return found

    def _all(self, shapes: Shapes, calls: int) -> Iterator[Course]:
        sizes = [int(np.prod(shape)) for shape in shapes]
        for base in self._bases:
            for course in _of_length(base, len(shapes), calls):
                if [array.size for array in course] == sizes:
                    made = [_shaped(a, shape) for a, shape in zip(course, shapes, strict=True)]
                    found = tuple(array for array in made if array is not None)
                    if len(found) == len(made):
                        yield found


def alike(value: Array, other: Array) -> float:
    """Return how alike two arrays are: the cosine of the angle between them, without its sign.

    Examples
    --------
    >>> alike(np.array([1.0, 2.0]), np.array([-2.0, -4.0]))
    1.0
    >>> alike(np.array([1e200, 1.0]), np.array([1e200, 1.0]))  # too large to be compared
    0.0
    """
    one, two = np.ravel(value), np.ravel(other)
    if one.shape != two.shape:
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):  # of wrong values, too large to be squared
        size = float(np.linalg.norm(one) * np.linalg.norm(two))
        cosine = abs(float(one @ two)) / size if size else 0.0
    return round(cosine, 9) if np.isfinite(cosine) else 0.0


def _key(course: Sequence[Array]) -> bytes:
    flat = np.concatenate([np.ravel(array) for array in course])
    size = float(np.max(np.abs(flat), initial=0.0)) or 1.0
    shapes = str([array.shape for array in course]).encode()
    return np.round(flat / size, 9).tobytes() + f"{size:.9g}".encode() + shapes


def _are_finite(course: Sequence[Array]) -> bool:
    return all(bool(np.all(np.isfinite(array))) for array in course)


def _of_length(base: list[Array], length: int, calls: int) -> Iterator[Sequence[Array]]:
    """Give the courses of a length that the runs of an expression make, in both directions.

    If a function is called several times, in the order of its calls, too.
    """
    for course in _forwards(base, length):
        yield course
        if length > 1:
            yield course[::-1]
        if calls > 1 and length % calls == 0 and length > calls:
            each = length // calls
            yield [a for n in range(0, length, each) for a in course[n : n + each][::-1]]


def _forwards(base: list[Array], length: int) -> Iterator[Sequence[Array]]:
    count = len(base)
    if count == length:
        yield base
    elif count == length + 1:
        yield base[1:]
        yield base[:-1]
    elif count > length > 1 and count % length == 0 and count // length <= _MOST_IN_ONE:
        several = count // length
        for k in range(several):
            yield base[k::several]
            yield base[k * length : (k + 1) * length]
    if count == 1 == length and base[0].ndim > 1:
        yield [base[0][::-1]]  # steps in the other order
    if count == 1 and length > 1:
        for axis in range(min(2, base[0].ndim)):
            slices = [part.take(0, axis) for part in np.split(base[0], base[0].shape[axis], axis)]
            if len(slices) in (length, length + 1):
                yield from _forwards(slices, length)
    if length == 1 and count > 1 and len({array.shape for array in base}) == 1:
        for some in (base, base[1:], base[:-1]):
            for axis in range(min(2, base[0].ndim + 1)):
                yield [np.stack(some, axis)]
                yield [np.stack(some[::-1], axis)]


def _shaped(array: Array, shape: tuple[int, ...]) -> Array | None:
    """Return an array in a shape that has the same sizes, or these the other way round."""
    sizes, others = ([n for n in s if n > 1] for s in (array.shape, shape))
    if sizes == others:
        return array.reshape(shape)
    if sizes == others[::-1] and len(sizes) == 2:
        return array.reshape(sizes).T.reshape(shape)
    return None
