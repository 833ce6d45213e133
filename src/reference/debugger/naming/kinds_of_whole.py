"""Kinds of edits that are told by all the statements they change together, not by each of them."""

from __future__ import annotations

import ast
import re

from reference.debugger.naming.kinds_of_expressions import exchanged
from reference.debugger.texts.differences import Signed, differences
from reference.debugger.texts.edited import Edited, Parents, dumped, same, simple, written
from reference.debugger.texts.roles import (
    called,
    is_slope,
    is_zero,
    loaded,
    loops_in,
    place_of,
    stored,
)

_LIMITS = ("clip", "clip_", "minimum", "maximum")
_SQUARES = re.compile(r"sum\(|\*\* 2|square\(|vdot\(|dot\(")


def of_whole(found: list[Edited]) -> str:
    """Return the kind of an edit, or nothing where each of its statements tells its own."""
    late = [[_looks_up_late(s, around) for s, around in side] for side in (
        [(one.old, one.around_old) for one in found], [(one.new, one.around_new) for one in found]
    )]  # fmt: skip
    if any(late[0]) and not any(late[1]):
        return "late binding"
    if _clips(found, "old") > _clips(found, "new") or any(map(switches_clipping, found)):
        return "clipped"
    if any(_keeps_what_was(one) for one in found):
        return "overwritten too early"
    if any(_numbers_in_turn(one) for one in found) or _gets_a_loop_of_its_own(found):
        return "wrong order"
    if kind := _of_tests(found):
        return kind
    if _is_for_one_entry(found):
        return "wrong shape"
    if _exchange_values(found):
        return "transposed" if _exchange_axes(found) else "wrong order"
    if moved := _moves_a_term(found):
        return moved
    if _gives_a_part_its_slope(found):
        return "wrong derivative"
    return _of_sums(found)


def _of_sums(found: list[Edited]) -> str:
    """Name what is set where it is to be added to, or the reverse, by a statement of another form.

    A loop that adds part by part stands for one statement, or ``d.update(parts)`` for a loop.
    """
    gone = [_write(one.old) for one in found if one.new is None]
    came = [_write(one.new) for one in found if one.old is None]
    for place, added in gone:
        if place and (place, not added) in came:
            return "+= for =" if added else "= for +="
    together = {place_of(c.new.targets[0]) for c in found if c.old is None
                and isinstance(c.new, ast.Assign) and called(c.new.value) == "sum"}  # fmt: skip
    for one in found:
        if one.new is None and isinstance(one.old, ast.For) and _write(one.old)[0] in together:
            return "= for +="
        part = isinstance(one.old, ast.AugAssign) and isinstance(one.old.target, ast.Subscript)
        place = _write(one.old) if part and one.new is None else ("", False)
        loops = [c.new for c in found if isinstance(c.new, ast.For) and c.old is None]
        if place[0] and any(_write(loop) == place for loop in loops):
            return "repeated indices"
    return ""


def _keeps_what_was(one: Edited) -> bool:
    """Return whether ``x = f(x)`` gets another name for the same: x is read again after it."""
    old, new = one.old, one.new
    if not isinstance(old, ast.Assign) or not isinstance(new, ast.Assign) or one.moved:
        return False
    targets = old.targets[0], new.targets[0]
    if not all(isinstance(target, ast.Name) for target in targets) or same(*targets):
        return False
    read = {n.id for n in ast.walk(old.value) if isinstance(n, ast.Name)}
    return same(old.value, new.value) and ast.unparse(targets[0]) in read


def _numbers_in_turn(one: Edited) -> bool:
    """Return whether a sequence is numbered before it is turned round, and was after, or so."""
    if not isinstance(one.old, ast.For) or not isinstance(one.new, ast.For):
        return False
    calls = [
        [called(node) for node in ast.walk(loop.iter) if isinstance(node, ast.Call)]
        for loop in (one.old, one.new)
    ]
    return all("enumerate" in names for names in calls) and (
        calls[0][:1] != calls[1][:1] and "reversed" in calls[0] + calls[1]
    )


def _of_tests(found: list[Edited]) -> str:
    """Name statements that stand under a condition in one text, and beside it in the other."""
    gone = [one.old for one in found if one.new is None and one.old is not None]
    come = [one.new for one in found if one.old is None and one.new is not None]
    for tests, beside, kind in ((gone, come, "missing path"), (come, gone, "spurious term")):
        inside = {dumped(s) for one in tests if isinstance(one, ast.If) for s in one.body}
        if any(dumped(s) in inside for s in beside):
            return kind
    return ""


def _gets_a_loop_of_its_own(found: list[Edited]) -> bool:
    """Return whether a statement is moved out of a loop, and goes over the same in another."""
    gone = {dumped(one.old) for one in found if one.new is None and one.old is not None}
    loops = [one.new for one in found if one.old is None and isinstance(one.new, ast.For)]
    return any(len(loop.body) == 1 and dumped(loop.body[0]) in gone for loop in loops)


def _write(statement: ast.stmt | None) -> tuple[str, bool]:
    """Return which place a statement writes to, if any, and whether it adds to it."""
    inner = simple(statement)
    if isinstance(inner, ast.AugAssign) and isinstance(inner.op, ast.Add):
        return place_of(inner.target), True
    if isinstance(inner, ast.Assign) and not is_zero(inner.value):
        target, value = written(inner)
        reads = any(same(n, target) for n in ast.walk(value))
        return ("", False) if reads else (place_of(target), False)
    call = inner.value if isinstance(inner, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
        if ast.unparse(call.func).endswith("add.at"):
            return place_of(call.args[0]), True
        if called(call) == "update":
            return place_of(call.func.value), False
    return "", False


def _exchange_values(found: list[Edited]) -> bool:
    """Return whether two statements get each other's value, or each other's target."""
    both = [
        list(differences(one.old, one.new))
        for one in found
        if one.old is not None and one.new is not None
    ]
    if len(found) != 2 or len(both) != 2:
        return False
    return _exchange_wholes(*found) or (
        [len(one) for one in both] == [1, 1] and exchanged(both[0][0], both[1][0])
    )


def _exchange_axes(found: list[Edited]) -> bool:
    """Return whether what two statements get of each other tells over which axes to sum."""
    apart = [d for one in found if one.old and one.new for d in differences(one.old, one.new)]
    return all(d.around and called(d.around[-1]) == "einsum" for d in apart)


def _exchange_wholes(one: Edited, other: Edited) -> bool:
    """Return whether two targets get each other's value."""
    values = [
        s.value
        for s in (one.old, one.new, other.old, other.new)
        if isinstance(s, ast.Assign | ast.AugAssign)
    ]
    if len(values) < 4:
        return False
    return same(values[0], values[3]) and same(values[1], values[2])


def _clips(found: list[Edited], side: str) -> int:
    """Count the statements that do nothing but set a value back to limits."""
    statements = [getattr(one, side) for one in found if not one.moved]
    return sum(called(getattr(s, "value", None)) == "clip" for s in statements)


def switches_clipping(one: Edited) -> bool:
    r"""Return whether an edit turns round a condition under which gradients are set to limits.

    Examples
    --------
    >>> from reference.debugger.texts.edited import edited
    >>> limited = "if {}:\n    for g in grads:\n        np.clip(g, -5, 5, out=g)"
    >>> texts = limited.format("clip"), limited.format("not clip")
    >>> [switches_clipping(one) for one in edited(*map(ast.parse, texts))]
    [True]
    """
    old, new = one.old, one.new
    if not (isinstance(old, ast.If) and isinstance(new, ast.If)) or same(old.test, new.test):
        return False
    if [dumped(s) for s in old.body] != [dumped(s) for s in new.body]:
        return False
    inside = [node for s in old.body for node in ast.walk(s)]
    limits = any(called(node) in _LIMITS for node in inside)
    scales = any(isinstance(node, ast.AugAssign | ast.BinOp)
                 and isinstance(node.op, ast.Mult | ast.Div) for node in inside)  # fmt: skip
    return limits or (scales and any(_is_norm(node) for node in inside))


def _is_norm(node: ast.AST) -> bool:
    """Return whether a call is of a norm, or of the root of a sum of squares."""
    text = ast.unparse(node) if isinstance(node, ast.Call) else ""
    return "norm" in called(node) or (called(node) == "sqrt" and bool(_SQUARES.search(text)))


def _moves_a_term(found: list[Edited]) -> str:
    """Name a term that stands in one line, and in the other text in another line."""
    terms = [
        d
        for one in found
        if one.old is not None and one.new is not None
        for d in differences(one.old, one.new)
        if d.what == "terms"
    ]
    if len(found) != 2 or len(terms) != 2:
        return ""
    for (a, b), early in ((terms, False), (terms[::-1], True)):
        if a.old == b.new == () and _texts(a.new) == _texts(b.old):
            goes_on = bool(stored([found[0].statement]) & loaded([found[1].statement]))
            return "wrong order" if early and goes_on else "missing path"
    return ""


def _texts(parts: tuple[Signed, ...]) -> list[tuple[int, str]]:
    return sorted((sign, dumped(node)) for sign, node in parts)


def _is_for_one_entry(found: list[Edited]) -> bool:
    """Return whether what was added to a whole array is added to a part of it instead."""
    whole = [one.old for one in found if isinstance(one.old, ast.Assign)]
    return any(
        isinstance(one.new, ast.AugAssign)
        and isinstance(one.new.target, ast.Subscript)
        and same(old.targets[0], one.new.target.value)
        and any(same(node, one.new.value) for node in ast.walk(old.value))
        for one in found
        for old in whole
    )


def _gives_a_part_its_slope(found: list[Edited]) -> bool:
    """Return whether ``x *= f`` is split, and a part of x, or of f, gets a slope of its own."""
    scaled = any(isinstance(one.old, ast.AugAssign) and isinstance(one.old.op, ast.Mult)
                 for one in found)  # fmt: skip
    parts = [s for one in found if one.old is None and (s := one.new) is not None]
    return scaled and any(
        isinstance(s, ast.Assign | ast.AugAssign)
        and isinstance(written(s)[0], ast.Subscript)
        and is_slope([s.value], [])
        for s in parts
    )


def _looks_up_late(statement: ast.stmt | None, around: Parents) -> bool:
    """Return whether a statement makes a function that reads outer names without keeping them."""
    if statement is None:
        return False
    loops = [statement] if isinstance(statement, ast.For) else []
    if isinstance(statement, ast.If):
        loops = [n for n in loops_in(around)[-1:] if isinstance(n, ast.For)]
    if hasattr(statement, "body") and not loops:
        return False
    turning = [n for loop in loops for n in ast.walk(loop.target)]
    names = {n.id for n in turning if isinstance(n, ast.Name)} if loops else None
    lasting = {"np", "numpy", "math"} | {
        n.name
        for n in getattr(around[0], "body", [])
        if isinstance(n, ast.FunctionDef | ast.ClassDef)
    }
    return any(
        isinstance(node, ast.Lambda)
        and any(
            isinstance(inner, ast.Name)
            and inner.id not in {a.arg for a in node.args.args}
            and inner.id not in lasting
            and (names is None or inner.id in names)
            for inner in ast.walk(node.body)
        )
        for node in ast.walk(statement)
    )
