"""Edits that turn a wrong number into an adjoint of the loss, though no gradient is right yet."""

from __future__ import annotations

import ast
import itertools
import re
import time
from collections.abc import Iterable, Iterator

import numpy as np

from reference.debugger.adjoints import Adjoints
from reference.debugger.agreement import COMPLETES, KEEPS, MAKES, SPOILS, Agreement
from reference.debugger.cases import Case
from reference.debugger.probe import record
from reference.debugger.program import Program
from reference.debugger.repair import Place, Rewrite, common, quotients
from reference.debugger.round import Round
from reference.debugger.source import function_at

_PLAUSIBLE = {MAKES: -0.3, COMPLETES: -0.2, KEEPS: 0.3, SPOILS: 1.5}
_OF_THE_LOSS = 0.4  # the loss is taken for what is meant: its lines are to blame last
_FORWARD = re.compile("forward|fwd")
_LINES = 12
_EACH = 12  # edits of a line


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
    unit = source.unit_at(source.line_at(rewrite.splices[0].start))
    own = unit is None or program.only_in_backward(unit)
    if program.shared_too:  # one function runs all: the names of its parts tell them apart
        name = function_at(source, rewrite.line)
        own = _FORWARD.search(name) is None
    return _PLAUSIBLE.get(now.change(program, rewrite), 0.0) + (0.0 if own else _OF_THE_LOSS)


def agreeing(
    program: Program, now: Round, places: Iterable[Place], seconds: float, more: bool = False
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
    """
    until = time.monotonic() + seconds
    for place, becomes in _lines(now, places, more):
        if more:
            yield from itertools.islice(_becoming(now, place, MAKES not in becomes, until), _EACH)
        edits = (r for r in common(place) if now.change(program, r) in becomes)
        for rewrite in itertools.islice(edits, _EACH if more else None):
            if time.monotonic() > until:
                return
            yield rewrite


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

    First those that make what is no adjoint, in the order of running. If `more`, after the first
    of them those that make adjoints which they read: one that has lost a part is one, but of less.
    """
    if now.agreement is None:
        return
    by_line = {_key(place): place for place in places}
    turns = [by_line[key] for key in now.agreement.doubtful if key in by_line]
    for n, place in enumerate(turns[:_LINES]):
        yield place, frozenset([MAKES])
        if n > 1 or not more:
            continue
        read = {ast.unparse(_root(node)) for node, _ in place.loaded}
        for other in by_line.values():
            writes = other.target is not None and ast.unparse(_root(other.target)) in read
            if writes and other.function is place.function and other is not place:
                yield other, frozenset([COMPLETES, KEEPS])


def _root(node: ast.expr) -> ast.expr:
    """Return the variable that a part is taken of."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node


def advance(
    program: Program, case: Case, now: Round, found: Iterable[Rewrite], most: int = 80
) -> Rewrite | None:
    """Return the edit with which most more numbers of the backward are adjoints, or None.

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
    least = now.agreement.score + max(4, 0.3 * now.agreement.wrong)
    for rewrite in itertools.islice(found, most):
        score = _score_after(program, case, now.agreement, rewrite)
        if score is None or score < least:
            continue  # a few numbers are right by luck
        if score >= now.agreement.score + now.agreement.wrong:
            return rewrite  # most of what was wrong is right by it
        rank = score - now.agreement.score - 0.5 * rewrite.cost
        if best is None or rank > best[0]:
            best = rank, rewrite
    return None if best is None else best[1]


def _score_after(program: Program, case: Case, before: Agreement, rewrite: Rewrite) -> int | None:
    """Return how right the numbers are once an edit is made, None where it does not run."""
    text = program.sources[rewrite.file].text
    try:
        program.install(rewrite.file, program.sources[rewrite.file].edited(rewrite.splices))
    except (SyntaxError, ValueError):
        return None
    try:
        recording = record(program, case.inputs, 2.0, around=False)
        after = Agreement(before.adjoints, recording, program.sources)
        return None if recording.error else after.score
    finally:
        program.install(rewrite.file, text)
