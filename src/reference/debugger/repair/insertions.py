"""Statements that are missing: one more contribution to a sum."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from reference.debugger.repair.operands import unlike
from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.repair.terms import donated
from reference.debugger.running.source import Source, Splice

_KIND = "missing path"


def terms(place: Place, name: str, shape: tuple[int, ...]) -> Iterator[tuple[str, float]]:
    """Give the texts of contributions ``a @ b`` and the like that have a shape, with their costs.

    Parameters
    ----------
    place : Place
        Where the sum may be made.
    name : str
        The variable that lacks a contribution; terms that read it are left out.
    shape : tuple of int
        Its shape.
    """
    yield from variables(place, name, shape)
    for term, cost in donated(place, shape):
        if name not in term:
            yield term, cost - 0.4


def variables(place: Place, name: str, shape: tuple[int, ...]) -> Iterator[tuple[str, float]]:
    """Give those contributions alone that are variables, or parts of them."""
    for atom in place.atoms:
        if atom.shape == shape and not atom.zero and atom.text != name:
            yield atom.text, 2.0


def inserted(
    place: Place, name: str, term: str, cost: float, defined: int | None = None
) -> Rewrite:
    """Return the edit that puts ``name = name + term`` before a statement.

    Parameters
    ----------
    place : Place
    name, term : str
    cost : float
    defined : int, optional
        The line that makes the variable, which is to blame. If not given, the variable is a sum
        over a loop, and the edit is made after the statement, its last.
    """
    statement, source = place.statement, place.source
    after = defined is None
    at = source.at((statement.end_lineno or statement.lineno) + 1 if after else statement.lineno)
    lead = "" if source.data[at - 1 : at] == b"\n" else "\n"
    text = f"{lead}{source.indent(statement)}{name} = {name} + {term}\n"
    return Rewrite(
        source.file, (Splice(at, at, text),), _KIND, f"{name} = {name} + {term} added", cost,
        defined or _first_use(source, place.function, term, statement.lineno), name,
    )  # fmt: skip


def put(
    place: Place, line: str, kind: str, cost: float, name: str, after: ast.stmt | None = None
) -> Rewrite:
    """Return the edit that puts a line before a statement, or after one.

    Parameters
    ----------
    place : Place
        The statement that is blamed, and before which the line is put.
    line, kind : str
    cost : float
    name : str
        The variable that the line writes to.
    after : ast.stmt, optional
        The statement after which it is put instead, in its block.
    """
    statement, source = after or place.statement, place.source
    line_ = f"{source.indent(statement)}{line}"
    if after is None:
        at, text = source.at(statement.lineno), f"{line_}\n"
    else:  # within the last line, which may be the last of its function
        at, text = source.span(statement)[1], f"\n{line_}"
    return Rewrite(source.file, (Splice(at, at, text),), kind, f"{line} added", cost,
                   place.statement.lineno, name)  # fmt: skip


def changed(first: Place | None, last: Place, name: str, line: int) -> Iterator[Rewrite]:
    """Give a carry that is added to at the beginning of a turn, or scaled at its end.

    Parameters
    ----------
    first, last : Place
        The first and the last statement of the loop.
    name : str
    line : int
        The line of the loop that reads the carry first.
    """
    shape = last.shape(name)
    if not shape:
        return
    if first is not None:
        for atom in _likely(first, name, shape):
            text = f"{name} = {name} + {atom}"
            added = put(first, text, _KIND, 1.7 + unlike(name, atom), name)
            yield replace(added, line=line)
    for atom in sorted(_likely(last, name, shape), key=len):
        yield handed_on(last, name, f"{name} * {atom}", 1.9, line)


def _likely(place: Place, name: str, shape: tuple[int, ...]) -> list[str]:
    """Return the variables of a shape, those that are called like another one first."""
    texts = [
        atom.text
        for atom in place.atoms
        if atom.shape and atom.shape == shape[-len(atom.shape) :]
        if not atom.zero and atom.text != name
    ]
    return sorted(texts, key=lambda text: unlike(name, text))[:60]


def handed_on(place: Place, name: str, term: str, cost: float, line: int) -> Rewrite:
    """Return the edit that sets a carry after a statement, the last of a loop."""
    statement, source = place.statement, place.source
    at = source.at((statement.end_lineno or statement.lineno) + 1)
    lead = "" if source.data[at - 1 : at] == b"\n" else "\n"
    text = f"{lead}{source.indent(statement)}{name} = {term}\n"
    return Rewrite(source.file, (Splice(at, at, text),), "carry lost",
                   f"{name} = {term} at the end of the loop", cost, line, name)  # fmt: skip


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
        for statement in ast.walk(inside)
        if isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr)
        for node in ast.walk(statement.value)
        if isinstance(node, ast.Name) and node.id in gradients
    ]
    return min(uses, default=line)
