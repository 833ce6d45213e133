"""Of edits that do the same, the one that people would have written: small differences of cost."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import replace

from reference.debugger.repair.place import Place, Rewrite, walked
from reference.debugger.running.kept import kept
from reference.debugger.running.source import Source

_TOKEN = re.compile(r"[A-Za-z_][\w.]*|\d+(?:\.\d+)?|\*\*|//|[^\s\w]")


def weighed_by_habit(place: Place, rewrite: Rewrite) -> Rewrite:
    """Return an edit with its cost adjusted.

    Cheaper where the new text, with what stands before it, is written like that elsewhere in the
    file, and where a line that only hands a value on lacks its factor; dearer where a result is
    exchanged for another one at the end, or where nobody would read the old variable any more.
    """
    cost = rewrite.cost
    splice = rewrite.splices[0]
    if len(rewrite.splices) == 1 and _is_familiar(place, splice.start, splice.end, splice.new):
        cost -= 0.15
    statement = place.statement
    exchanged = ("wrong operand", "gate copied", "wrong sign")
    if isinstance(statement, ast.Return) and rewrite.kind in exchanged:
        cost += 0.25
    if len(rewrite.splices) == 1 and _orphans(place, splice.start, splice.end, splice.new):
        cost += 0.6
    value = getattr(statement, "value", None)
    if isinstance(value, ast.Name | ast.Attribute | ast.Subscript) and rewrite.kind.startswith(
        "missing"
    ):
        cost -= 0.2
    return rewrite if cost == rewrite.cost else replace(rewrite, cost=cost)


def _is_familiar(place: Place, start: int, end: int, new: str) -> bool:
    """Whether the last tokens of an edit, or its seam to the text before, stand elsewhere."""
    source = place.source
    line_start = source.data.rfind(b"\n", 0, start) + 1
    line_end = source.data.find(b"\n", end)
    line = source.data[line_start : None if line_end < 0 else line_end].decode()
    before = source.data[line_start:start].decode()
    after = source.data[end : None if line_end < 0 else line_end].decode()
    old, edited = _triples(line), _triples(before + new + after)
    made = edited - old
    return bool(made) and made <= _triples_beside(source, line)


@kept(256)
def _triples_beside(source: Source, line: str) -> set[tuple[str, ...]]:
    """Return the triples of a file without a line."""
    others = source.text.replace(line, "", 1)
    return set().union(*(_triples(line) for line in others.splitlines()), set())


@kept(4096)
def _triples(text: str) -> set[tuple[str, ...]]:
    tokens = _TOKEN.findall(text)
    return {tuple(tokens[k : k + 3]) for k in range(len(tokens) - 2)}


def _orphans(place: Place, start: int, end: int, new: str) -> bool:
    """Whether a variable of the function would be read nowhere: the edit goes round its fault."""
    old = place.source.data[start:end].decode()
    if not old.isidentifier() or old in _TOKEN.findall(new):
        return False
    reads, stored = _uses(place.function)
    return old in stored and reads[old] == 1


@kept(64)
def _uses(function: ast.AST) -> tuple[Counter[str], set[str]]:
    """Return how often a function reads each name, and which names it sets."""
    names = [node for node in walked(function) if isinstance(node, ast.Name)]
    reads = Counter(node.id for node in names if isinstance(node.ctx, ast.Load))
    return reads, {node.id for node in names if isinstance(node.ctx, ast.Store)}
