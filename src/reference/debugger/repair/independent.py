"""Which statements may change places and nothing comes of it: a move past these is none."""

from __future__ import annotations

import ast

from reference.debugger.running.kept import kept


def depend(one: ast.stmt, other: ast.stmt) -> bool:
    """Return whether it matters which of two statements comes first.

    Examples
    --------
    >>> a, b, c = ast.parse("x = y; z = w; y = z").body
    >>> depend(a, b), depend(a, c), depend(b, c)
    (False, True, True)
    """
    (read, written), (reads, writes) = _names(one), _names(other)
    return bool(written & (reads | writes) or writes & read)


def drives(statement: ast.stmt, around: ast.AST) -> bool:
    """Return whether a ``while`` around a statement would never end without it.

    Examples
    --------
    >>> loop = ast.parse("while t >= 0: x = x + 1; t -= 1").body[0]
    >>> [drives(statement, loop) for statement in loop.body]
    [False, True]
    """
    return any(
        statement in inside and not tested.isdisjoint(_names(statement)[1])
        for inside, tested in _whiles(around)
    )


@kept(64)
def _whiles(around: ast.AST) -> list[tuple[frozenset[ast.AST], frozenset[str]]]:
    """Return the nodes inside each ``while``, and the variables that it asks about."""
    return [
        (frozenset(ast.walk(loop)), _names(ast.Expr(loop.test))[0])
        for loop in ast.walk(around)
        if isinstance(loop, ast.While)
    ]


@kept(4096)
def _names(statement: ast.stmt) -> tuple[frozenset[str], frozenset[str]]:
    """Return the variables that a statement reads, and those that it sets or may change."""
    read: set[str] = set()
    written: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else written).add(node.id)
        if isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            written.add(_root(node))
        if isinstance(node, ast.Call):  # what it is called on, or given, may be changed
            called = _root(node.func) if isinstance(node.func, ast.Attribute) else ""
            alone = isinstance(statement, ast.Expr) or called not in ("", "np")
            changed = [a for a in node.args if alone and called != "np"]
            changed += [k.value for k in node.keywords if k.arg == "out"]
            changed += node.args if isinstance(statement, ast.Expr) else []
            written |= {_root(node) for node in changed} | {called}
    return frozenset(read), frozenset(written - {"", "np"})


def _root(node: ast.AST) -> str:
    """Return the variable in which something is: ``x`` of ``x.y[0]``."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return getattr(node, "id", "")
