"""Lists that grow one by one: ``[back] + backs`` has the last in front, ``backs + [back]`` behind.

A tape of pullbacks that is put together the other way round runs them in the wrong order, or not
at all. It is put together where the loss is computed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reference.debugger.repair.place import Rewrite, walked
from reference.debugger.running.source import Source, Splice

_COST = 1.2


def rewrites(source: Source, tree: ast.AST) -> Iterator[Rewrite]:
    """Give ``[x] + xs`` for ``xs + [x]``, and the other way round.

    Parameters
    ----------
    source : Source
    tree : ast.AST
        The part of it that is looked at.
    """
    for node in walked(tree):
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add):
            continue
        if _is_one(node.left) == _is_one(node.right):
            continue
        left, right = source.of(node.left), source.of(node.right)
        splice = Splice(*source.span(node), f"{right} + {left}")
        why = f"{left} behind" if _is_one(node.left) else f"{right} in front"
        yield Rewrite(source.file, (splice,), "wrong order", why, _COST, node.lineno)


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.List | ast.Tuple) and len(node.elts) == 1
