"""Which time steps a loop leaves out, or has too many: from the turns of two programs."""

from __future__ import annotations

from collections.abc import Iterator

from reference.debugger.naming.turns import Turns
from reference.debugger.running.timing import in_words
from reference.debugger.texts.clock import Ticks
from reference.debugger.texts.edited import Edited, Loop, headed, same

Pattern = tuple[str, tuple[int, ...]]


def of_bounds(turns: Turns) -> Pattern:
    """Tell which time steps a loop leaves out, or has too many, where it is known to do so."""
    for ticks, before in _pairs(turns):
        known, was = set(ticks.values), set(before)
        if None in known | was or not was or known == was:
            continue
        raised = not turns.answers[0]
        if known - was and was - known and not raised:
            return "all", ()
        apart = (was - known if raised else set()) or known - was or was - known
        return _told(apart, known | was)
    key = next(iter(turns.matters), None)
    return ("all" if key is None else in_words(turns.changed(), turns.known())), turns.changed()


def left_out(turns: Turns, found: list[Edited]) -> Pattern | None:
    """Tell which time steps a loop leaves out whose first line differs; None if it does not.

    Where no variable counts the turns the last of them are those that are missing: a loop that
    goes on too briefly stops too early.
    """
    heads = [s for one in found for s in (one.old, one.new) if isinstance(s, Loop)]
    if not heads or not turns.answers[0]:
        return None
    for ticks, before in _pairs(turns):
        if ticks.score <= 0 or not before or len(before) >= len(ticks.values):
            continue
        if not any(same(headed(ticks.loop), headed(head)) for head in heads):
            continue  # it is shorter for what another one has left out
        times = ticks.times()
        if ticks.numbered and None not in before:
            apart = set(ticks.values) - set(before)
            if len(apart) == len(times) - len(before):
                return _told(apart, set(times))
        else:
            return _told(set(times[len(before) :]), set(times))
    return None


def _pairs(turns: Turns) -> Iterator[tuple[Ticks, list[int | None]]]:
    """Give each loop as mended, and the turns of the same loop before.

    A loop that is written anew runs in one of the two programs, its twin in the other.
    """
    pairs = list(zip(turns.loops, turns.broken, strict=True))
    gone = [before for ticks, before in pairs if before and not ticks.values]
    for ticks, before in pairs:
        yield ticks, gone.pop(0) if ticks.values and not before and gone else before


def _told(apart: set[int | None] | set[int], whole: set[int | None] | set[int]) -> Pattern:
    steps, known = (tuple(sorted(t for t in some if t is not None)) for some in (apart, whole))
    return in_words(steps, known), steps
