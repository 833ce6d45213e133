"""Statements that are missing: one more contribution to a sum."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.repair.terms import donated
from reference.debugger.source import Source, Splice

_KIND = "missing path"


def rewrites(place: Place, name: str, shape: tuple[int, ...]) -> Iterator[Rewrite]:
    """Give ``name = name + a @ b`` and the like, after a statement and before what follows it.

    Parameters
    ----------
    place : Place
        The statement after which it is put.
    name : str
        The variable that lacks a contribution.
    shape : tuple of int
        Its shape.
    """
    statement, source = place.statement, place.source
    if isinstance(statement, ast.Return | ast.FunctionDef | ast.For | ast.While | ast.If):
        return
    at = source.at((statement.end_lineno or statement.lineno) + 1)
    lead = "" if source.data[at - 1 : at] == b"\n" else "\n"
    indent = " " * statement.col_offset
    for term, cost in donated(place, shape):
        if name in term:
            continue
        text = f"{lead}{indent}{name} = {name} + {term}\n"
        yield Rewrite(
            source.file, (Splice(at, at, text),), _KIND, f"{name} = {name} + {term} added",
            cost - 0.4, _first_use(source, place.function, term, statement.lineno), name,
        )  # fmt: skip


def _first_use(source: Source, function: ast.AST, term: str, line: int) -> int:
    """Return the line of the loop around where the term's gradient is used first."""
    loops = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.For | ast.While) and node.lineno < line <= (node.end_lineno or 0)
    ]
    if not loops:
        return line
    gradients = [n.id for n in ast.walk(ast.parse(term)) if isinstance(n, ast.Name)]
    gradients = [name for name in gradients if name.startswith("d") or name.startswith("g")]
    inside = min(loops, key=lambda loop: (loop.end_lineno or 0) - loop.lineno)
    uses = [
        node.lineno
        for node in ast.walk(inside)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in gradients
    ]
    return min(uses, default=line)
