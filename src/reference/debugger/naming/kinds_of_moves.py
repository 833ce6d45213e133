"""Kinds of mistake that are the place of a statement: it is right, and stands elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reference.debugger.texts.edited import Edited, Loop, conditions_of, simple, written
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


def of_move(change: Edited) -> str:
    """Return the kind of a statement that the edit puts in another place."""
    tests, now = conditions_of(change)
    if len(tests) != len(now):
        return "spurious term" if len(now) > len(tests) else "missing path"
    before, after = loops_in(change.around_old), loops_in(change.around_new)
    homes = [getattr(function_of(around), "name", "")
             for around in (change.around_old, change.around_new)]  # fmt: skip
    if homes[0] != homes[1] and is_empty(getattr(change.new, "value", None)):
        return "state between calls"  # it is to begin anew at each call
    if len(after) > len(before):
        return _of_once(change, after[-1])
    if len(after) < len(before):
        return _of_every_turn(change, before[-1])
    return "overwritten too early" if _is_read_after(change) else "wrong order"


def _of_once(change: Edited, loop: Loop) -> str:
    """Name what is done once instead of at each turn of a loop."""
    inner = simple(change.statement)
    others = [s for s in loop.body if s is not change.new]
    earlier = [s for s in others if s.lineno < change.statement.lineno]
    if isinstance(inner, ast.Assign) and stored([inner]) & _kept_by(loop) - stored(others):
        return "aliasing"  # one thing is kept for all turns
    if (
        isinstance(inner, ast.Assign)
        and not is_empty(inner.value)
        and not stored([inner]) & loaded([inner])
        and stored([inner]) & loaded(earlier)
    ):
        return "carry lost"  # it is made for the next turn
    if is_zero(getattr(inner, "value", None)):
        return "initial value"  # an empty sum that is to be set anew
    if isinstance(inner, ast.AugAssign) and isinstance(inner.op, ast.Mult | ast.Div):
        return "missing factor"
    return "accumulation outside the loop"


def _kept_by(loop: Loop) -> set[str]:
    """Return the variables that a loop puts into lists, as they are."""
    put = [n for n in ast.walk(loop) if called(n) in ("append", "appendleft", "insert")]
    return {
        element.id
        for call in put
        if isinstance(call, ast.Call)
        for given in call.args[-1:]
        for element in (given.elts if isinstance(given, ast.Tuple) else [given])
        if isinstance(element, ast.Name)
    }


def _of_every_turn(change: Edited, loop: Loop) -> str:
    """Name what is done at each turn of a loop instead of once: by what it adds up to."""
    inner = simple(change.old)
    if not isinstance(inner, ast.Assign | ast.AugAssign):
        return "spurious term"
    target, value = written(inner)
    if is_zero(value):
        return "initial value" if _is_only_added_to(target, change, loop) else "carry lost"
    again = place_of(target) in {place_of(n) for n in ast.walk(value) if isinstance(n, ast.expr)}
    others = [s for s in _simple_statements(loop) if s is not change.old]
    if not again and place_of(target) in stored(others) & loaded(others):
        return "carry lost"  # what the turn before has made of it is set anew
    if not again:
        return "overwritten too early"
    scaled = isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult | ast.Div)
    return "spurious factor" if scaled else "spurious term"


def _is_only_added_to(target: ast.expr, change: Edited, loop: Loop) -> bool:
    """Return whether all that a loop does with a value, once it is set, is to add to it."""
    place = place_of(target)
    statements = [
        s for s in _simple_statements(loop) if s is not change.old and place in _places(s)
    ]
    return bool(statements) and all(
        isinstance(s, ast.AugAssign)
        and place_of(s.target) == place
        and place not in _places(s.value)
        for s in statements
    )


def _simple_statements(node: ast.AST) -> Iterator[ast.stmt]:
    return (n for n in ast.walk(node) if isinstance(n, ast.stmt) and not hasattr(n, "body"))


def _places(node: ast.AST) -> set[str]:
    """Return the variables and attributes that are read or written, without their indices."""
    return {place_of(n) for n in ast.walk(node) if isinstance(n, ast.Name | ast.Attribute)}


def is_read_no_more(change: Edited) -> bool:
    """Return whether a statement is moved behind all that reads what it changes: it is left out."""
    statement = change.new
    if not isinstance(statement, ast.AugAssign) or not isinstance(statement.target, ast.Name):
        return False
    around, name = change.around_new, statement.target.id
    if loops_in(around):
        return False
    later = [s for s in _statements(function_of(around)) if s.lineno > statement.lineno]
    return name not in loaded(later)


def is_idle(change: Edited) -> bool:
    """Return whether a move changes nothing: it passes nothing that it reads or that reads it."""
    old, new = change.old, change.new
    if not change.moved or old is None or new is None or hasattr(new, "body"):
        return False
    tests, now = conditions_of(change)
    if len(tests) != len(now) or len(loops_in(change.around_old)) != len(
        loops_in(change.around_new)
    ):
        return False
    passed = _passed(change)
    made, used = _made(new), _places(new)
    return not any(made & _places(s) or used & _made(s) for s in passed)


def _made(statement: ast.stmt) -> set[str]:
    """Return what a statement may change; a call by itself may change all that it is given."""
    if isinstance(statement, ast.Expr):
        return _places(statement)
    return {name.partition("[")[0] for name in stored([statement])}


def _passed(change: Edited) -> list[ast.stmt]:
    """Return the statements over which one is moved, in the text that it is moved behind them."""
    old, new = change.old, change.new
    assert old is not None
    assert new is not None
    around = change.around_new if old.lineno < new.lineno else change.around_old
    first, last = sorted((old.lineno, new.lineno))
    return [s for s in _statements(function_of(around)) if first <= s.lineno < last]


def _is_read_after(change: Edited) -> bool:
    """Return whether the move brings a reading before what sets its variable anew."""
    old, new = change.old, change.new
    assert old is not None
    assert new is not None
    passed = _passed(change)
    later = old.lineno < new.lineno
    setting, reading = ([old], passed) if later else (passed, [old])
    anew: list[ast.stmt] = [
        s
        for s in setting
        if isinstance(s, ast.Assign)
        or (isinstance(s, ast.AugAssign) and not isinstance(s.op, ast.Add | ast.Sub))
    ]
    return bool(stored(anew) & loaded(reading))


def _statements(node: ast.AST) -> list[ast.stmt]:
    return [s for s in ast.walk(node) if isinstance(s, ast.stmt)]
