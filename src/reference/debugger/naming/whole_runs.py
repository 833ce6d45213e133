"""At which steps a mistake shows that old lines make together: from runs with all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reference.debugger.naming.turns import Turns
from reference.debugger.running.same_answers import differ
from reference.debugger.texts.passes import apart_after


def undone_by_the_last(turns: Turns) -> bool:
    """Return whether the old text, run at the last step alone, does all that it ever does.

    It sets anew what should sum up all steps, and undoes what it did at them before.
    """
    timed = turns.timed()
    if not turns.answers[0] or len(timed) < 3 or not turns.matters & set(timed[1:-1]):
        return False
    last = turns.alone.get(timed[-1])
    return last is not None and not differ(last, turns.answers[0])


def begins_later(turns: Turns, places: Iterable[str]) -> str:
    """Tell at which steps the old text sets another value, if not from the step that is run first.

    Where several lines are another that belong together, the old one at one step alone is wrong
    at each of them: with all of them it may be right. What follows on a wrong value is wrong
    anyway, so that only the first step and the last one tell.

    Parameters
    ----------
    turns : Turns
    places : iterable of str
        What both texts set.
    """
    was, becomes = turns.whole
    names = "|".join(re.escape(place.partition("[")[0]) for place in places)
    wrong = [
        key
        for key in turns.timed()
        if any(
            re.fullmatch(rf"({names})([\[.].*)?", one.place)
            for one in apart_after(was.get(key, ()), becomes.get(key, ()))
        )
    ]
    mine = [key for key in turns.timed() if wrong and key[0] == wrong[0][0]]
    if len(mine) < 3 or wrong[0] not in (mine[1], mine[-1]):
        return ""
    times = [turns.time_of(key) or 0 for key in mine]
    if wrong[0] == mine[-1]:
        return "t=0" if times[-1] == min(times) else "the last"
    return "all but t=0" if times[0] == min(times) else "all but the last"
