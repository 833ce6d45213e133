"""Kinds of edits that are told by all the statements they change together, not by each of them."""

from __future__ import annotations

import ast

from reference.debugger.differences import differences
from reference.debugger.edited import Edited, same, written
from reference.debugger.kinds_of_expressions import exchanged
from reference.debugger.roles import called, is_slope


def of_whole(found: list[Edited]) -> str:
    """Return the kind of an edit, or nothing where each of its statements tells its own."""
    if any(_looks_up_late(one.old) and not _looks_up_late(one.new) for one in found):
        return "late binding"
    if any(_keeps_what_was(one) for one in found):
        return "overwritten too early"
    if any(_numbers_in_turn(one) for one in found):
        return "wrong order"
    if _is_for_one_entry(found):
        return "wrong shape"
    if _exchange_values(found):
        return "wrong order"
    if _gives_a_part_its_slope(found):
        return "wrong derivative"
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


def _exchange_values(found: list[Edited]) -> bool:
    """Return whether two statements get each other's value, or each other's target."""
    both = [
        list(differences(one.old, one.new))
        for one in found
        if one.old is not None and one.new is not None
    ]
    if len(found) != 2 or [len(one) for one in both] != [1, 1]:
        return False
    return exchanged(both[0][0], both[1][0])


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


def _looks_up_late(statement: ast.stmt | None) -> bool:
    """Return whether a statement makes a function that reads outer names without keeping them."""
    if statement is None or (hasattr(statement, "body") and not isinstance(statement, ast.For)):
        return False
    turning = statement.target if isinstance(statement, ast.For) else None
    names = {n.id for n in ast.walk(turning) if isinstance(n, ast.Name)} if turning else None
    return any(
        isinstance(node, ast.Lambda)
        and any(
            isinstance(inner, ast.Name)
            and inner.id not in {a.arg for a in node.args.args}
            and (names is None or inner.id in names)
            for inner in ast.walk(node.body)
        )
        for node in ast.walk(statement)
    )
