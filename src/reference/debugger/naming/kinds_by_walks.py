"""How the turns of a loop differ before and after an edit: in their order, or in their number."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Protocol

from reference.debugger.texts.edited import Edited, Loop
from reference.debugger.texts.roles import called, loaded, stored
from reference.debugger.texts.walks import RANGES

Values = list[int | None]


class Walked(Protocol):
    """A loop as it ran: see `reference.debugger.texts.clock.Ticks`."""

    loop: Loop
    score: float
    values: Values


def of_walks(loops: Iterable[Walked], broken: Iterable[Values], raised: bool) -> str:
    """Return "forward order" or "loop bounds" where a loop that is written anew tells so.

    Parameters
    ----------
    loops : iterable of Ticks
        As the mended program ran them.
    broken : iterable of list
        The turns of the same loops in the program as it was.
    raised : bool
        Whether that came to no end: then it may have left out turns for that.
    """
    for now, was in _twins(loops, broken):
        if not (None in now or None in was):
            if len(set(now)) > 1 and was == now[::-1]:
                return "forward order"
            if _are_fewer(now, was, raised):
                return "loop bounds"
        elif not raised and len(was) != len(now):
            return "loop bounds"
    return ""


def of_ends(
    found: Iterable[Edited], loops: Iterable[Walked], broken: Iterable[Values], raised: bool
) -> str:
    """Return "loop bounds" where an edit sets what the first line of a loop ends by.

    Parameters
    ----------
    found : iterable of Edited
    loops, broken, raised
        As for `of_walks`.
    """
    both = [s for one in found for s in (one.old, one.new) if s is not None]
    ends = stored([s for s in both if not hasattr(s, "body")])
    for ticks, was in zip(loops, broken, strict=True):
        numbered = not (None in ticks.values or None in was)
        tested = loaded(_tested(ticks.loop)) & ends
        # One that raised at a turn that should not be came to no other.
        beyond = raised and bool(set(was) - set(ticks.values))
        if numbered and was and tested and (beyond or _are_fewer(ticks.values, was, raised)):
            return "loop bounds"
    return ""


def _tested(loop: Loop) -> list[ast.AST]:
    """Return what tells how often a loop is run: its condition, or the ends of its range."""
    if isinstance(loop, ast.While):
        return [loop.test]
    return [n for n in ast.walk(loop.iter) if isinstance(n, ast.Call) and called(n) in RANGES]


def _are_fewer(now: Values, was: Values, raised: bool) -> bool:
    """Return whether a loop has turns too few or too many, and all others as they should be."""
    lacks, surplus = set(now) - set(was), set(was) - set(now)
    if bool(lacks) == bool(surplus) or (raised and not surplus):
        return False
    return [v for v in was if v in now] == [v for v in now if v in was]


def _twins(loops: Iterable[Walked], broken: Iterable[Values]) -> Iterator[tuple[Values, Values]]:
    """Give the turns of a loop over time after and before, where its first line is another.

    A loop that is written anew runs in one of the two programs, its twin in the other.
    """
    pairs = [
        (ticks, before) for ticks, before in zip(loops, broken, strict=True) if ticks.score > 0
    ]
    gone = [before for ticks, before in pairs if before and not ticks.values]
    for ticks, before in pairs:
        if ticks.values and not before and gone:
            yield ticks.values, gone.pop(0)
