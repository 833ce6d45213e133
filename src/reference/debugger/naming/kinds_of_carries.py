"""A carry that a loop computes at each turn, and that no later turn reads."""

from __future__ import annotations

import ast

from reference.debugger.texts.clock import goes_backwards
from reference.debugger.texts.edited import Parents
from reference.debugger.texts.roles import is_zero, loaded, loops_in, stored


def unread(statement: ast.stmt, around: Parents) -> str:
    r"""Return the carry that a statement of a backward loop should have added, or nothing.

    Either what it sets was set at the end of the turn before, and is written over; or another
    variable of the same name with an ending is begun before the loop, set in it, and never read.

    Parameters
    ----------
    statement : ast.stmt
    around : tuple of ast nodes
        What it stands in, the module first.

    Examples
    --------
    >>> tree = ast.parse("for t in reversed(range(3)):\n    dc = dh[t]\n    dc = dc * f[t]\n")
    >>> unread(tree.body[0].body[0], (tree, tree.body[0]))
    'dc'
    """
    loops = loops_in(around)
    if (
        not loops
        or not goes_backwards(loops[-1])
        or not isinstance(statement, ast.Assign)
        or len(statement.targets) != 1
        or not isinstance(statement.targets[0], ast.Name)
        or is_zero(statement.value)
        or statement not in loops[-1].body
    ):
        return ""
    loop, name = loops[-1], statement.targets[0].id
    if _is_written_over(name, statement, loop.body):
        return name
    added = {s.target.id for s in ast.walk(loop)
             if isinstance(s, ast.AugAssign) and isinstance(s.target, ast.Name)}  # fmt: skip
    for other in sorted(stored(list(loop.body)) - added):
        later = other.startswith(name) and other != name and other.isidentifier()
        if later and other not in loaded(list(loop.body)) and _begins(other, loop, around):
            return other
    return ""


def _is_written_over(name: str, statement: ast.stmt, body: list[ast.stmt]) -> bool:
    """Return whether a turn begins by setting what the one before has set last, and not read."""
    if name in loaded([statement]):
        return False
    using = [s for s in body if name in stored([s]) | loaded([s])]
    setting = [s for s in using if name in stored([s])]
    last = setting[-1]
    return (
        using[0] is statement
        and last is using[-1]
        and last is not statement
        and isinstance(last, ast.Assign)
        and name in loaded([last.value])
    )


def _begins(name: str, loop: ast.AST, around: Parents) -> bool:
    """Return whether a variable is set before a loop."""
    inside = {id(n) for n in ast.walk(loop)}
    line = getattr(loop, "lineno", 0)
    return any(
        isinstance(n, ast.Assign)
        and id(n) not in inside
        and n.lineno < line
        and name in stored([n])
        for n in ast.walk(around[0])
    )
