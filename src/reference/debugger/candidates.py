"""Edits that need no probe: of whole loops, of whole statements, and of what the loss runs too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reference.debugger.cases import Case, Score
from reference.debugger.places import all_statements, functions_in, place_at
from reference.debugger.probe import record
from reference.debugger.program import Program
from reference.debugger.repair import (
    Place,
    Rewrite,
    carry,
    common,
    loops,
    results,
    statements,
)
from reference.debugger.round import Round

_IN_FORWARD = {"aliasing", "index off by one", "overwritten too early", "carry lost", "wrong order",
               "argument changed", "state between calls"}  # fmt: skip


def of_loops(program: Program, case: Case, base: Score) -> Iterator[Rewrite]:
    """Give edits of whole loops and results, in the units that only the backward runs."""
    for unit in program.live_units:
        if program.searched(unit):
            source = program.sources[unit.file]
            for function in functions_in(unit.tree):
                yield from carry.rewrites(source, function)
    missing = [name for name, entries in base.entries.items() if entries is None]
    if missing:
        shapes = {name: gradient.shape for name, gradient in case.oracle.items()}
        now = Round(record(program, case.inputs, 2.0))
        for place in _places(program, now):
            yield from results.missing(place, missing, shapes)


def of_statements(program: Program, now: Round) -> Iterator[Rewrite]:
    """Give edits of whole statements that are few and often right, on every line."""
    for place in _places(program, now):
        yield from (r for r in statements.rewrites(place) if r.cost <= 1.2)
        yield from (r for r in loops.rewrites(place) if r.cost <= 1.3)
        yield from (r for r in results.rewrites(place) if r.cost <= 1.6)


def of_conduct(program: Program, case: Case, now: Round) -> Iterator[Rewrite]:
    """Give edits for a backward whose gradients are right but which leaves something changed."""
    for place in _places(program, now):
        yield from (r for r in statements.rewrites(place) if r.kind in _IN_FORWARD)
    yield from of_shared(program, case)


def of_shared(program: Program, case: Case) -> Iterator[Rewrite]:
    """Give edits of what the loss runs too: they must leave the loss as it is."""
    now = Round(record(program, case.inputs, 3.0, shared=True))
    for unit in program.live_units:
        if not program.only_in_backward(unit):
            for place in _places(program, now, unit):
                yield from (r for r in common(place) if r.kind in _IN_FORWARD)


def _places(program: Program, now: Round, unit: Any = None) -> Iterator[Place]:
    for file, line, _ in all_statements(program, unit):
        place = place_at(program, now, file, line)
        if place is not None:
            yield place
