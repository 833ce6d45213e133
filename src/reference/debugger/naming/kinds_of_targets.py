"""Kinds of mistake in what is written to: the right value, in the wrong place."""

from __future__ import annotations

import ast

from reference.debugger.naming.kinds_by_place import of_place
from reference.debugger.naming.kinds_of_expressions import Seen, of_differences
from reference.debugger.texts.differences import Signed, differences, factors
from reference.debugger.texts.edited import Edited, same
from reference.debugger.texts.roles import (
    another_gate,
    function_of,
    is_slope,
    loaded,
    loops_in,
    nodes_of,
    stored,
)


def of_target(old: ast.expr, new: ast.expr, change: Edited, seen: Seen) -> str:
    """Name a value that is written to the wrong place."""
    if is_all_of(old, new):
        return "aliasing"  # what is written to is somebody else's, too
    if is_all_of(new, old) and not loops_in(change.around_new):
        return "never returned"  # who has the array does not get what the name is set to
    found = differences(old, new)
    if any(d.what == "swapped" for d in found):
        return "wrong order"
    loops = loops_in(change.around_new)
    if not loops and _is_another_key(old, new):
        return "wrong name"
    if (
        isinstance(change.old, ast.AugAssign)
        and isinstance(change.new, ast.AugAssign)
        and (
            _part_of(new, old)
            and is_slope([change.old.value, *nodes_of(_all(change.old.value))], [])
        )
    ):
        return "wrong derivative"  # of a part only
    for d in found:
        if place := of_place(d, change):
            return place
        for was, becomes in zip(nodes_of(d.old), nodes_of(d.new), strict=False):
            if not isinstance(was, ast.Name | ast.Attribute):
                continue
            name, other = ast.unparse(becomes), ast.unparse(was)
            if name.lower().replace("_", "") == other.lower().replace("_", ""):
                return "wrong name"
            if another_gate(other, name):
                return "gate copied"
            if not isinstance(old, ast.Name | ast.Attribute | ast.Tuple):
                continue
            read = loaded(list(loops[-1].body)) if loops else set()
            before = loops_in(change.around_old)
            body = before[-1].body if before else []
            if name in read and name not in stored(list(body)):
                return "carry lost"
            inside = function_of(change.around_new)
            if any(name in n.names for n in ast.walk(inside) if isinstance(n, ast.Nonlocal)):
                return "never returned"
    if loops and isinstance(old, ast.Name) and isinstance(new, ast.Name):
        return "carry lost" if is_read_next(new, change) else "wrong name"
    return of_differences(found, change, seen)


def is_all_of(node: ast.expr, whole: ast.expr) -> bool:
    """Return whether a place is all the entries of another."""
    return _part_of(node, whole) and ast.unparse(node).endswith(("[:]", "[...]"))


def _is_another_key(old: ast.expr, new: ast.expr) -> bool:
    """Return whether two places are entries of one dict under other names, of no other gate."""
    if not (isinstance(old, ast.Subscript) and isinstance(new, ast.Subscript)):
        return False
    keys = [getattr(node.slice, "value", None) for node in (old, new)]
    texts = [key for key in keys if isinstance(key, str)]
    return same(old.value, new.value) and len(texts) == 2 and not another_gate(*texts)


def _part_of(node: ast.expr, whole: ast.expr) -> bool:
    return isinstance(node, ast.Subscript) and same(node.value, whole)


def _all(node: ast.expr) -> tuple[Signed, ...]:
    return tuple(factors(node))


def is_read_next(target: ast.expr, change: Edited) -> bool:
    """Return whether the loop around a change reads what it sets."""
    loops = loops_in(change.around_new)
    return bool(loops) and ast.unparse(target) in loaded(list(loops[-1].body))


def is_hidden(target: ast.expr, change: Edited) -> bool:
    """Return whether a function sets what it is given anew, and returns nothing: nobody sees it."""
    function = function_of(change.around_old)
    if not isinstance(function, ast.FunctionDef) or not isinstance(change.old, ast.Assign):
        return False
    results = [n for n in ast.walk(function) if isinstance(n, ast.Return | ast.Yield) and n.value]
    later = [s for s in function.body if s.lineno > change.old.lineno]
    return (
        isinstance(target, ast.Name)
        and target.id in {a.arg for a in function.args.args}
        and target.id not in loaded(later)
        and not results
    )
