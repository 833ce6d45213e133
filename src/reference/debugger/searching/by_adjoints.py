"""Edits that turn a wrong number into an adjoint of the loss, though no gradient is right yet."""

from __future__ import annotations

import ast
import itertools
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from reference.debugger.repair import Place, Rewrite, common, likeness, orders, quotients
from reference.debugger.running.own_lines import is_own
from reference.debugger.running.program import Program
from reference.debugger.running.recording import record
from reference.debugger.running.source import Source, function_at
from reference.debugger.searching import by_case, by_terms
from reference.debugger.searching.cases import Case, score_of
from reference.debugger.searching.round import Round
from reference.debugger.values.adjoints import Adjoints
from reference.debugger.values.agreement import COMPLETES, KEEPS, MAKES, SPOILS, Agreement

_PLAUSIBLE = {MAKES: -0.3, COMPLETES: -0.2, KEEPS: 0.3, SPOILS: 1.5}
_NAMED = -0.5  # a variable becomes the adjoint of what it is called after
_OF_THE_LOSS = 0.4  # the loss is taken for what is meant: its lines are to blame last
_NOT_OF_THE_LOSS = 0.3  # what the loss makes, too, becomes a number that it does not make
_FORWARD = re.compile("forward|fwd")
_LINES = 12
_EACH = 12  # edits of a line
_HOLLOW = 2  # lines that hand on nothing
_FURTHER = 2  # so many values more are right, in the order of running, before one is wrong


def plausible(
    program: Program, now: Round, rewrite: Rewrite, adjoints: Adjoints | None = None
) -> float:
    """Return what is added to the cost of an edit that makes all right.

    By the adjoints: a right number is not to be mended; and of what the loss runs too, of which
    the backward is to be the derivative.
    """
    if now.agreement is None and adjoints is not None:
        now.agreement = Agreement(adjoints, now.recording, program.sources)
    source = program.sources[rewrite.file]
    start = rewrite.splices[0].start
    own = is_own(program, rewrite.file, source.line_at(start)) or _is_in_lambda(source, start)
    if program.shared_too:  # one function runs all: the names of its parts tell them apart
        name = function_at(source, rewrite.line)
        own = _FORWARD.search(name) is None
    more = (0.0 if own else _OF_THE_LOSS) + orders.beside(source, rewrite)
    more += likeness.beside(source, rewrite)
    if now.names(program, rewrite):
        return _NAMED + more
    change = now.change(program, rewrite)
    if change not in _PLAUSIBLE and now.parts_from_loss(program, rewrite):
        return _NOT_OF_THE_LOSS + more
    return _PLAUSIBLE.get(change, 0.0) + more


def _is_in_lambda(source: Source, start: int) -> bool:
    """Return whether a place is in a function that a line of the loss makes, and does not call."""
    spans = (source.span(n.body) for n in ast.walk(source.tree) if isinstance(n, ast.Lambda))
    return any(first <= start < last for first, last in spans)


def agreeing(
    program: Program,
    now: Round,
    places: Iterable[Place],
    seconds: float,
    more: bool = False,
    late: Callable[[], bool] = lambda: False,
) -> Iterator[Rewrite]:
    """Give the edits that make an adjoint of what is none, line by line in the order of running.

    Parameters
    ----------
    program : Program
    now : Round
    places : iterable of Place
    seconds : float
    more : bool
        Also factors and terms with which the first wrong number of a line is some adjoint, and
        what changes the adjoints that a wrong line reads: those that have lost a part.
    late : callable, optional
        Whether the search is over before that.
    """
    places = list(places)
    if not more:
        yield from by_case.agreeing(now, places)
    until = time.monotonic() + seconds
    for place, becomes in _lines(now, places, more):
        if not more and MAKES in becomes:
            yield from by_terms.rewrites(now, place)
        if more:
            made = itertools.islice(_becoming(now, place, MAKES not in becomes, until), _EACH)
            yield from _at_catalogue_cost(place, made)
        given = 0
        for rewrite in common(place):
            if time.monotonic() > until or late() or (more and given >= _EACH):
                break
            if now.change(program, rewrite) in becomes:
                given += 1
                yield rewrite
        if time.monotonic() > until or late():
            return


def _at_catalogue_cost(place: Place, found: Iterable[Rewrite]) -> Iterator[Rewrite]:
    """Give edits, none dearer than the same edit is in the catalogue: there habits are weighed."""
    known: dict[str, float] = {}
    for rewrite in common(place):
        known.setdefault(place.source.edited(rewrite.splices), rewrite.cost)
    for rewrite in found:
        cost = known.get(place.source.edited(rewrite.splices), rewrite.cost)
        yield replace(rewrite, cost=min(cost, rewrite.cost))


def _becoming(now: Round, place: Place, right: bool, until: float) -> Iterator[Rewrite]:
    """Give factors and terms with which the first wrong, or right, number of a line is another."""
    assert now.agreement is not None
    for k, of_site in now.agreement.at_sites.items():
        site = now.recording.sites[k]
        if (site.file, site.statement) != _key(place) or right not in of_site:
            continue
        found = next((p for p in place.nodes if place.source.span(p[0]) == site.span), None)
        execution = now.recording.executions[k][of_site.index(right)]
        made = np.asarray(execution.value, dtype=float)
        if found is None or time.monotonic() > until:
            continue
        wanted = now.agreement.lacking(made.shape)
        for rewrite in quotients.rewrites(place, *found, made, wanted, execution.env, most=2):
            if time.monotonic() > until:
                return
            yield rewrite


def _key(place: Place) -> tuple[str, int]:
    return place.source.file, place.statement.lineno


def _lines(
    now: Round, places: Iterable[Place], more: bool
) -> Iterator[tuple[Place, frozenset[str]]]:
    """Give lines, and what an edit of each has to do.

    First those that hand on nothing, and those that make what is no adjoint, in the order of
    running. If `more`, after the first of these those that make adjoints which they read: one that
    has lost a part is one, but of less.
    """
    if now.agreement is None:
        return
    by_line = {_key(place): place for place in places}
    for key in now.agreement.hollow[:_HOLLOW]:
        if key in by_line:
            yield by_line[key], frozenset([MAKES])
    turns = [by_line[key] for key in now.agreement.doubtful if key in by_line]
    for n, place in enumerate(turns[:_LINES]):
        yield place, frozenset([MAKES])
        if n > 1:
            continue
        for other in writers(place, by_line.values()):
            if more:
                yield other, frozenset([COMPLETES, KEEPS])
            if _key(other) in now.agreement.undecided:
                yield other, frozenset([MAKES])  # what it makes of the loss's values is no slope


def writers(place: Place, among: Iterable[Place]) -> Iterator[Place]:
    """Give the other lines of a function that write what a line reads."""
    read = {ast.unparse(_root(node)) for node, _ in place.loaded}
    for other in among:
        writes = other.target is not None and ast.unparse(_root(other.target)) in read
        if writes and other.function is place.function and other is not place:
            yield other


def _root(node: ast.expr) -> ast.expr:
    """Return the variable that a part is taken of."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node


def advance(
    program: Program, case: Case, now: Round, found: Iterable[Rewrite], most: int = 80
) -> Rewrite | None:
    """Return the edit with which most more numbers of the backward are adjoints, or None.

    Where none makes many right, the one with which they are right for longer, in the order of
    running: with other faults downstream the right edit may make few right.

    Parameters
    ----------
    program : Program
        Left as it was.
    case : Case
    now : Round
        The program as it stands.
    found : iterable of Rewrite
    most : int
        So many are run.
    """
    assert now.agreement is not None
    best: tuple[float, Rewrite] | None = None
    further: tuple[float, Rewrite] | None = None
    before = now.agreement
    least = before.score + max(4, 0.3 * before.wrong)
    reached = before.ahead(before.silent) + _FURTHER
    right = score_of(now.recording.outputs, case).right
    for rewrite in itertools.islice(found, most):
        after = _after(program, case, before, rewrite)
        # What makes a right gradient wrong is no mend, whatever else there is.
        if after is None or right - score_of(after.recording.outputs, case).right:
            continue
        if after.score >= before.score + before.wrong:
            return rewrite  # most of what was wrong is right by it
        same = len(after.recording.sites) == len(now.recording.sites)
        ahead = after.ahead(before.silent) if same and after.score > before.score else 0
        if ahead >= reached and (further is None or ahead - rewrite.cost > further[0]):
            further = ahead - rewrite.cost, rewrite
        rank = after.score - before.score - 0.5 * rewrite.cost
        if after.score >= least and (best is None or rank > best[0]):  # few are right by luck
            best = rank, rewrite
    chosen = best or further
    return None if chosen is None else chosen[1]


def left_wrong(program: Program, case: Case, now: Round, rewrite: Rewrite) -> int:
    """Return how many values of the backward are no adjoints once an edit is made; 0 if unknown."""
    after = None if now.agreement is None else _after(program, case, now.agreement, rewrite)
    return 0 if after is None else after.wrong


def _after(program: Program, case: Case, before: Agreement, rewrite: Rewrite) -> Agreement | None:
    """Return what agrees once an edit is made, None where it does not run."""
    text = program.sources[rewrite.file].text
    try:
        program.install(rewrite.file, program.sources[rewrite.file].edited(rewrite.splices))
    except (SyntaxError, ValueError):
        return None
    try:
        recording = record(program, case.inputs, 2.0, around=False)
        after = Agreement(before.adjoints, recording, program.sources)
        return None if recording.error else after
    finally:
        program.install(rewrite.file, text)
