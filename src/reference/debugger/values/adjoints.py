"""What a backward is to compute: the derivative of the loss by every value that the loss makes.

The loss runs once on numbers that note what they are made of, with every expression of the user's
watched; one sweep back over the notes gives the adjoint of each. A number that a backward computes
and that is one of these adjoints is right, whatever its name, whatever array it stands in, and
however many faults there are elsewhere: that tells progress where no gradient is right yet.
"""

from __future__ import annotations

import bisect
import copy
import math
import time
from collections.abc import Iterable
from functools import cached_property
from typing import Any, cast

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.running.dual import Dual, duals
from reference.debugger.running.other_numbers import InOtherNumbers
from reference.debugger.running.program import Inputs, Program, copied
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.tangents import dual_numpy
from reference.debugger.running.timebox import TimeUp
from reference.debugger.running.watching import Watched
from reference.debugger.values.uses import Shared, shared

_MOST_NOTES = 1_200_000  # of some 200 bytes each
_NEAR = 1e-8
_PLAIN = (float, int, np.float64)
_NOTHING = 1e-11  # of the largest adjoint: what is so small is nothing


class Note:
    """A number of which the loss is a function: the sum of others, each times a slope.

    It takes the place of the tangent of a `Dual`, whose arithmetic is linear in it.
    """

    __slots__ = ("at", "tape")
    __array_ufunc__ = None  # floats of NumPy leave the product to us

    def __init__(self, tape: _Tape, parts: tuple[tuple[int, float], ...] = ()) -> None:
        self.tape, self.at = tape, len(tape.parts)
        tape.parts.append(parts)
        if self.at > _MOST_NOTES:
            raise MemoryError("the loss makes too many numbers")

    def __mul__(self, slope: float) -> Note:
        return Note(self.tape, ((self.at, float(slope)),))

    __rmul__ = __mul__

    def __add__(self, other: Note) -> Note:
        return Note(self.tape, ((self.at, 1.0), (other.at, 1.0)))

    def __sub__(self, other: Note) -> Note:
        return Note(self.tape, ((self.at, 1.0), (other.at, -1.0)))

    def __neg__(self) -> Note:
        return Note(self.tape, ((self.at, -1.0),))


class _Tape:
    """The notes in the order in which they were made."""

    def __init__(self) -> None:
        self.parts: list[tuple[tuple[int, float], ...]] = []

    def adjoints(self, end: Note) -> Array:
        """Return the derivative of the last number with respect to each."""
        found = [0.0] * len(self.parts)
        found[end.at] = 1.0
        for at in range(end.at, -1, -1):
            adjoint = found[at]
            if adjoint:
                for part, slope in self.parts[at]:
                    found[part] += adjoint * slope
        return np.array(found)

    def divisors(self, end: Note) -> tuple[float, ...]:
        """Return what the last number is one part of, as long as it is made of one number alone."""
        at, slope, found = end.at, 1.0, []
        while len(self.parts[at]) == 1:
            ((at, part),) = self.parts[at]
            slope *= part
            if slope and abs(abs(slope) - 1) > _NEAR and not any(
                abs(abs(slope * other) - 1) <= _NEAR for other in found
            ):  # fmt: skip
                found.append(abs(1 / slope))
        return tuple(found)


class Adjoints:
    """All adjoints of a loss at some inputs, as a set of numbers to look others up in.

    Parameters
    ----------
    whole : ndarray
        Of every number.
    parts : ndarray
        Of every use of a number, and of all its uses but one: what a backward sums up.
    known : ndarray
        Values that the loss makes itself: what a backward makes again is no adjoint.
    courses : iterable of list of ndarray
        For each expression of the loss the adjoints of its arrays, run after run: once of these
        numbers as wholes, once of this use of them, once of all other uses.
    values : ndarray, optional
        The numbers of which `whole` are the adjoints.
    divisors : tuple of float
        By what the loss divides its sum in the end, all that it has made of it until then.
    shared : iterable of Shared
        The arrays that are used more than once.
    """

    def __init__(
        self,
        whole: Array,
        parts: Array,
        known: Array,
        courses: Iterable[list[Array]] = (),
        values: Array | None = None,
        divisors: tuple[float, ...] = (),
        shared: Iterable[Shared] = (),
    ) -> None:
        self.courses, self.divisors, self.shared = list(courses), divisors, list(shared)
        order = np.argsort(values) if values is not None else np.zeros(0, int)
        self._values = values[order] if values is not None else np.zeros(0)
        self._of_values = whole[order]
        self._least = _NOTHING * float(np.max(np.abs(whole), initial=0.0))
        self._whole, self._parts, self._known = np.sort(whole), np.sort(parts), np.sort(known)

    def __len__(self) -> int:
        return len(self._whole)

    def of_shape(self, shape: tuple[int, ...]) -> list[Array]:
        """Return the adjoints of arrays of a shape, each once; last those that a mask has cut."""
        arrays = (
            a for course in self.courses for a in course if a.shape == shape != () and np.any(a)
        )
        found = {a.tobytes(): a for a in arrays}
        return sorted(found.values(), key=lambda a: not np.all(a))

    def times(self, factor: float) -> Adjoints:
        """Return the same with the adjoints of a multiple of the loss as well."""
        made = self.with_parts([self._parts * factor])
        made.courses = [[array * factor for array in course] for course in self.courses]
        made.shared = [one.times(factor) for one in self.shared]
        made._whole = np.sort(np.concatenate([self._whole, self._whole * factor]))
        made._of_values = self._of_values * factor
        return made

    def with_parts(self, more: Iterable[Array]) -> Adjoints:
        """Return the same with other sums over uses as well."""
        made = copy.copy(self)
        vars(made).pop("_lists", None)  # of fewer parts
        made._parts = np.sort(np.concatenate([self._parts, *(np.ravel(array) for array in more)]))
        return made

    def of_values(self, value: Array) -> Array | None:
        """Return the adjoints of numbers of the loss, by their values; None unless all are known.

        A value that two numbers have, with two adjoints, is not known.
        """
        flat = np.ravel(np.asarray(value, dtype=float))
        margin = _NEAR * np.abs(flat)
        first = np.searchsorted(self._values, flat - margin)
        last = np.searchsorted(self._values, flat + margin, side="right")
        if not flat.size or np.any(first == last):
            return None
        lowest, highest = (
            np.array([of(self._of_values[a:b]) for a, b in zip(first, last, strict=True)])
            for of in (np.min, np.max)
        )
        if not np.allclose(lowest, highest, rtol=_NEAR, atol=self._least):
            return None
        return highest.reshape(shape_of(value))

    def has(self, number: float) -> bool:
        """Return whether a single number is an adjoint, or says nothing: fast."""
        if abs(number) <= self._least:
            return True
        return any(_is_among(ordered, number) for ordered in self._lists)

    @cached_property
    def _lists(self) -> tuple[list[float], ...]:
        return self._whole.tolist(), self._parts.tolist(), self._known.tolist()

    def holds(self, value: Any) -> Array:
        """Return which entries of a value are adjoints: 2 of a number, 1 of some of its uses."""
        flat = np.ravel(np.asarray(value, dtype=float))
        whole = among(self._whole, flat)
        return np.where(whole, 2, np.where(among(self._parts, flat), 1, 0))

    def near(self, value: Any) -> bool:
        """Return whether all of a value that is not zero is adjoints, to six digits."""
        flat = np.ravel(np.asarray(value, dtype=float))
        flat = flat[np.abs(flat) > 1e-7 * np.max(np.abs(flat), initial=0.0)]
        all_of_them = (among(ordered, flat, 1e-6) for ordered in (self._whole, self._parts))
        return len(flat) > 1 and bool(np.all(np.logical_or(*all_of_them)))

    def is_of_loss(self, value: Any) -> Array:
        """Return which entries of a value the loss makes itself, to six digits."""
        return among(self._known, np.ravel(np.asarray(value, dtype=float)), 1e-6)

    def tells(self, value: Any) -> Array:
        """Return which entries of a value say something: not zero, no value of the loss's own."""
        flat = np.ravel(np.asarray(value, dtype=float))
        return (np.abs(flat) > self._least) & ~among(self._known, flat)


def _is_among(ordered: list[float], number: float) -> bool:
    margin = _NEAR * abs(number)
    at = bisect.bisect_left(ordered, number - margin)
    return at < len(ordered) and ordered[at] <= number + margin


def among(ordered: Array, flat: Array, near: float = _NEAR) -> Array:
    """Return which numbers are, to rounding, among others that are sorted."""
    if not len(ordered):
        return np.zeros(flat.shape, bool)
    at = np.searchsorted(ordered, flat)
    below, above = ordered[np.maximum(at - 1, 0)], ordered[np.minimum(at, len(ordered) - 1)]
    with np.errstate(invalid="ignore"):
        return np.minimum(np.abs(below - flat), np.abs(above - flat)) <= near * np.abs(flat)


def adjoints_of(program: Program, inputs: Inputs, seconds: float) -> Adjoints | None:
    """Return the adjoints of the program's loss, or None where it does not run on notes."""
    started = time.monotonic()
    for plain_too, in_place in ((True, False), (False, False), (False, True)):
        if in_place and time.monotonic() > started + seconds:
            break  # it takes too long, whatever is noted how
        found = _adjoints(program, inputs, seconds, plain_too, in_place)
        if found is not None:
            return found
    return None


def _adjoints(
    program: Program, inputs: Inputs, seconds: float, plain_too: bool, in_place: bool
) -> Adjoints | None:
    """Return the adjoints, or None; `in_place` for arrays that are written through views."""
    tape = _Tape()
    notes: list[int] = []
    used: list[int] = []  # the number that a note is a use of
    known: list[float] = []
    # For each expression where the notes of its arrays begin, and their shapes.
    blocks: dict[int, list[tuple[int, tuple[int, ...]]]] = {}

    def noted(value: Any) -> Any:
        number = Note(tape) if value.tangent is None else Note(tape, ((value.tangent.at, 1.0),))
        notes.append(number.at)
        used.append(number.at if value.tangent is None else value.tangent.at)
        known.append(value.value)
        return Dual(value.value, cast(Any, number))  # of a tangent's kind: see `Note`

    def probe(k: int, _: Any, value: Any) -> Any:
        if type(value) is Dual:
            blocks.setdefault(k, []).append((len(notes), ()))
            return noted(value)
        if isinstance(value, np.ndarray) and value.dtype == object and value.size:
            flat = [Dual(x) if type(x) in _PLAIN else x for x in value.ravel().tolist()]
            if all(type(x) is Dual for x in flat):  # a column of ones has adjoints, too
                blocks.setdefault(k, []).append((len(notes), value.shape))
                made = value if in_place and value.flags.writeable else np.empty_like(value)
                made.flat = [noted(x) for x in flat]  # type: ignore[assignment]  # NumPy: any list
                return made
        return value

    groups = copied(inputs)
    for group in groups:
        for name in list(group):
            value = group[name]
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                rows = duals(value)
                blocks[-1 - len(blocks)] = [(len(notes), value.shape)]
                rows.flat = [noted(x) for x in rows.ravel()]  # type: ignore[assignment]  # NumPy: any list
                group[name] = rows
            elif isinstance(value, float):
                group[name] = noted(Dual(value))
    before = program.value(inputs)
    program.state.restore()
    try:
        with (
            Watched(program, probe, plain_too),
            program.state.rebound(InOtherNumbers(duals)),
            dual_numpy(program.loss, program.backward, *program.functions),
            program.watchdog.limit(seconds),
        ):
            end = program.loss(*groups)
    except (Exception, TimeUp):
        return None
    while isinstance(end, list | tuple) and len(end) == 1:
        (end,) = end
    end = end.item() if isinstance(end, np.ndarray) and end.size == 1 else end
    if type(end) is not Dual or not isinstance(end.tangent, Note):
        return None
    if not abs(end.value - before) <= 1e-9 * (1 + abs(before)):
        return None  # watching changes the program: something is written through
    found = tape.adjoints(end.tangent)
    whole, one = found[used], found[notes]
    others = whole - one
    courses = (
        [values[at : at + math.prod(shape)].reshape(shape) for at, shape in arrays]
        for arrays in blocks.values()
        for values in (one, whole, others)
    )
    made = np.array(known)
    if program.shared_too:  # one function for both: what the loss is not made of is its backward
        made = made[_of_loss(blocks.values(), whole)]
    divisors = tape.divisors(end.tangent)
    arrays = (block for of_expression in blocks.values() for block in of_expression)
    several = shared(arrays, np.array(used), np.array(notes), found)
    parts = np.concatenate(
        [one, others, *(np.ravel(some) for each in several for some in each.sums())]
    )
    return Adjoints(whole, parts, made, courses, np.array(known), divisors, several)


def _of_loss(blocks: Iterable[list[tuple[int, tuple[int, ...]]]], whole: Array) -> Array:
    """Return which numbers are of expressions that the loss is made of.

    Of an expression's values it may be made of some alone: others are masked, or of padding.
    """
    is_of_loss = np.zeros(len(whole), bool)
    for arrays in blocks:
        spans = [slice(at, at + math.prod(shape)) for at, shape in arrays]
        if any(np.any(whole[span]) for span in spans):
            for span in spans:
                is_of_loss[span] = True
    return is_of_loss
