"""At which time steps a mistake shows, in words: from runs before and after its mend."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np

from reference.debugger.naming.bounds import left_out, of_bounds
from reference.debugger.naming.compared import compared
from reference.debugger.naming.kinds import Seen
from reference.debugger.naming.kinds_by_walks import of_walks
from reference.debugger.naming.masked import left_masked
from reference.debugger.naming.meant_runs import outputs_of
from reference.debugger.naming.patterns_outside import (
    Pair,
    Shape,
    along_time,
    apart,
    beside_time,
    first_or_last,
    handed_on,
    has_time,
    outside,
    where_masked,
    where_read_masks,
)
from reference.debugger.naming.plain_words import (
    PLAIN,
    are_chance,
    counted,
    covers,
    plain,
    says_more,
    within,
)
from reference.debugger.naming.turns import Key, Turns
from reference.debugger.naming.whole_runs import begins_later, undone_by_the_last
from reference.debugger.running.same_answers import differ
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.timing import in_words
from reference.debugger.texts.clock import goes_backwards, is_time, score_of
from reference.debugger.texts.edited import Edited, Loop, headed, same, written
from reference.debugger.texts.passes import apart_after
from reference.debugger.texts.roles import called, loops_in, stored

_BY_KIND = {
    "repeated indices": "after an index repeats",
    "carry lost": "all but the last",
    "wrong name": "none",
    "forward order": "all",
    "state between calls": "none",
}
# What these do wrong shows in what other lines read, and not in what their own one sets.
_IN_MEMORY = ("aliasing", "overwritten too early", "argument changed")


def seen_in(turns: Turns | None, only_effects: bool = False) -> Seen:
    """Return what the runs tell about the value of the edited statement."""
    if turns is None:
        return Seen(only_effects=only_effects)
    shapes = _shapes(turns)
    only_effects = only_effects and not differ(*map(outputs_of, turns.answers))
    walks = of_walks(turns.loops, turns.broken, not turns.answers[0])
    return Seen(shapes[0], shapes[1], turns.steps, only_effects, turns.mends(), walks, turns)


def _shapes(turns: Turns) -> tuple[Shape | None, Shape | None]:
    """Return the shapes of what an edit makes, of a place that has both values if there is one.

    Of several statements the last ones of both texts may be about different things.
    """
    for passes in turns.passes.values():
        if both := [(one.old.shape, one.new.shape) for one in apart_after(*passes)]:
            return next((pair for pair in both if pair[0] == pair[1]), both[0])
    shapes: list[Shape | None] = [None, None]
    for pair in turns.values.values():
        for k, values in enumerate(pair):
            if values and values[-1] is not None:
                shapes[k] = shape_of(values[-1])
    return shapes[0], shapes[1]


def pattern_of_edit(
    kind: str, old: str, new: str, turns: Turns | None, inputs: tuple[Mapping[str, Any], ...]
) -> tuple[str, tuple[int, ...]]:
    """Return the pattern of a mistake in words, and the time steps where they are known.

    Parameters
    ----------
    kind : str
        As `reference.debugger.naming.kinds.kind_of` names it.
    old, new : str
        The text before and after the edit.
    turns : Turns or None
        What the woven program showed.
    inputs : (params, inputs)
        What it ran on: masks are looked for there.
    """
    both = compared(old, new)
    found = list(both.edits)
    known = turns.known() if turns is not None else ()
    in_a_loop = any(loops_in(one.around_old or one.around_new) for one in found)
    neutral = kind == "aliasing" or (turns is not None and _leaves_the_same(turns))
    if both.memory == ("aliasing", ""):  # all elements are one
        return first_or_last(kind, found, True) or ("all" if in_a_loop else "none"), known
    if turns is not None and (bounds := left_out(turns, found)):
        return bounds
    of_time = in_a_loop or (turns is not None and has_time(turns.read, turns.steps, inputs))
    told_by_runs = (kind == "repeated indices" and not of_time) or (
        kind in ("carry lost", "wrong name") and turns is not None and bool(turns.changed())
    )
    once = kind in ("forward order", "carry lost") and turns is not None and turns.steps
    if once and turns is not None and _is_beside(turns, found):
        return "none", ()
    if kind in _BY_KIND and not told_by_runs:
        pattern = _BY_KIND[kind]
        if kind == "repeated indices" and turns is not None:
            at_steps = turns.timed() or _has_all_steps(turns)  # what repeats is of the batch
            pattern = "all" if at_steps else pattern
        return pattern, counted(pattern, known)
    if turns is None or not found:
        if kind == "late binding" and any(map(_is_in_time, found)):
            return "all but the last", ()
        apart = kind in ("never returned", "wrong shape") or beside_time(found)
        return ("none" if apart else "all"), ()
    if kind == "loop bounds":
        return of_bounds(turns)
    if kind == "= for +=" and (turns.looked_up or any(map(_is_looked_up, found))):
        return "after an index repeats", turns.changed()
    if undone_by_the_last(turns) or (
        kind == "accumulation outside the loop" and _left_behind(turns, found)
    ):
        pattern = _but_the_last_run(kind, turns, found)
        return pattern, counted(pattern, known)
    timed = turns.timed()
    masked = where_masked(
        ((turns.time_of(key), *pair) for key, pair in _last(turns)), turns.steps, inputs
    )
    masked = masked or where_read_masks(dict(_last(turns)), turns.masks)
    masked = masked or left_masked(turns, *_set_by(found))
    if masked:
        return masked, turns.changed()
    if timed and kind == "wrong shape":  # it is wrong however often it is made
        return "all", known
    if timed:
        return _in_time(kind, turns, found)
    pairs = [pair for _, pair in _last(turns)]
    return outside(kind, found, pairs, turns.steps, neutral), ()


def _in_time(kind: str, turns: Turns, found: list[Edited]) -> tuple[str, tuple[int, ...]]:
    """Return the pattern and the steps of what is run at time steps."""
    timed, known = turns.timed(), turns.known()
    changed = turns.changed() or known
    pattern = in_words(changed, known)
    if kind == "aliasing" and pattern == "all but t=0" and _goes_up(turns, timed):
        pattern = "all but the last"  # what is lost is of the step before
    inside = all(loops_in(one.around_old or one.around_new) for one in found)
    if kind == "aliasing" and changed == known[-1:] and inside and not _goes_up(turns, timed):
        pattern = "all"  # the new text parts what is shared at the step that is run first
    if kind in _IN_MEMORY and changed == known[1:-1]:
        pattern = "all"  # there is nothing yet, or nothing reads it any more
    if kind == "late binding" and pattern == "all" and set(timed) - set(turns.alone):
        pattern = "all but the last"  # that one is what all of them see
    if kind in ("carry lost", "carry not added") and _is_of_a_carry(kind, turns, found):
        pattern = "all but the last"  # there nothing is handed on yet
    if pattern not in PLAIN and set(changed) <= set(other := _wrong_values(turns, found)):
        changed = other  # at the others it is without effect by chance
        pattern = in_words(changed, known)
    ran = tuple(sorted({t for key in timed if (t := turns.time_of(key)) is not None}))
    pattern = plain(pattern, changed, known, ran)
    first = turns.time_of(timed[0])
    together = _belong_together(turns, found) and kind not in (*_IN_MEMORY, "wrong order")
    if pattern in PLAIN and first in changed and together:
        pattern = begins_later(turns, _set_by_both(found)) or pattern
    if pattern == "all":
        pattern = within(known, _whole(turns))
    return pattern, changed if pattern == in_words(changed, known) else counted(pattern, known)


def _wrong_values(turns: Turns, found: list[Edited]) -> tuple[int, ...]:
    """Return the time steps at which what both texts set has another value, mattering or not."""
    names = {name.partition("[")[0] for name in _set_by_both(found)}
    wrong = {
        turns.time_of(key)
        for key in turns.timed()
        for name, (was, becomes) in turns.left.get(key, {}).items()
        if name.partition("[")[0] in names
        and (shape_of(was) != shape_of(becomes) or np.any(apart(was, becomes)))
    }
    return tuple(sorted(time for time in wrong if time is not None))


def _belong_together(turns: Turns, found: list[Edited]) -> bool:
    """Return whether an old line may need the other old ones, or those of the steps before it.

    So it does with what is set outside of the loop, and with what one of the texts takes away.
    """
    inside = [bool(loops_in(one.around_old or one.around_new)) for one in found]
    takes = [sum(called(n) in ("pop", "popleft") for n in ast.walk(s))
             for one in found for s in (one.old, one.new) if s is not None]  # fmt: skip
    raises = any(key not in turns.alone for key in turns.timed())
    return raises or (any(inside) and not all(inside)) or bool(sum(takes) % 2)


def _is_of_a_carry(kind: str, turns: Turns, found: list[Edited]) -> bool:
    """Return whether the steps at which a carry matters are all but those where it is zero."""
    changed, known = turns.changed() or turns.known(), turns.known()
    if 0 < len(changed) < len(known) and changed == known[: len(changed)]:
        return True  # it is zero for some steps more, as nothing comes in there
    if kind == "carry lost" and changed == known[1:] and any(one.moved for one in found):
        return not _goes_up(turns, turns.timed())  # there the loop ends, and it is run after it
    return kind == "carry lost" and changed == known and _hands_nothing_on(turns, found)


def _leaves_the_same(turns: Turns) -> bool:
    """Return whether all that both texts set has the same value: they differ in memory alone."""
    pairs = [pair for left in turns.left.values() for pair in left.values()]
    return bool(pairs) and all(
        shape_of(was) == shape_of(becomes) and not np.any(apart(was, becomes))
        for was, becomes in pairs
    )


def _whole(turns: Turns) -> tuple[int, ...]:
    """Return the time steps of the longest loop that counts them."""
    loops = [ticks for ticks in turns.loops if ticks.named and is_time(ticks, turns.loops)]
    counted_in = max((ticks.times() for ticks in loops), key=len, default=[])
    return tuple(sorted(counted_in))


def _goes_up(turns: Turns, timed: list[Key]) -> bool:
    """Return whether steps are run from the first to the last."""
    times = [turns.time_of(key) for key in timed]
    return times[0] != times[-1] and times == sorted(times, key=lambda time: time or 0)


def _hands_nothing_on(turns: Turns, found: list[Edited]) -> bool:
    """Return whether what a loop hands on is not set at all, in place of set to another value."""
    before, after = _set_by(found)
    loops = [loop for one in found for loop in loops_in(one.around_new or one.around_old)]
    handed = set().union(*map(handed_on, loops))
    return turns.hands_on() and (not loops or bool((after - before) & handed))


def _set_by(found: list[Edited]) -> tuple[set[str], set[str]]:
    """Return what the old statements set, and what the new ones do."""
    old = stored([one.old for one in found if one.old is not None])
    return old, stored([one.new for one in found if one.new is not None])


def _set_by_both(found: list[Edited]) -> set[str]:
    """Return what both the old statements and the new ones set, of those in loops if any is."""
    inside = [one for one in found if loops_in(one.around_old or one.around_new)]
    return set.intersection(*_set_by(inside or found))


def _is_beside(turns: Turns, found: list[Edited]) -> bool:
    """Return whether an edit is of no loop, nor of a line that is run once a step."""
    return not any(
        (isinstance(one.statement, Loop) and score_of(one.statement) > 0)
        or any(map(score_of, loops_in(one.around_old or one.around_new)))
        for one in found
    ) and all(turns.time_of(key) is None for key in turns.executed)


def _is_in_time(one: Edited) -> bool:
    """Return whether the innermost loop around a statement may be one over time."""
    loops = loops_in(one.around_old or one.around_new)
    return bool(loops) and score_of(loops[-1]) > 0


def _has_all_steps(turns: Turns) -> bool:
    """Return whether what is set is wrong along an axis of its own for time, but for an end."""
    left = [pair for both in turns.left.values() for pair in both.values()]
    told = {along_time(was, becomes, turns.steps) for was, becomes in left}
    return bool(told & {"all", "all but t=0", "all but the last"})


def _last(turns: Turns) -> list[tuple[Key, Pair]]:
    """Return what the edited statement made last at each key: (with the old text, as mended)."""
    return [
        (key, (was[-1] if was else None, becomes[-1] if becomes else None))
        for key, (was, becomes) in turns.values.items()
    ]


def _left_behind(turns: Turns, found: list[Edited]) -> bool:
    """Return whether a statement is run after the loop over time that it belongs into."""
    keys = set(turns.executed)
    within = [turns.time_of(key) is not None for key in keys if key[0] >= 0]
    outside_too = any(key[0] < 0 for key in keys)
    return outside_too and (any(within) or not within) and not _index_moves(found[0], turns)


def pattern_of_runs(
    kind: str, old: str, new: str, runs: list[tuple[Turns | None, tuple[Mapping[str, Any], ...]]]
) -> tuple[str, tuple[int, ...]]:
    """Return the pattern of a mistake as `pattern_of_edit` does, from runs on several inputs.

    What is wrong nowhere in one of them is of no step: an axis of the other's is as long as time
    by chance. Else the run tells that has more steps wrong: in the other a number is right by
    chance. The steps are those of the first run.

    Parameters
    ----------
    kind, old, new : str
    runs : list of (Turns or None, inputs)
    """
    shown = [turns is not None and bool(turns.matters or turns.shared) for turns, _ in runs]
    if True in shown and not shown[0]:  # the values of that one hide it
        runs = [runs[shown.index(True)]]
    told = [pattern_of_edit(kind, old, new, turns, inputs) for turns, inputs in runs]
    first, steps = told[0]
    known = runs[0][0].known() if runs[0][0] is not None else ()
    for (turns, _), (pattern, changed) in zip(runs[1:], told[1:], strict=True):
        if turns is None:
            continue
        if {first, pattern} == {"none", "all"} and not steps:
            return "none", ()
        if covers(pattern, first, steps, known):
            first, steps = pattern, counted(pattern, known)
        elif are_chance(first, pattern) and not covers(first, pattern, changed, turns.known()):
            first = "all"  # at the others it is right by chance
        elif says_more(pattern, first):
            first, steps = pattern, counted(pattern, known)
    return first, steps


def _index_moves(one: Edited, turns: Turns) -> bool:
    """Return whether a statement writes to another place at each step."""
    number = next((key[0] for key in turns.executed if key[0] >= 0), None)
    if number is not None and not any(
        same(headed(turns.loops[number].loop), headed(loop))
        for loop in loops_in(one.around_new or one.around_old)
    ):
        return False  # the steps are the caller's
    statement = one.statement
    if not isinstance(statement, ast.Assign | ast.AugAssign):
        return isinstance(statement, ast.Expr)
    target, _ = written(statement)
    index = [n.slice for n in ast.walk(target) if isinstance(n, ast.Subscript)]
    names = {n.id for i in index for n in ast.walk(i) if isinstance(n, ast.Name)}
    loops = loops_in(one.around_old or one.around_new)
    time = max(loops, key=score_of, default=None)
    if time is None:
        return False
    moving = time.target if isinstance(time, ast.For) else time.test
    return bool(names & {n.id for n in ast.walk(moving) if isinstance(n, ast.Name)})


def _is_looked_up(one: Edited) -> bool:
    """Return whether a statement writes where an entry of an array tells it: ``dU[:, x[t]]``."""
    if one.new is not None and "np.add.at(" in ast.unparse(one.new):
        return True
    statement = one.old or one.statement
    if not isinstance(statement, ast.Assign | ast.AugAssign):
        return False
    index = [n.slice for n in ast.walk(written(statement)[0]) if isinstance(n, ast.Subscript)]
    return any(isinstance(n, ast.Subscript) for i in index for n in ast.walk(i))


def _but_the_last_run(kind: str, turns: Turns, found: list[Edited]) -> str:
    """Tell where a sum is wrong that only what is run last is left of.

    What stands after the loop, or is one line that sets what it should add to, loses all
    contributions but that one. What sets many sums at once is read as it is: its value is right
    where nothing is summed up yet, at the step that is run first.
    """
    timed = turns.timed()
    if timed:
        times = turns.loops[timed[0][0]].times() if timed[0][0] >= 0 else [1, 0]
        backwards = times[-1] <= times[0]
        one = len(found) == 1 and isinstance(found[0].old, ast.Assign)
        lost = one or kind == "accumulation outside the loop"
        return "all but t=0" if backwards == lost else "all but the last"
    loops = [loop for one in found for loop in loops_in(one.around_new)]
    if loops and turns.steps and not any(map(score_of, loops)):
        return "none"
    forwards = loops and not any(map(goes_backwards, loops)) and len(turns.executed) > 1
    return "all but the last" if forwards else "all but t=0"
