"""Edits that turn a wrong number into an adjoint of the loss, though no gradient is right yet."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator

import numpy as np

from reference.debugger.agreement import KEEPS, MAKES, SPOILS, Agreement
from reference.debugger.cases import Case
from reference.debugger.probe import record
from reference.debugger.program import Program
from reference.debugger.repair import Place, Rewrite, common, quotients
from reference.debugger.round import Round

_PLAUSIBLE = {MAKES: -0.3, KEEPS: 0.0, SPOILS: 1.5}
_LINES = 12


def plausible(program: Program, now: Round, rewrite: Rewrite) -> float:
    """Return what the adjoints add to the cost of an edit: a right number is not to be mended."""
    return _PLAUSIBLE.get(now.change(program, rewrite), 0.0)


def agreeing(
    program: Program, now: Round, places: Iterable[Place], seconds: float
) -> Iterator[Rewrite]:
    """Give the edits that make an adjoint of what is none, line by line in the order of running.

    Parameters
    ----------
    program : Program
    now : Round
    places : iterable of Place
    seconds : float
    """
    if now.agreement is None:
        return
    until = time.monotonic() + seconds
    for place in _doubtful(now, places)[:_LINES]:
        for rewrite in common(place):
            if time.monotonic() > until:
                return
            if now.change(program, rewrite) == MAKES:
                yield rewrite


def becoming(
    program: Program, now: Round, places: Iterable[Place], seconds: float
) -> Iterator[Rewrite]:
    """Give factors and terms with which the first wrong number of a line is some adjoint."""
    if now.agreement is None:
        return
    until = time.monotonic() + seconds
    for place in _doubtful(now, places)[:4]:
        for k, of_site in now.agreement.at_sites.items():
            site = now.recording.sites[k]
            if (site.file, site.statement) != _key(place) or False not in of_site:
                continue
            found = next((p for p in place.nodes if place.source.span(p[0]) == site.span), None)
            execution = now.recording.executions[k][of_site.index(False)]
            made = np.asarray(execution.value, dtype=float)
            if found is None or time.monotonic() > until:
                continue
            wanted = now.agreement.adjoints.of_shape(made.shape)
            for rewrite in quotients.rewrites(place, *found, made, wanted, execution.env, most=2):
                if time.monotonic() > until:
                    return
                yield rewrite


def _key(place: Place) -> tuple[str, int]:
    return place.source.file, place.statement.lineno


def _doubtful(now: Round, places: Iterable[Place]) -> list[Place]:
    """Return the lines that make what is no adjoint, in the order of running."""
    assert now.agreement is not None
    turn = {key: n for n, key in enumerate(now.agreement.doubtful)}
    return sorted((p for p in places if _key(p) in turn), key=lambda place: turn[_key(place)])


def advance(
    program: Program, case: Case, now: Round, found: Iterable[Rewrite], most: int = 40
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
    least = now.agreement.count + max(2, 0.1 * now.agreement.wrong)
    for rewrite in itertools.islice(found, most):
        count = _count_after(program, case, now.agreement, rewrite)
        if count is None or count < least:
            continue  # a few numbers are right by luck
        rank = count - now.agreement.count - 0.5 * rewrite.cost
        if best is None or rank > best[0]:
            best = rank, rewrite
    return None if best is None else best[1]


def _count_after(program: Program, case: Case, before: Agreement, rewrite: Rewrite) -> int | None:
    """Return how many numbers are adjoints once an edit is made, None where it does not run."""
    text = program.sources[rewrite.file].text
    try:
        program.install(rewrite.file, program.sources[rewrite.file].edited(rewrite.splices))
    except (SyntaxError, ValueError):
        return None
    try:
        recording = record(program, case.inputs, 2.0)
        return None if recording.error else Agreement(before.adjoints, recording).count
    finally:
        program.install(rewrite.file, text)
