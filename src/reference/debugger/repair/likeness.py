"""Whether an edit makes an expression more like those beside it, or less."""

from __future__ import annotations

import ast
import re
from difflib import SequenceMatcher

from reference.debugger.repair.place import Rewrite
from reference.debugger.running.kept import kept
from reference.debugger.running.source import Source
from reference.debugger.texts.edited import same

_WEIGHT, _MOST = 0.4, 0.25
_IDLE = 0.7  # what less an edit costs of a line of which the rest is lost: ``dx = dx``
_NEAR = 2  # statements before and after
_TOKEN = re.compile(r"[A-Za-z_][\w.]*|\d+(?:\.\d+)?|\*\*|//|[^\s\w]")


def beside(source: Source, rewrite: Rewrite) -> float:
    """Return what is added to the cost of an edit that puts in a factor or term, by what is beside.

    Of ``[di * i * (1 - i), df * f * (1 - f), dg]`` the last is to have a factor, rather than the
    line that makes ``di, df, dg = dc * g, dc * c, dc * i``: there one would be unlike the others.

    Parameters
    ----------
    source : Source
        Before the edit.
    rewrite : Rewrite
    """
    if _does_nothing(source, rewrite.line):
        return -_IDLE
    if len(rewrite.splices) != 1 or not rewrite.kind.startswith("missing"):
        return 0.0
    (splice,) = rewrite.splices
    old = source.data[splice.start : splice.end].decode()
    if not old or old not in splice.new:
        return 0.0
    element, others = _element(source, splice.start, splice.end)
    if element is None or not others:
        return 0.0
    first, last = source.span(element)
    before = source.data[first:last].decode()
    after = source.between(first, last, rewrite.splices).decode()
    gain = _likeness(after, others) - _likeness(before, others)
    return max(-_MOST, min(_MOST, -_WEIGHT * gain))


def _does_nothing(source: Source, line: int) -> bool:
    """Return whether a line only hands a variable to itself."""
    return any(
        isinstance(node, ast.Assign) and same(node.targets[0], node.value) and node.lineno == line
        for node in ast.walk(source.tree)
    )


def _element(source: Source, start: int, end: int) -> tuple[ast.expr | None, list[str]]:
    """Return the part of a tuple, list or call, or the value of a statement, around a place."""
    inner: tuple[int, ast.expr, list[str]] | None = None
    for outer in ast.walk(source.tree):
        for element, others in _groups(source, outer):
            first, last = source.span(element)
            if first <= start <= end <= last and (inner is None or last - first < inner[0]):
                inner = last - first, element, others
    return (None, []) if inner is None else inner[1:]


def _groups(source: Source, outer: ast.AST) -> list[tuple[ast.expr, list[str]]]:
    """Return what stands side by side: elements, or the values of statements, with the others."""
    elements = list(outer.args) if isinstance(outer, ast.Call) else getattr(outer, "elts", [])
    if isinstance(outer, ast.Dict):
        elements = outer.values
    if len(elements) > 2:
        texts = [source.of(element) for element in elements]
        return [(e, [t for k, t in enumerate(texts) if k != n]) for n, e in enumerate(elements)]
    found: list[tuple[ast.expr, list[str]]] = []
    for block in (getattr(outer, "body", []), getattr(outer, "orelse", [])):
        if not isinstance(block, list):
            continue
        for n, statement in enumerate(block):
            if not isinstance(statement, ast.Assign | ast.AugAssign):
                continue
            near = block[max(0, n - _NEAR) : n] + block[n + 1 : n + 1 + _NEAR]
            texts = [source.of(s.value) for s in near if type(s) is type(statement)]
            found.append((statement.value, texts))
    return found


def _likeness(text: str, others: list[str]) -> float:
    """Return how like an expression is to the two of the others that it is most like."""
    mine = _form(text)
    ratios = sorted(SequenceMatcher(None, mine, _form(o), autojunk=False).ratio() for o in others)
    best = ratios[-2:]
    return sum(best) / len(best)


@kept(1024)
def _form(text: str) -> tuple[str, ...]:
    """Return the tokens of an expression, whatever the names in it are.

    Examples
    --------
    >>> _form("di * i * (1 - i)") == _form("df * f * (1 - f)")
    True
    """
    return tuple("n" if token[0].isalpha() else token for token in _TOKEN.findall(text))
