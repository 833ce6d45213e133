"""Several faults told apart: a line that makes something wrong of what is right gets a right value.

What comes after it can then be looked at as if it had no fault. Which value a line should have had
is one of the courses of the adjoints of the loss: each is handed on in its place, and the one with
which most of the rest is right is what the line should have given.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.running.program import Program
from reference.debugger.running.recording import Recording, Run, record
from reference.debugger.running.sites import Site
from reference.debugger.searching.cases import Case, score_of
from reference.debugger.values.adjoints import Adjoints
from reference.debugger.values.agreement import Agreement
from reference.debugger.values.given import Course, Courses, alike
from reference.debugger.values.probe import loss_sites

_OUTPUT = 6  # what a right gradient is worth, in degrees of values
_LEAST = 4  # so much more must be right with a value that is handed on
_MOST_FAULTS = 12
_MAKERS = 8
_PATIENCE = 4  # so many values after one that is handed on may still be wrong
_HANDED = ("argument", "returned", "element", "appended")
_NAME = re.compile(r"[A-Za-z_]\w*")
_MOST_EQUALS = 24
_MUCH = 30  # fewer degrees may be right by another value as well
_UNLIKELY = 4  # of a value, by how alike it is to what it takes the place of: 0 the likeliest
_ENOUGH = (0.1, 0.25, 0.4)  # of what is wrong, to try nothing that is less likely


@dataclass
class Seen:
    """One run with some values handed on: what of it is right.

    Parameters
    ----------
    recording : Recording
    degrees : dict
        For each value that says something 2 if it is an adjoint of a number, 1 if it is one of some
        of its uses, else 0.
    right : frozenset of str
        The gradients that are right.
    """

    recording: Recording
    degrees: dict[Run, int]
    right: frozenset[str]

    @cached_property
    def running(self) -> list[Run]:
        """All values that say something, in the order of running."""
        seen = self.recording.executions
        return sorted(self.degrees, key=lambda run: seen[run[0]][run[1]].order)

    def value(self, run: Run) -> Array:
        """Return a value as it was handed on."""
        return np.asarray(self.recording.executions[run[0]][run[1]].value, dtype=float)


class Hope:
    """Watches a run in which a site hands on a value, and ends it where nothing is better for it.

    Parameters
    ----------
    adjoints : Adjoints
    before : Seen
        The run without that value.
    site : int
    aside : set of int
        Sites whose values need be no adjoints.
    course : tuple of ndarray
        What it hands on: no value that is just this is better for it.
    """

    def __init__(
        self, adjoints: Adjoints, before: Seen, site: int, aside: set[int], course: Course
    ) -> None:
        self._adjoints, self._before, self._site, self._aside = adjoints, before, site, aside
        self._handed = {np.asarray(array, dtype=float).tobytes() for array in course}
        self._left = _PATIENCE
        self._begun = False

    def __call__(self, run: Run, value: Any) -> None:
        """Look at a value.

        Raises
        ------
        ValueError
            If the first values that are others by it are as wrong as before.
        """
        if not self._begun or not self._left:
            self._begun |= run[0] == self._site
            return
        if self._before.degrees.get(run) != 0 or run[0] in self._aside or run[0] == self._site:
            return
        flat, old = (
            np.ravel(value),
            np.ravel(self._before.recording.executions[run[0]][run[1]].value),
        )
        at = int(np.argmax(np.abs(flat)))
        if flat.shape != old.shape or flat[at] == old[at] or flat.tobytes() in self._handed:
            return
        taken = self._before.recording.sites[run[0]].taken
        if self._adjoints.has(float(-flat[at] if taken else flat[at])):
            self._left = 0  # there is: see the whole run
            return
        self._left -= 1
        if not self._left:
            raise ValueError("nothing is better")


def is_floats(value: Any) -> bool:
    """Return whether a value is an array of floats."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


@dataclass
class Apart:
    """The search for the values that the lines at fault should have had.

    Parameters
    ----------
    program : Program
        Left as it was.
    case : Case
    adjoints : Adjoints
    until : float
    """

    program: Program
    case: Case
    adjoints: Adjoints
    until: float
    given: dict[int, Course] = field(default_factory=dict)
    equals: dict[int, list[tuple[int, Course]]] = field(
        default_factory=dict
    )  # with which as much was right
    aside: set[int] = field(default_factory=set)  # what they make need be no adjoint
    loss: set[int] = field(default_factory=set)  # what the loss is made of
    passed: set[int] = field(default_factory=set)  # no adjoint, and nothing is better with one

    @cached_property
    def courses(self) -> Courses:
        """The courses that the loss has."""
        return Courses(self.adjoints)

    @cached_property
    def summed(self) -> Adjoints:
        """The adjoints, with the sums over some uses of a number: a line may gather these."""
        return self.adjoints.with_parts(itertools.chain.from_iterable(self.courses.sums))

    def late(self) -> bool:
        """Return whether the time is up."""
        return time.monotonic() > self.until

    def search(self) -> Seen | None:
        """Give values to one line after another until all gradients are right or none helps."""
        seen = self.look(self.given)
        if seen is None:
            return None
        around = record(self.program, self.case.inputs, 3.0)
        self.aside |= Agreement(self.summed, around, self.program.sources).silent
        if self.program.shared_too:  # what the loss is made of is no adjoint
            sites, known = around.sites, list(around.executions)
            found = loss_sites(self.program, self.case.inputs, sites, known, 1.0)
            last: dict[tuple[str, str], int] = {}  # of each function, the line where the loss ends
            for site in (sites[k] for k in found):
                key = site.file, site.function
                if site.role != "returned":  # with what the backward has made since
                    last[key] = max(site.statement, last.get(key, 0))
            self.loss |= found | {
                k
                for k, site in enumerate(sites)
                if site.statement <= last.get((site.file, site.function), 0)
            }
        while len(self.given) < _MOST_FAULTS and not self.late():
            # What is made of the loss's values alone is taken for a slope, but a last resort.
            first = self._first(seen, self.aside) or self._first(seen)
            if first is None or self.is_right(seen):
                break
            found = self._best(seen, first)
            if found is None:
                self.passed.add(first[0])
                continue
            (site, course), seen, equals = found
            self.given[site] = course
            self.equals[site] = equals
        return self._fewest(seen)

    def _fewest(self, seen: Seen) -> Seen:
        """Take away what makes nothing right once the others are there, the last first.

        Of several values with which as much was right, the one that makes most others needless.
        """
        order = {k: seen.recording.executions[k][0].order for k in self.given}
        for k in sorted(order, key=lambda k: -order[k]):
            others = {q: course for q, course in self.given.items() if q != k}
            tries = [others] + [
                {**others, q: course}
                for q in others
                for other, course in self.equals[q]
                if other == q and course is not others[q]
            ]
            for given in tries:
                if time.monotonic() > self.until + 1.0:
                    return seen
                after = self.look(given)
                if after is None or not after.right >= seen.right:
                    continue
                if self._wrong(after) <= self._wrong(seen):
                    self.given, seen = given, after
                    self.equals.pop(k)
                    break
        return seen

    def _wrong(self, seen: Seen) -> int:
        """Return how many values are no adjoints and should be."""
        aside = self.passed | self.aside | self.loss
        return sum(not degree and run[0] not in aside for run, degree in seen.degrees.items())

    def is_right(self, seen: Seen) -> bool:
        """Return whether all gradients are right."""
        return len(seen.right) == len(self.case.oracle)

    def look(
        self, given: Mapping[int, Course], watched: Callable[[Run, Any], None] | None = None
    ) -> Seen | None:
        """Return what is right of a run in which sites hand on what they are given.

        None where it raises, or is ended by what watches it.
        """
        recording = record(
            self.program, self.case.inputs, 2.0, around=False, given=given, watched=watched
        )
        if recording.error is not None:
            return None
        agreement = Agreement(self.summed, recording, self.program.sources)
        right = score_of(recording.outputs, self.case).right
        return Seen(recording, agreement.degrees, right)

    def _first(self, seen: Seen, besides: Collection[int] = ()) -> Run | None:
        """Return the first value that is no adjoint, of other sites than some."""
        aside = {*self.passed, *besides, *self.loss, *self.given}
        sites = seen.recording.sites
        wrong = (r for r in seen.running if seen.degrees[r] == 0 and r[0] not in aside)
        return next((run for run in wrong if sites[run[0]].role != "unpacked"), None)

    def _best(
        self, seen: Seen, first: Run
    ) -> tuple[tuple[int, Course], Seen, list[tuple[int, Course]]] | None:
        """Return what most is right with: a value for the first wrong line, or what it reads."""
        best, decided = float(_LEAST), _UNLIKELY
        found: list[tuple[tuple[int, Course], Seen]] = []
        wrong = 2 * sum(degree == 0 for degree in seen.degrees.values())
        tries = [
            (tier, site, course)
            for site in (first[0], *self._makers(seen, first))
            for tier, course in self._weighed(seen, site, first)
        ]
        for tier, site, course in sorted(tries, key=lambda at: at[0]):
            if self.late():
                break
            if site != first[0] and tier > decided:
                continue  # what is less likely is not needed
            if best == float("inf") and any(at[0] == site for at, _ in found):
                continue
            hope = Hope(self.summed, seen, site, self.aside, course)
            after = self.look({**self.given, site: course}, hope)
            if after is None:
                continue
            right = self.is_right(after)
            gain = float("inf") if right else self._gain(seen, after, site, course)
            if gain > best:
                found.clear()
            if gain >= best:
                best = gain
                found.append(((site, course), after))
                if gain >= max(_MUCH, _ENOUGH[min(tier, 2)] * wrong):
                    decided = min(tier, decided)
        # Rather what a line computes than what it only hands on, and the first than what it reads.
        sites = seen.recording.sites
        found.sort(key=lambda at: (sites[at[0][0]].plain, at[0][0] != first[0]))
        return None if not found else (*found[0], [at for at, _ in found][:_MOST_EQUALS])

    def _weighed(self, seen: Seen, site: int, first: Run) -> Iterator[tuple[int, Course]]:
        """Give what a site may have had to give, with a number: the likely have a low one.

        Those are the same up to a factor, or alike, when the first wrong value is made; and the
        same before.
        """
        courses = self._courses_of(seen, site)
        if not courses:
            return
        executions = seen.recording.executions[site]
        until = seen.recording.executions[first[0]][first[1]].order
        last = max((n for n, e in enumerate(executions) if e.order <= until), default=0)
        values = [np.asarray(e.value, dtype=float) for e in executions]
        for course in courses:
            before = all(alike(values[n], course[n]) == 1.0 for n in range(last))
            now = alike(values[last], course[last])
            yield (0 if now >= 0.999 else 1 if now > 0.5 else 2) + 2 * (not before), course

    def _courses_of(self, seen: Seen, k: int) -> list[Course]:
        """Return what a site may have had to give, with the sign with which it is added."""
        values = [execution.value for execution in seen.recording.executions[k]]
        if not all(isinstance(value, float) or is_floats(value) for value in values):
            return []
        site = seen.recording.sites[k]
        calls = min(
            len(executions)
            for q, executions in seen.recording.executions.items()
            if (seen.recording.sites[q].file, seen.recording.sites[q].function)
            == (site.file, site.function)
        )
        found = self.courses.fitting(values, calls)
        return [tuple(-array for array in course) for course in found] if site.taken else found

    def _makers(self, seen: Seen, first: Run) -> list[int]:
        """Return the sites that have run last before a value and may have made what it reads."""
        sites = seen.recording.sites
        one, order = sites[first[0]], seen.recording.executions[first[0]][first[1]].order
        read = set(_NAME.findall(self._text(one)))
        found: dict[int, int] = {}
        for k, executions in seen.recording.executions.items():
            before = [e.order for e in executions if e.order < order]
            if not before or k == first[0] or k in self.given or k in self.loss:
                continue
            handed = sites[k].role in _HANDED and sites[k].function != one.function
            if handed or set(_NAME.findall(sites[k].name)[:1]) & read:
                found[k] = max(before)
        return sorted(found, key=lambda k: -found[k])[:_MAKERS]

    def _text(self, site: Site) -> str:
        """Return what a site's value is made of, and what it goes into."""
        source = self.program.sources[site.file]
        return site.name + " " + (source.data[slice(*site.span)].decode() if site.span else "")

    def _gain(self, before: Seen, after: Seen, site: int, course: Course) -> float:
        """Return how much more is right, not counting what only hands a given value on."""
        aside = {*self.given, site}
        handed = {np.asarray(array).tobytes() for array in course}
        gain = float(_OUTPUT * (len(after.right) - len(before.right)))
        for run, degree in after.degrees.items():
            if run[0] not in aside and after.value(run).tobytes() not in handed:
                gain += degree - before.degrees.get(run, 0)
        for run, degree in before.degrees.items():
            if run[0] not in aside and run not in after.degrees:
                gain -= degree
        return gain
