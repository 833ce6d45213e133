"""Edits of two or three lines that only together make a gradient right."""

from __future__ import annotations

from collections.abc import Callable, Collection

from reference.debugger.repair import Rewrite, common
from reference.debugger.running.program import Program
from reference.debugger.running.source import Splice
from reference.debugger.searching.cases import Score
from reference.debugger.searching.places import place_at
from reference.debugger.searching.round import Round
from reference.debugger.values.evidence import Evidence, solve_groups


def edit(
    program: Program,
    now: Round,
    base: Score,
    refused: Collection[tuple[Splice, ...]],
    late: Callable[[], bool],
) -> Rewrite | None:
    """Return one of two or three edits that give what as many lines together should have had.

    No gradient may become right before all are made, so none would be found alone.

    Parameters
    ----------
    program : Program
    now : Round
    base : Score
        What is right of the program as it stands.
    refused : collection of tuple of Splice
        Edits that led nowhere.
    late : callable
        Whether the time is up.
    """
    if now.jacobian is None or any(e.full and e.rank < 0.5 for e in now.evidence):
        return None
    sites = now.recording.sites
    reach = [
        e
        for e in now.evidence
        if e.linear and (not sites[e.site].plain or sites[e.site].role in ("assigned", "stored"))
    ]
    reach.sort(key=lambda e: -e.explains)
    wrong = [name for name in now.residual if name not in base.right]
    some: Rewrite | None = None
    # All together; else all but one output, which has a fault of its own besides.
    tries = [(2, 24, 2.0, ""), (3, 14, 2.0, "")]
    tries += [(2, 16, 0.5, name) for name in wrong[:8] if len(wrong) > 2]
    for size, most, seconds, without in tries:
        if late():
            break
        chosen = [e.site for e in reach[:most]]
        groups = solve_groups(now.jacobian, now.residual, wrong, chosen, size, seconds, without)
        for group in groups[:8]:
            if late():
                return None
            edits = [_that_gives(program, now, e) for e in group]
            first = next((edit for edit in edits if edit is not None), None)
            if first is None or first.splices in refused:
                continue
            if all(edits):
                return first
            some = some or first  # the other value may come from a line before it
    return some


def _that_gives(program: Program, now: Round, wanted: Evidence) -> Rewrite | None:
    """Return the least far-fetched edit of a line that gives the value it should have had."""
    site = now.recording.sites[wanted.site]
    place = place_at(program, now, site.file, site.statement)
    for rewrite in common(place) if place is not None else ():
        if now.site_of(rewrite) == wanted.site and now.gives(program, rewrite, wanted):
            return rewrite
    return None
