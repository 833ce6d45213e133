"""Sums that go on element by element: another counter as the index of what is added to.

``df[j] = df[j] + dz[j] * w[j][k]`` names the element twice, and an edit of one of them is no sum.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.running.source import Splice

_COST = 1.1


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give ``x[k] = x[k] + y`` for ``x[j] = x[j] + y``, of any two loops around, and ``x[k] += y``.

    Parameters
    ----------
    place : Place
        A statement in two loops or more.
    """
    target, again = place.target, _again(place.statement)
    counters = list(dict.fromkeys(place.counters))
    if not isinstance(target, ast.Subscript) or again is None or len(counters) < 2:
        return
    old = place.text(target)
    for index in _indices(target):
        for name in (n for n in ast.walk(index) if isinstance(n, ast.Name) and n.id in counters):
            for other in counters:
                if other == name.id:
                    continue
                first, last = place.source.span(target)
                start, end = place.source.span(name)
                data = place.source.data
                new = (data[first:start] + other.encode() + data[end:last]).decode()
                splices = [Splice(*place.source.span(node), new) for node in (target, *again)]
                yield place.splice(splices, "wrong operand", f"{new}, not {old}", _COST)


def _indices(target: ast.expr) -> Iterator[ast.expr]:
    """Give the indices of an element, the last first: ``k`` and ``j`` of ``x[j][k]``."""
    while isinstance(target, ast.Subscript):
        yield target.slice
        target = target.value


def _again(statement: ast.stmt) -> list[ast.expr] | None:
    """Return where a sum names what it is added to once more, None where a statement is no sum."""
    if isinstance(statement, ast.AugAssign):
        return [] if isinstance(statement.op, ast.Add | ast.Sub) else None
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target = ast.unparse(statement.targets[0])
    waiting, found = [statement.value], []
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            waiting += [node.left, node.right]
        elif ast.unparse(node) == target:
            found.append(node)
    return found or None
