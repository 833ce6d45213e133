"""Edits of how a program is put together, tried by running: no value of a line tells of them.

A statement in the wrong block, an element taken from the wrong end, a cache whose order is not that
in which it is read: every formula is right, and no line lacks a value of its own. There are some
hundred such edits of a program, and a run of it at small sizes takes a millisecond.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from reference.debugger.repair import (
    Place,
    Rewrite,
    banned,
    brackets,
    exchanged,
    halves,
    indices,
    kept,
    layouts,
    loops,
    moves,
    operands,
    parts,
    passed,
    postponed,
    sharing,
    statements,
    taken,
    together,
    turned,
    twins,
    views,
)
from reference.debugger.running.program import Program
from reference.debugger.running.recording import record
from reference.debugger.running.source import Splice
from reference.debugger.searching import candidates
from reference.debugger.searching.cases import Case
from reference.debugger.searching.round import Round

_FAMILIES = (taken.rewrites, taken.cut_short, moves.rewrites, exchanged.rewrites, views.rewrites,
             parts.rewrites, passed.rewrites, sharing.together, loops.rewrites,
             statements.rewrites, brackets.scaled, layouts.split, halves.rewrites,
             indices.mirrored, postponed.rewrites, twins.rewrites)  # fmt: skip
_KEPT = (taken.rewrites, exchanged.rewrites, views.rewrites, kept.rewrites)
_FAR = 0.3  # what the loss runs too is suspected less
_LIKELY, _DEAREST = 1.65, 2.5


def rewrites(program: Program, case: Case, now: Round) -> Iterator[Rewrite]:
    """Give edits of blocks, orders and copies, the likeliest first.

    Those of what the loss runs too must leave the loss as it is.
    """
    own = list(candidates.places(program, now))
    found = [r for place in own for family in _FAMILIES for r in _all(family, place)]
    seen = Round(record(program, case.inputs, 3.0, shared=True))
    units = [unit for unit in program.live_units if not program.only_in_backward(unit)]
    shared = [place for unit in units for place in candidates.places(program, seen, unit)]
    found += [_farther(r) for p in shared for family in _KEPT for r in _all(family, p)]
    found = _ordered(found)
    likely = [rewrite for rewrite in found if rewrite.cost <= _LIKELY]
    yield from likely
    more = [rewrite for place in own for rewrite in _of_order(place)]
    more += [_farther(r) for place in shared for r in _of_kept(place)]
    yield from _ordered(more)
    yield from found[len(likely) :]


def few(place: Place) -> list[Rewrite]:
    """Return those that a program has few of: ends of lists and loops, lists of one element."""
    families = (taken.rewrites, taken.cut_short, sharing.together, indices.orders, turned.rewrites,
                operands.counted)  # fmt: skip
    return _ordered([r for family in families for r in _all(family, place)])


def at(place: Place) -> list[Rewrite]:
    """Return the likely ones of a statement: elements, parts and copies."""
    families = taken.rewrites, exchanged.rewrites, views.rewrites, parts.rewrites, halves.rewrites
    return _ordered([r for family in families for r in _all(family, place)])


def _of_order(place: Place) -> Iterator[Rewrite]:
    if isinstance(place.statement, ast.For) or len(place.envs) == 1:
        yield from _all(indices.orders, place)


def _of_kept(place: Place) -> Iterator[Rewrite]:
    if candidates.keeps(place.statement):
        for family in (operands.rewrites, together.rewrites, statements.moved):
            yield from _all(family, place)


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
