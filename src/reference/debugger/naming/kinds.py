"""The name of a mistake in the field's words, decided from what an edit changes.

Nothing here asks who made the edit: the same change of text has the same name, whether it was
found by trying derivatives or by trying operands. The order of the questions is the procedure:
what happened to the statement (put in, taken out, moved, replaced), then which terms or factors
differ, then what the names stand for.
"""

from __future__ import annotations

import ast
from dataclasses import replace

import numpy as np

from reference.debugger.naming.compared import Compared, plainly_compared
from reference.debugger.naming.innocent import suspects
from reference.debugger.naming.joined import telling, together
from reference.debugger.naming.kinds_by_flow import of_flow
from reference.debugger.naming.kinds_by_runs import by_runs
from reference.debugger.naming.kinds_by_walks import of_ends
from reference.debugger.naming.kinds_of_expressions import (
    Seen,
    of_difference,
    of_differences,
    rank,
)
from reference.debugger.naming.kinds_of_moves import is_idle, is_read_no_more, of_move
from reference.debugger.naming.kinds_of_targets import is_all_of, is_hidden, is_read_next, of_target
from reference.debugger.naming.kinds_of_whole import of_whole
from reference.debugger.naming.meant_runs import outputs_of
from reference.debugger.naming.shifts import are_shifted
from reference.debugger.naming.turns import Turns
from reference.debugger.naming.weighed import may_be_plainer, outweighed
from reference.debugger.running.shapes import shape_of
from reference.debugger.texts.differences import differences
from reference.debugger.texts.edited import (
    Assigning,
    Edited,
    dumped,
    headed,
    same,
    simple,
    written,
)
from reference.debugger.texts.inlined import inlined
from reference.debugger.texts.roles import (
    called,
    function_of,
    is_empty,
    is_zero,
    loaded,
    loops_in,
    place_of,
    stored,
)
from reference.debugger.texts.walks import are_reversed

__all__ = ["Seen", "kind_of", "kind_of_change"]

_UNSEEN = Seen()
_OF_PLACES = ("index off by one", "forward order", "transposed", "wrong order", "wrong dtype")


def kind_of(old: str, new: str, seen: Seen = _UNSEEN) -> str:
    """Return the kind of the mistake that was made in `old` and is mended in `new`.

    Examples
    --------
    >>> kind_of("do = dh * tanh_c", "do = dh * tanh_c * o * (1 - o)")
    'missing derivative'
    """
    both, turns = plainly_compared(old, new), seen.turns
    found, memory = both.edits, _of_memory(both, seen)
    if turns is not None and not seen.walks:
        ends = of_ends(found, turns.loops, turns.broken, not turns.answers[0])
        seen = replace(seen, walks=ends)
    flow = of_flow(found)
    kind = by_runs(_by_text(old, new, seen), flow, seen)
    if seen.only_effects and kind == "initial value":
        return "argument changed"  # what a sum begins with is somebody else's
    told = memory or seen.walks or kind == flow
    if turns is None or told or not may_be_plainer(kind, found, seen):
        return kind
    plain = turns.plain()
    plainer = "" if plain is None else plain.kind or kind_of(plain.old, plain.new)
    if kind == "never returned" and (
        plainer == "missing path" or (plainer == "wrong sign" and _is_zero(turns))
    ):
        return kind  # what is written to an array of its own is as if it was not there
    return plainer or kind


def _is_zero(turns: Turns) -> bool:
    """Return whether all outputs that the mistake changes are zero with it."""
    before, after = map(outputs_of, turns.answers)
    return not any(
        np.any(value)
        for name, value in before.items()
        if shape_of(value) != shape_of(after.get(name, 0)) or np.any(value != after[name])
    )


def _by_text(old: str, new: str, seen: Seen) -> str:
    """Return the kind that the text tells."""
    both = plainly_compared(old, new)
    memory = _of_memory(both, seen)
    if memory:
        return "argument changed" if seen.only_effects and memory != "aliasing" else memory
    return outweighed(_of_text(both, old, new, seen), both.edits, seen)


def _of_memory(both: Compared, seen: Seen) -> str:
    """Return the kind that the whole edit tells of memory, but for what a copy does not mend."""
    kind, _ = both.memory
    chains = [s for one in both.edits if isinstance(s := one.old, ast.Assign) and s.targets[1:]]
    several = len(chains) > 1  # a copy of each is asked for, and one alone is tried
    return "" if kind == "aliasing" and seen.owns_memory and not several else kind


def _of_text(both: Compared, old: str, new: str, seen: Seen) -> str:
    found = list(both.edits)
    if whole := of_whole(found):
        return whole
    found = inlined([change for change in found if not is_idle(change)] or found, *both.trees)
    found = telling(together(found), *both.trees)
    if not found and not same(ast.parse(old), ast.parse(new)):
        if seen.owns_memory:
            return "wrong order"
        return "argument changed" if seen.only_effects else "aliasing"  # the same, elsewhere
    for some in (suspects(found, seen.turns), found):
        kinds = [kind for change in some if (kind := kind_of_change(change, seen))]
        if kinds:
            return "wrong operand" if _are_of_one_sum(some, kinds) else min(kinds, key=rank)
    return ""


def _are_of_one_sum(found: list[Edited], kinds: list[str]) -> bool:
    """Return whether to one place another value is added, in other statements."""
    both = (
        {
            place_of(statement.target)
            for one in found
            if None in (one.old, one.new)
            and isinstance(statement := getattr(one, side), ast.AugAssign)
        }
        for side in ("old", "new")
    )
    added = list(both)
    return set(kinds) == {"spurious term", "missing path"} and added[0] == added[1] != set()


def kind_of_change(change: Edited, seen: Seen = _UNSEEN) -> str:
    """Return the kind of one changed statement."""
    if change.moved:
        return _of_surplus(change, seen) if is_read_no_more(change) else of_move(change)
    if change.old is None:
        return _of_missing(change, seen)
    if change.new is None:
        return _of_surplus(change, seen)
    return _of_replaced(change, seen)


def _of_missing(change: Edited, seen: Seen) -> str:
    statement = change.new
    loops = loops_in(change.around_new)
    if isinstance(statement, ast.Nonlocal | ast.Global):
        return "never returned"
    inner = simple(statement)
    if isinstance(inner, ast.Expr):
        if called(inner.value) in ("clear", "fill", "reset"):
            return "state between calls"
        if called(inner.value) == "reverse":
            return "forward order"
        result = called(inner.value) in ("update", "setdefault") and not loops
        return "never returned" if result else "missing path"
    if not isinstance(inner, ast.Assign | ast.AugAssign | ast.AnnAssign) or inner.value is None:
        return "never returned" if isinstance(inner, ast.Return) else "missing path"
    target, value = written(inner)
    name = ast.unparse(target)
    if called(inner.value) in ("copy", "array", "deepcopy"):
        return "argument changed" if seen.only_effects else "aliasing"
    if is_empty(inner.value):
        if loops:
            return "spurious term"
        return "state between calls" if "." in name or _is_global(name, change) else "initial value"
    key = getattr(target.slice, "value", None) if isinstance(target, ast.Subscript) else None
    if isinstance(inner, ast.Assign) and isinstance(key, str) and not loops:
        return "never returned" if _is_returned(target, change) else "missing path"
    anew = isinstance(inner, ast.Assign) and name not in loaded([inner.value])
    if anew and loops and _is_stale(name, change):
        return "carry lost"
    if dumped(target) in {dumped(node) for node in ast.walk(value)}:
        found = differences(target, value)
        return of_difference(found[0], change, seen) if len(found) == 1 else "missing path"
    return "missing path"


def _is_returned(target: ast.expr, change: Edited) -> bool:
    """Return whether what an entry is written into is given back, or belongs to an object."""
    assert isinstance(target, ast.Subscript)
    place = dumped(target.value)
    returns = [n.value for n in ast.walk(function_of(change.around_new))
               if isinstance(n, ast.Return | ast.Yield) and n.value is not None]  # fmt: skip
    return not isinstance(target.value, ast.Name) or any(
        dumped(node) == place for value in returns for node in ast.walk(value)
    )


def _is_stale(name: str, change: Edited) -> bool:
    """Return whether a loop reads what was set before it and is set in it by the edit alone."""
    loop = loops_in(change.around_new)[-1]
    function = function_of(change.around_new)
    before = [s for s in ast.walk(function) if isinstance(s, ast.stmt) and s.lineno < loop.lineno]
    others = [s for s in loop.body if s is not change.new]
    arguments = {a.arg for a in function.args.args} if isinstance(function, ast.FunctionDef) else ()
    return (
        name in loaded(others)
        and name not in stored(others)
        and (name in stored([s for s in before if not hasattr(s, "body")]) or name in arguments)
    )


def _of_surplus(change: Edited, seen: Seen) -> str:
    inner = simple(change.old)
    if isinstance(inner, ast.Pass):
        return ""
    loops = loops_in(change.around_old)
    if isinstance(inner, ast.Continue | ast.Break):
        return "loop bounds"
    if isinstance(inner, ast.Global):
        return "state between calls"
    if isinstance(change.around_old[-1], ast.ClassDef) and isinstance(inner, ast.Assign):
        return "state between calls"  # what the class had belonged to all of its objects
    if isinstance(inner, ast.Assign | ast.AugAssign):
        target, value = written(inner)
        zero = isinstance(inner, ast.Assign) and is_zero(inner.value)
        if zero and (loops or _was_set(target, change)):
            return "carry lost"
        if seen.only_effects:
            return "argument changed"
        changed = differences(value, target)
        if len(changed) == 1 and changed[0].what in ("factors", "terms"):
            return of_difference(changed[0], change, seen)
        again = isinstance(inner, ast.Assign) and len(changed) == 1
        kind = of_difference(changed[0], change, seen) if again else ""
        if kind in _OF_PLACES:
            return kind
        if isinstance(inner, ast.Assign) and _cuts(target, inner.value):
            return "clipped"
        if isinstance(inner, ast.Assign) and isinstance(target, ast.Subscript):
            return "aliasing"
    if isinstance(inner, ast.Expr) and called(inner.value) == "clip":
        return "clipped"
    return "argument changed" if seen.only_effects else "spurious term"


def _was_set(target: ast.expr, change: Edited) -> bool:
    """Return whether a variable had a value before in its function, that is set to zero now."""
    body = getattr(function_of(change.around_old), "body", [])
    before = [s for s in body if s.lineno < change.statement.lineno]
    return isinstance(target, ast.Name) and target.id in stored(before)


def _cuts(target: ast.expr, value: ast.expr) -> bool:
    """Return whether a value is set back to a limit, as a whole or where it is beyond it."""
    beyond = isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Compare)
    limited = called(value) in ("minimum", "maximum") or "clip" in ast.unparse(value)
    return limited or (beyond and isinstance(value, ast.Constant) and bool(value.value))


def _is_global(name: str, change: Edited) -> bool:
    function = function_of(change.around_new or change.around_old)
    return any(isinstance(n, ast.Global) and name in n.names for n in ast.walk(function))


def _of_replaced(change: Edited, seen: Seen) -> str:
    old, new = change.old, change.new
    assert old is not None
    assert new is not None
    if are_shifted(old, new):
        return "index off by one"
    if isinstance(old, ast.Global):
        return "state between calls"
    if isinstance(old, ast.Pass):
        return _of_missing(replace(change, old=None), seen)
    if hasattr(old, "body"):
        return _of_head(old, new, change, seen)
    added = _added_at(old, new)
    if added:
        return added
    if isinstance(old, ast.Expr) and isinstance(new, ast.Assign) and same(old.value, new.value):
        return "carry lost" if is_read_next(new.targets[0], change) else "never returned"
    if isinstance(old, Assigning) and isinstance(new, Assigning):
        if old.value is None or new.value is None:
            return "wrong name"
        (target, value), (other, becomes) = written(old), written(new)
        whole = isinstance(new, ast.AugAssign) and is_all_of(target, other)
        if not same(target, other) and not whole:
            return of_target(target, other, change, seen)
        if isinstance(old, ast.AugAssign) and isinstance(new, ast.Assign):
            return _of_in_place(old, new, change, seen)
        if isinstance(new, ast.AugAssign) and is_hidden(target, change):
            return "never returned"
        if isinstance(new, ast.AugAssign) and same(value, becomes):
            scaled = isinstance(new.op, ast.Mult | ast.Div)
            found = differences(other, becomes) if scaled else []
            # The place that is to be changed stays as it is.
            return of_differences(found, change, seen) if found else "never returned"
        return of_differences(differences(value, becomes), change, seen)
    return of_differences(differences(old, new), change, seen)


def _added_at(old: ast.stmt, new: ast.stmt) -> str:
    """Name the mistake that ``np.add.at`` mends."""
    if isinstance(new, ast.Expr) and "add.at" in ast.unparse(new.value):
        if isinstance(old, ast.AugAssign):
            return "repeated indices"
        if isinstance(old, ast.Assign):
            return "= for +="
    return ""


def _of_in_place(old: ast.AugAssign, new: ast.Assign, change: Edited, seen: Seen) -> str:
    _, whole = written(old)
    if same(whole, new.value):
        return "argument changed" if seen.only_effects else "aliasing"
    if same(old.value, new.value):
        return "+= for ="
    return of_differences(differences(whole, new.value), change, seen)


def _of_head(old: ast.stmt, new: ast.stmt, change: Edited, seen: Seen) -> str:
    """Name the mistake in the first line of a loop, a condition or a function."""
    if isinstance(old, ast.FunctionDef) and isinstance(new, ast.FunctionDef):
        bound = [d for d in new.args.defaults if isinstance(d, ast.Name)]
        if len(new.args.defaults) > len(old.args.defaults) and bound:
            return "late binding"
        defaults = [d for d in old.args.defaults if isinstance(d, ast.Dict | ast.List | ast.Call)]
        if defaults and len(new.args.defaults) <= len(old.args.defaults):
            return "state between calls"
        return "wrong operand"
    if isinstance(old, ast.For) and isinstance(new, ast.For):
        steps, other = _unturned(old.iter), _unturned(new.iter)
        told = isinstance(other, ast.Call) and called(other) not in ("range", "enumerate", "zip")
        if are_reversed(old.iter, new.iter) or (called(steps) == "range" and told):
            return "forward order"
    if isinstance(old, ast.If) and isinstance(new, ast.If):
        for less, more, kind in ((old, new, "missing path"), (new, old, "spurious term")):
            both = _all_of(less.test)
            if any(same(part, more.test) for part in both):
                return kind
    kind = of_differences(differences(headed(old), headed(new)), change, seen)
    cut = (
        isinstance(old, ast.For)
        and isinstance(new, ast.For)
        and not same(old.iter, new.iter)
        and not _is_beside_another(old.iter, new.iter)
    )
    return "loop bounds" if cut and kind == "index off by one" else kind


def _unturned(steps: ast.expr) -> ast.expr:
    """Return what is turned round: the x of ``reversed(list(x))``."""
    while called(steps) in ("reversed", "list") and isinstance(steps, ast.Call) and steps.args:
        steps = steps.args[0]
    return steps


def _all_of(test: ast.expr) -> list[ast.expr]:
    """Return the conditions that have to hold together."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return test.values
    return []


def _is_beside_another(old: ast.expr, new: ast.expr) -> bool:
    """Return whether of several things that a loop walks over one is another: the turns stay."""
    return (
        called(old) == called(new) == "zip"
        and isinstance(old, ast.Call)
        and isinstance(new, ast.Call)
        and any(same(a, b) for a, b in zip(old.args, new.args, strict=False))
    )
