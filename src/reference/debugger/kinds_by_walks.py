"""How the turns of a loop differ before and after an edit: in their order, or in their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

Values = list[int | None]


class Walked(Protocol):
    """A loop as it ran: see `reference.debugger.clock.Ticks`."""

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
            lacks, surplus = set(now) - set(was), set(was) - set(now)
            if bool(lacks) != bool(surplus) and (surplus or not raised):
                kept = [value for value in was if value in now]
                if kept == [value for value in now if value in was]:
                    return "loop bounds"
        elif not raised and len(was) != len(now):
            return "loop bounds"
    return ""


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
