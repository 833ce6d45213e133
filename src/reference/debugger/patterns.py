"""At which time steps a mistake shows, in words: from runs before and after its mend."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np

from reference.debugger.clock import goes_backwards, score_of
from reference.debugger.differences import differences
from reference.debugger.edited import Edited, edited, same, written
from reference.debugger.kinds import Seen
from reference.debugger.kinds_of_memory import of_memory
from reference.debugger.roles import function_of, loaded, loops_in, made_before, stored
from reference.debugger.timing import in_words
from reference.debugger.turns import Turns

_BY_KIND = {
    "repeated indices": "after an index repeats",
    "carry lost": "all but the last",
    "wrong name": "none",
    "forward order": "all",
}


def seen_in(turns: Turns | None, only_effects: bool = False) -> Seen:
    """Return what the runs tell about the value of the edited statement."""
    if turns is None:
        return Seen(only_effects=only_effects)
    shapes: list[tuple[int, ...] | None] = [None, None]
    for pair in turns.values.values():
        for k, values in enumerate(pair):
            if values and values[-1] is not None:
                shapes[k] = np.shape(values[-1])
    return Seen(shapes[0], shapes[1], turns.steps, only_effects)


def pattern_of_edit(
    kind: str, old: str, new: str, turns: Turns | None, inputs: tuple[Mapping[str, Any], ...]
) -> tuple[str, tuple[int, ...]]:
    """Return the pattern of a mistake in words, and the time steps where they are known.

    Parameters
    ----------
    kind : str
        As `reference.debugger.kinds.kind_of` names it.
    old, new : str
        The text before and after the edit.
    turns : Turns or None
        What the woven program showed.
    inputs : (params, inputs)
        What it ran on: masks are looked for there.
    """
    trees = ast.parse(old), ast.parse(new)
    found = edited(*trees)
    known = turns.known() if turns is not None else ()
    if of_memory(*trees) == ("aliasing", ""):  # all elements are one
        return "all", known
    in_a_loop = any(loops_in(one.around_old or one.around_new) for one in found)
    if kind in _BY_KIND and (kind != "repeated indices" or in_a_loop):
        pattern = _BY_KIND[kind]
        return pattern, _counted(pattern, known)
    if turns is None or not found:
        return ("none" if kind in ("never returned", "wrong shape") else "all"), ()
    if kind == "loop bounds":
        return _of_bounds(turns)
    summed = kind == "accumulation outside the loop" or (
        kind == "= for +=" and _sums_over_time(found[0])
    )
    if summed and not _index_moves(found[0]):
        pattern = _but_the_last_run(turns, found)
        return pattern, _counted(pattern, known)
    timed = [key for key in turns.executed if turns.time_of(key) is not None]
    masked = _masked(turns, inputs)
    if masked:
        return masked, turns.changed()
    if timed and kind == "wrong shape":  # it is wrong however often it is made
        return "all", known
    if timed:
        changed = turns.changed() or known
        return in_words(changed, known), changed
    return _without_time(kind, found, turns), ()


def _counted(pattern: str, known: tuple[int, ...]) -> tuple[int, ...]:
    return {"all": known, "t=0": known[:1], "the last": known[-1:], "all but t=0": known[1:],
            "all but the last": known[:-1]}.get(pattern, ())  # fmt: skip


def _of_bounds(turns: Turns) -> tuple[str, tuple[int, ...]]:
    """Tell which time steps a loop leaves out, or has too many."""
    pairs = list(zip(turns.loops, turns.broken, strict=True))
    # A loop that is written anew runs in one of the two programs, its twin in the other.
    gone = [before for ticks, before in pairs if before and not ticks.values]
    for ticks, before in pairs:
        twin = gone.pop(0) if ticks.values and not before and gone else before
        known, was = set(ticks.values), set(twin)
        if None in known | was or not was or known == was:
            continue
        raised = not turns.answers[0]
        if known - was and was - known and not raised:
            return "all", ()
        apart = (was - known if raised else set()) or known - was or was - known
        # No value is None here: that has been looked at above.
        whole = sorted(known | was)  # type: ignore[type-var]  # none is None, see above
        return in_words(tuple(sorted(apart)), tuple(whole)), tuple(sorted(apart))  # type: ignore  # none is None, see above
    key = next(iter(turns.matters), None)
    return ("all" if key is None else in_words(turns.changed(), turns.known())), turns.changed()


def _index_moves(one: Edited) -> bool:
    """Return whether a statement writes to another place at each step."""
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


def _sums_over_time(one: Edited) -> bool:
    """Return whether a loop over time only adds to what a statement writes to.

    What is set anew or read in it sums up something else: gates, or what enters one step.
    """
    around, statement = one.around_old or one.around_new, one.old or one.statement
    if not isinstance(statement, ast.Assign | ast.AugAssign):
        return True
    target, _ = written(statement)
    names = {ast.unparse(target)}
    if isinstance(target, ast.Subscript) and any(
        isinstance(node, ast.Slice) for node in ast.walk(target.slice)
    ):
        names.add(ast.unparse(target.value))
    loops = loops_in(around)
    if not loops:
        function = function_of(around)
        body = function.body if isinstance(function, ast.FunctionDef) else []
        return not (isinstance(target, ast.Name) and made_before(target.id, statement, body))
    others = [
        node
        for node in ast.walk(max(loops, key=score_of))
        if isinstance(node, ast.stmt) and not hasattr(node, "body") and not same(node, statement)
    ]
    read = loaded([value for n in others if (value := getattr(n, "value", None)) is not None])
    return not names & (stored(others) | read)


def _but_the_last_run(turns: Turns, found: list[Edited]) -> str:
    """Tell which contributions to a sum are lost, where only the one that is run last stays."""
    loops = [loop for one in found for loop in loops_in(one.around_new)]
    if any(map(goes_backwards, loops)):
        return "all but t=0"
    timed = [key for key in turns.executed if key[0] >= 0]
    if timed:
        times = turns.loops[timed[0][0]].times()
        return "all but t=0" if times[-1] <= times[0] else "all but the last"
    return "all but t=0"


def _without_time(kind: str, found: list[Edited], turns: Turns) -> str:
    """Tell what a statement outside of the loops over time is about: where they begin or end."""
    if kind == "wrong shape":
        return "none"
    # A value with an axis of its own for time tells itself.
    for was, becomes in turns.values.values():
        axis = _along_time(was, becomes, turns.steps)
        if axis:
            return axis
    for one in found:
        around = one.around_new or one.around_old
        line = one.statement.lineno
        loops = [n for n in ast.walk(function_of(around)) if isinstance(n, ast.For | ast.While)]
        if loops_in(around) and not (one.moved and kind == "initial value"):
            continue
        after = [loop for loop in loops if loop.lineno > line]
        before = [loop for loop in loops if (loop.end_lineno or loop.lineno) < line]
        if after:
            loop = min(after, key=lambda loop: loop.lineno)
            if _handed_on(loop) & _touched(one, ast.Store):
                return "the last" if goes_backwards(loop) else "t=0"
        if before:
            loop = max(before, key=lambda loop: loop.lineno)
            if _handed_on(loop, sums=False) & _touched(one, ast.Load):
                return "t=0" if goes_backwards(loop) else "the last"
    return "none" if kind == "never returned" else "all"


def _handed_on(loop: ast.For | ast.While, sums: bool = True) -> set[str]:
    """Return what a loop hands from one turn to the next: read before it is written.

    With `sums`, buffers of which it reads one entry and writes another count too.
    """
    body = list(loop.body)
    handed = set()
    for name in stored(body) & loaded(body):
        first = next(s for s in body if name in stored([s]))
        reads = [s for s in body if name in loaded([s])]
        if reads[0].lineno <= first.lineno:
            handed.add(name)
    added = [s for top in body for s in ast.walk(top) if isinstance(s, ast.AugAssign)]
    handed -= {ast.unparse(s.target) for s in added if isinstance(s.target, ast.Name)}
    if not sums:
        return {name for name in handed if "[" not in name}
    parts = [n for s in body for n in ast.walk(s) if isinstance(n, ast.Subscript)]
    written_to = {ast.unparse(n.value) for n in parts if isinstance(n.ctx, ast.Store)}
    return handed | (written_to & {ast.unparse(n.value) for n in parts
                                   if isinstance(n.ctx, ast.Load)})  # fmt: skip


def _touched(one: Edited, context: type) -> set[str]:
    """Return what the edit is about: what it writes to, or what only one of the texts reads."""
    both = [s for s in (one.old, one.new) if s is not None]
    if context is ast.Store:
        found = stored(both)
        return found | {name.partition("[")[0] for name in found}
    if len(both) < 2:
        return loaded(both)
    found = set()
    for d in differences(both[0], both[1]):
        found |= loaded([node for _, node in (*d.old, *d.new)])
        if d.what in ("terms", "factors"):
            found |= loaded([node for _, node in d.common])
    return found


def _along_time(was: list[Any], becomes: list[Any], steps: int) -> str:
    """Tell at which places of an axis of the length of time two values differ."""
    if steps < 2 or not was or not becomes or was[-1] is None or becomes[-1] is None:
        return ""
    a, b = np.asarray(was[-1]), np.asarray(becomes[-1])
    if a.shape != b.shape or steps not in a.shape:
        return ""
    axis = a.shape.index(steps)
    apart = np.any(_apart(a, b), axis=tuple(k for k in range(a.ndim) if k != axis))
    changed = tuple(int(t) for t in np.flatnonzero(apart))
    return in_words(changed, tuple(range(steps))) if changed else ""


def _apart(a: Any, b: Any) -> Any:
    size = float(np.max(np.abs(b), initial=0.0)) + 1e-300
    return ~(np.abs(a - b) <= 1e-9 * size)


def _masked(turns: Turns, inputs: tuple[Mapping[str, Any], ...]) -> str:
    """Tell whether exactly the entries are wrong at which a mask of the inputs is 0."""
    for group in inputs:
        for name, mask in dict(group).items():
            array = np.asarray(mask)
            if array.ndim == 2 and _is_mask(array) and _fits(array, turns):
                return "where the mask is 0"
            if array.ndim == 1 and array.dtype.kind in "iu" and "len" in name and turns.steps:
                rows = np.arange(turns.steps)[:, None] < array
                if not rows.all() and _fits(rows, turns):
                    return "where the mask is 0"
    return ""


def _is_mask(array: Any) -> bool:
    return bool(np.all((array == 0) | (array == 1)) and np.any(array == 0) and np.any(array == 1))


def _fits(mask: Any, turns: Turns) -> bool:
    told = False
    for key, (was, becomes) in turns.values.items():
        if not was or not becomes or was[-1] is None or becomes[-1] is None:
            return False
        a, b = np.asarray(was[-1]), np.asarray(becomes[-1])
        if a.shape != b.shape:
            return False
        apart = _apart(a, b)
        if not apart.any():
            continue
        if apart.all():
            return False
        time = turns.time_of(key)
        rows = (
            [mask, mask.T] if time is None else [m[time] for m in (mask, mask.T) if time < len(m)]
        )
        if not any(_inside(apart, row == 0) for row in rows):
            return False
        told = True
    return told


def _inside(apart: Any, allowed: Any) -> bool:
    """Return whether what differs lies where it may, and fills most of that."""
    for lead in range(apart.ndim - allowed.ndim + 1):
        if apart.shape[lead : lead + allowed.ndim] != allowed.shape:
            continue
        others = tuple(k for k in range(apart.ndim) if not lead <= k < lead + allowed.ndim)
        there = apart.any(axis=others)
        if np.any(there) and np.all(there <= allowed) and there.sum() >= 0.5 * allowed.sum():
            return True
    return False
