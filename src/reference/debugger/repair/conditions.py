"""Conditions: a comparison that holds at the wrong turns, other branches, an ``if`` too many."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.running.source import Splice

_SIGNS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_NEAR = {"<": ("<=",), "<=": ("<",), ">": (">=",), ">=": (">",), "==": ("!=",), "!=": ("==",)}
_TURNED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_KIND = "index off by one"


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give other conditions for a statement's own, and for those inside its expressions."""
    for node, _ in place.loaded:
        if isinstance(node, ast.Compare) and _asks_for_a_shape(node):
            continue
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _SIGNS:
            yield from _compared(place, node, _SIGNS[type(node.ops[0])])
        elif isinstance(node, ast.IfExp):
            test, body, other = map(place.text, (node.test, node.body, node.orelse))
            yield place.rewrite(node, f"{other} if {test} else {body}", "wrong order",
                                "the branches exchanged", 1.5)  # fmt: skip
            yield place.rewrite(node, body, "spurious factor", "in any case", 1.7)
    statement = place.statement
    if isinstance(statement, ast.If) and not _asks_for_a_shape(statement.test):
        test = place.text(statement.test)
        if not isinstance(statement.test, ast.Compare):
            bare = isinstance(statement.test, ast.UnaryOp) and isinstance(
                statement.test.op, ast.Not
            )
            new = test.removeprefix("not ") if bare else f"not {test}"
            yield place.rewrite(statement.test, new, "wrong operand", "the other way round", 1.4)
        if not statement.orelse:
            yield _without(place, statement)
    if isinstance(statement, ast.While) and isinstance(statement.test, ast.Name):
        test = place.text(statement.test)
        if type(place.value(test, place.env)) is int:  # which ends before 0, the last step to come
            yield place.rewrite(statement.test, f"{test} >= 0", _KIND, ">= 0, not > 0", 1.2)


def _asks_for_a_shape(test: ast.expr) -> bool:
    """Return whether a condition is about the arrays that are given, and no turn of a loop."""
    asked = ("shape", "ndim", "size")
    return any(isinstance(n, ast.Attribute) and n.attr in asked for n in ast.walk(test))


def _compared(place: Place, node: ast.Compare, sign: str) -> Iterator[Rewrite]:
    left, right = place.text(node.left), place.text(node.comparators[0])
    for other in _NEAR[sign]:
        yield place.rewrite(node, f"{left} {other} {right}", _KIND, f"{other}, not {sign}", 1.2)
    if sign in _TURNED:
        yield place.rewrite(node, f"{left} {_TURNED[sign]} {right}", "wrong operand",
                            "the other way round", 1.5)  # fmt: skip
    value = place.value(right, place.env)
    if isinstance(value, bool) or not isinstance(value, int):
        return
    for step in (-1, 1):
        yield place.rewrite(node.comparators[0], _moved(right, step), _KIND, f"{step:+d}", 1.15)


def _moved(text: str, step: int) -> str:
    """Return a whole number, or a text that stands for one, that is one more or less.

    Examples
    --------
    >>> _moved("1", -1), _moved("T - 1", 1), _moved("T", -1)
    ('0', 'T', 'T - 1')
    """
    if text.lstrip("-").isdigit():
        return str(int(text) + step)
    back = " - 1" if step > 0 else " + 1"
    return text.removesuffix(back) if text.endswith(back) else f"{text} {'+-'[step < 0]} 1"


def _without(place: Place, statement: ast.If) -> Rewrite:
    """Take what stands under an ``if`` out of it."""
    source = place.source
    start = source.at(statement.lineno)
    first, last = source.at(statement.body[0].lineno), source.at((statement.end_lineno or 0) + 1)
    indent, inner = statement.col_offset, statement.body[0].col_offset
    lines = source.data[first:last].decode().splitlines(keepends=True)
    body = "".join(
        line[inner - indent :] if not line[: inner - indent].strip() else line for line in lines
    )
    if statement.body[0].lineno == statement.lineno:  # ``if t: x += y`` on one line
        inside = "; ".join(place.text(s) for s in statement.body)
        body = f"{' ' * indent}{inside}\n"
    return place.splice([Splice(start, last, body)], "missing path", "in any case", 1.5)


def _before(place: Place) -> ast.stmt | None:
    """Return the statement before another in the same block."""
    for node in ast.walk(place.function):
        block = getattr(node, "body", None)
        for first, second in itertools.pairwise(block if isinstance(block, list) else ()):
            if second is place.statement:
                return first
    return None


def under(place: Place, test: str, cost: float) -> Rewrite:
    """Put a statement under an ``if``: into the one before it, where that asks the same."""
    statement, source = place.statement, place.source
    start = source.at(statement.lineno)
    end = source.at((statement.end_lineno or statement.lineno) + 1)
    indent = source.indent(statement)
    lines = source.data[start:end].decode().splitlines(keepends=True)
    body = "".join(f"    {line}" if line.strip() else line for line in lines)
    before = _before(place)
    if isinstance(before, ast.If) and not before.orelse and place.text(before.test) == test:
        return place.splice([Splice(start, end, body)], "spurious term", f"only if {test}", cost)
    return place.splice([Splice(start, end, f"{indent}if {test}:\n{body}")], "spurious term",
                        f"only if {test}", cost)  # fmt: skip
