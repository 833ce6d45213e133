"""Edits of how a program is put together, tried by running: no value of a line tells of them.

A statement in the wrong block, an element taken from the wrong end, a cache whose order is not that
in which it is read: every formula is right, and no line lacks a value of its own. There are some
hundred such edits of a program, and a run of it at small sizes takes a millisecond.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from reference.debugger import candidates
from reference.debugger.cases import Case
from reference.debugger.places import place_at
from reference.debugger.probe import record
from reference.debugger.program import Program
from reference.debugger.repair import (
    Place,
    Rewrite,
    banned,
    common,
    exchanged,
    loops,
    moves,
    sharing,
    statements,
    taken,
    views,
)
from reference.debugger.round import Round
from reference.debugger.source import Splice

_FAMILIES = (taken.rewrites, taken.cut_short, moves.rewrites, exchanged.rewrites, views.rewrites,
             sharing.together, loops.rewrites, statements.rewrites)  # fmt: skip
_KEPT = (taken.rewrites, exchanged.rewrites, views.rewrites, statements.rewrites)
_OF_KEPT = {"wrong operand", "gate copied"}
_ORDERS = {"forward order", "loop bounds"}
_FAR = 0.3  # what the loss runs too is suspected less
_DEAREST = 2.5


def rewrites(program: Program, case: Case, now: Round) -> list[Rewrite]:
    """Return edits of blocks, orders and copies, the likeliest first.

    Those of what the loss runs too must leave the loss as it is.
    """
    found = [r for place in candidates.places(program, now) for r in _of_place(place)]
    shared = Round(record(program, case.inputs, 3.0, shared=True))
    for unit in program.live_units:
        if not program.only_in_backward(unit):
            for place in candidates.places(program, shared, unit):
                found += _of_kept(place)
    return _ordered(found)


def _of_place(place: Place) -> Iterator[Rewrite]:
    for family in _FAMILIES:
        yield from _all(family, place)
    yield from (r for r in common(place) if r.kind in _ORDERS)


def _of_kept(place: Place) -> Iterator[Rewrite]:
    for family in _KEPT:
        yield from (_farther(r) for r in _all(family, place))
    if candidates.keeps(place.statement):
        yield from (_farther(r) for r in common(place) if r.kind in _OF_KEPT)


def _all(family: Callable[[Place], Iterator[Rewrite]], place: Place) -> Iterator[Rewrite]:
    with contextlib.suppress(Exception):  # the values at a statement are anybody's
        yield from family(place)


def _farther(rewrite: Rewrite) -> Rewrite:
    return replace(rewrite, cost=rewrite.cost + _FAR)


def _ordered(found: list[Rewrite]) -> list[Rewrite]:
    """Return edits that are not too far-fetched, each once, the cheapest first."""
    each: dict[frozenset[Splice], Rewrite] = {}
    for rewrite in sorted(found, key=lambda rewrite: rewrite.cost):
        if rewrite.cost <= _DEAREST and not any(banned(s.new) for s in rewrite.splices):
            each.setdefault(frozenset(rewrite.splices), rewrite)
    return list(each.values())
