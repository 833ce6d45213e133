"""A factor of what is handed on, put on before the step has read the value: put on at its end.

``dc = (dc + dh * o * (1 - tc ** 2)) * f`` is what the step before is given; the gates of this step
are to be given ``dc`` without the factor.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reference.debugger.repair.place import Place, Rewrite, product
from reference.debugger.running.source import Splice

_COST = 1.4


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give a carry without its last or first factor, which it has at the end of its loop."""
    statement, source = place.statement, place.source
    value = getattr(statement, "value", None)
    if not isinstance(statement, ast.Assign) or not isinstance(place.target, ast.Name):
        return
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Mult):
        return
    name = place.target.id
    loop = _loop(place.function, statement)
    if loop is None or not _is_read(name, loop, after=statement) or not _is_carried(name, value):
        return
    last = loop.body[-1]
    indent, ends = source.indent(last), [(last.end_lineno or last.lineno) + 1]
    ends += [later.lineno for later in _adding(name, loop, after=statement)[:1]]
    for kept, factor in ((value.left, value.right), (value.right, value.left)):
        if name in {n.id for n in ast.walk(factor) if isinstance(n, ast.Name)}:
            continue
        text = place.text(factor)
        line = f"{indent}{name} = {name} * {product(factor, text)}\n"
        for end in ends:
            at = source.at(end)
            yield place.splice(
                [Splice(*source.span(value), place.text(kept)), Splice(at, at, line)],
                "overwritten too early", f"times {text} only before line {end}", _COST,
            )  # fmt: skip


def _loop(function: ast.AST, statement: ast.stmt) -> ast.For | ast.While | None:
    """Return the loop in whose own block a statement stands, before others."""
    for node in ast.walk(function):
        if isinstance(node, ast.For | ast.While) and statement in node.body[:-1]:
            return node
    return None


def _adding(name: str, loop: ast.For | ast.While, after: ast.stmt) -> list[ast.stmt]:
    """Return the later statements of a loop that add to a name: what they add has no factor."""
    return [
        s
        for s in loop.body[loop.body.index(after) + 1 :]
        if isinstance(s, ast.AugAssign) and isinstance(s.target, ast.Name) and s.target.id == name
    ]


def _is_read(name: str, loop: ast.For | ast.While, after: ast.stmt) -> bool:
    later = loop.body[loop.body.index(after) + 1 :]
    names = (n for s in later for n in ast.walk(s) if isinstance(n, ast.Name) and n.id == name)
    return any(isinstance(n.ctx, ast.Load) for n in names)


def _is_carried(name: str, value: ast.expr) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(value))
