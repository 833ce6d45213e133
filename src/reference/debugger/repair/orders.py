"""Which of two orders the file writes elsewhere: of gradients that are returned, unpacked, listed.

Where a function gives ``db, dg`` and is read as ``dg, db``, either line may be mended. All other
lines that have both, or the variables that they are the gradients of, tell which is meant.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections import Counter

from reference.debugger.repair.place import Rewrite
from reference.debugger.running.kept import kept
from reference.debugger.running.source import Source

_KEEPS, _BREAKS = -0.3, 0.4
_HEAD = re.compile(r"^(?:grads?_?|d_?|g_|new_)(?=[A-Za-z])")
_MOST = 12


def beside(source: Source, rewrite: Rewrite) -> float:
    """Return what is added to the cost of an edit that exchanges elements, by the other lines.

    Parameters
    ----------
    source : Source
        Before the edit.
    rewrite : Rewrite
    """
    if len(rewrite.splices) != 2 or rewrite.kind != "wrong order":
        return 0.0
    try:
        tree = ast.parse(source.edited(rewrite.splices))
    except SyntaxError:
        return 0.0
    before, after = pairs(source.tree), pairs(tree)
    # How many other lines have the new order, less those that have the old one.
    told = sum(before[b, a] - before[a, b] + 1 for a, b in before - after)
    return _KEEPS if told > 0 else _BREAKS if told < 0 else 0.0


@kept(64)
def pairs(tree: ast.AST) -> Counter[tuple[str, str]]:
    """Count which of two names stands before the other in a tuple, list or call of a tree.

    Examples
    --------
    >>> sorted(pairs(ast.parse("dU, db = back(U, b)")).items())
    [(('U', 'b'), 2)]
    """
    found: Counter[tuple[str, str]] = Counter()
    for node in ast.walk(tree):
        elements = node.args if isinstance(node, ast.Call) else getattr(node, "elts", [])
        names = [name for e in elements[:_MOST] if (name := _name(e))]
        found.update((a, b) for a, b in itertools.combinations(names, 2) if a != b)
    return found


def _name(node: ast.expr) -> str:
    """Return what an element is called, without the mark of a gradient."""
    while isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
        node = node.value
    if isinstance(node, ast.Subscript):
        key = getattr(node.slice, "value", None)
        return key if isinstance(key, str) else _name(node.value)
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    word = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return _HEAD.sub("", word)
