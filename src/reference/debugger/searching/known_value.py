"""A line that is the only one at fault, and of which it is known what it should have given."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair import Place, Rewrite, common
from reference.debugger.running.program import Inputs, Program
from reference.debugger.running.recording import record
from reference.debugger.searching import wanted
from reference.debugger.searching.by_name import of_name
from reference.debugger.searching.places import place_at
from reference.debugger.searching.round import Round
from reference.debugger.values.adjoints import Adjoints
from reference.debugger.values.evidence import Evidence
from reference.debugger.values.given import Course
from reference.debugger.values.probe import Jacobian

_CLOSE = 1e-6


@dataclass
class Known:
    """What is known of such a line.

    Parameters
    ----------
    now : Round
        The run in which what comes after it had the right values.
    site : int
    course : tuple of ndarray
        What it should have given.
    place : Place
    """

    now: Round
    site: int
    course: Course
    place: Place

    def edits(
        self, program: Program, adjoints: Adjoints, until: float, exact: bool = False
    ) -> Iterator[Rewrite]:
        """Give the edits with which the line gives what it should, then others that may do.

        Parameters
        ----------
        program : Program
        adjoints : Adjoints
            A site may have to give other adjoints, where as much is right with these.
        until : float
        exact : bool
            Give only the edits with which the line gives what it should.
        """
        alike, others = [], []
        of_catalogue = ((rewrite, False) for rewrite in common(self.place))
        by_numbers = ((r, True) for r in wanted.rewrites(program, self.now, self.place))
        for rewrite, is_asked_for in itertools.chain(of_catalogue, by_numbers):
            if time.monotonic() > until:
                return
            if self.now.site_of(rewrite) != self.site:
                if exact:
                    continue
                if is_asked_for:
                    yield rewrite  # the whole line made anew, out of what it should have given
                else:
                    others.append(rewrite)
            elif (made := self._made_by(program, rewrite)) is not None:
                if all(_close(a, np.ravel(b)) for a, b in zip(made, self.course, strict=True)):
                    yield rewrite
                elif _are_among(adjoints, made):
                    alike.append(rewrite)
        # What changes more than the value, such as its place or its target, has to be run.
        for rewrite in (*alike, *others) if not exact else ():
            if time.monotonic() > until:
                return
            yield rewrite

    def _made_by(self, program: Program, rewrite: Rewrite) -> list[Array] | None:
        """Return the values of the site, run after run, with an edit inside it."""
        deltas = self.now.deltas(program, rewrite, self.site)
        if deltas is None:
            return None
        seen = self.now.recording.executions[self.site]
        return [
            np.ravel(np.asarray(e.value, dtype=float)) + delta
            for e, delta in zip(seen, deltas, strict=True)
        ]


def known(program: Program, inputs: Inputs, k: int, course: Course) -> Known | None:
    """Return what is known of a site of a program in which all else is right."""
    recording = record(program, inputs, 2.0, given={k: course})
    if recording.error is not None or len(recording.made.get(k, ())) != len(course):
        return None
    made = [np.asarray(value, dtype=float) for value in recording.made[k]]
    for execution, value in zip(recording.executions[k], recording.made[k], strict=True):
        execution.value = value
    pairs = list(zip(course, made, strict=True))
    if any(a.size != b.size for a, b in pairs):
        return None
    steps = tuple(n for n, (a, b) in enumerate(pairs) if not _close(np.ravel(b), np.ravel(a)))
    if not steps:
        return None
    ends = np.cumsum([0, *(value.size for value in made)]).tolist()
    spans = [slice(first, last) for first, last in itertools.pairwise(ends)]
    delta = np.concatenate([np.ravel(a) - np.ravel(b) for a, b in pairs])
    evidence = Evidence(k, 1.0, ("",), 0.0, steps, delta, unique=True)
    now = Round(recording, Jacobian({}, {k: spans}, np.zeros((0, ends[-1]))), [evidence])
    site = recording.sites[k]
    place = place_at(program, now, site.file, site.statement)
    return None if place is None else Known(now, k, course, place)


def by_course(program: Program, inputs: Inputs, now: Round, place: Place) -> Iterator[Rewrite]:
    """Give edits by numbers of a line of which it is known what it should give at all its steps.

    The first wrong value alone may say too little, as where most of it is zero. A run in which the
    line hands on what it should give has the right variables at the others, too.
    """
    for e in now.evidence:
        site = now.recording.sites[e.site]
        if (site.file, site.statement) != (place.source.file, place.statement.lineno):
            continue
        course = _course(now, e)
        one = known(program, inputs, e.site, course) if course else None
        if one is None:
            continue
        (all_steps,) = one.now.evidence
        seen = one.now.recording.executions[e.site]
        telling = max(all_steps.steps, key=lambda n: np.count_nonzero(seen[n].value))
        if telling != e.steps[0] or now.wanted(e.site) is None:
            one.now.evidence = [replace(all_steps, steps=(telling,))]
            yield from wanted.rewrites(program, one.now, one.place)


def _course(now: Round, e: Evidence) -> Course | None:
    """Return what a site should give, execution after execution, None if that is not known."""
    if now.jacobian is None or not (e.full and e.linear):
        return None
    spans, seen = now.jacobian.columns[e.site], now.recording.executions[e.site]
    if len(spans) != len(seen) or len(seen) < 2:
        return None
    if round(e.rank * now.jacobian.matrix.shape[0]) < len(e.delta):  # more than one would do
        return _by_name(now, e.site)
    values = [np.asarray(execution.value, dtype=float) for execution in seen]
    start = spans[0].start
    return tuple(
        value + e.delta[span.start - start : span.stop - start].reshape(value.shape)
        for value, span in zip(values, spans, strict=True)
    )


def _by_name(now: Round, k: int) -> Course | None:
    """Return the adjoints of what a site is called after, execution after execution."""
    if now.agreement is None:
        return None
    course = []
    for execution in now.recording.executions[k]:
        made = np.asarray(execution.value, dtype=float)
        adjoints = now.agreement.adjoints
        found = of_name(now.recording.sites[k].name, made.shape, execution.env, adjoints)
        if (own := next(found, made if not np.any(made) else None)) is None:
            return None
        course.append(own)
    return tuple(course)


def _are_among(adjoints: Adjoints, values: list[Array]) -> bool:
    tell = [value[adjoints.tells(value)] for value in values]
    return any(map(len, tell)) and all(bool(np.all(adjoints.holds(value))) for value in tell)


def _close(value: Array, target: Array) -> bool:
    size = float(np.max(np.abs(target), initial=0.0))
    return value.shape == target.shape and bool(np.all(np.abs(value - target) <= _CLOSE * size))
