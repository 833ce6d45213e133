"""A row for the initial state: ``h[-1] = h0`` needs a buffer that is longer than the steps.

Where it is not, the last step writes over the initial state, and step 0 reads the last state.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from reference.debugger.repair.place import Rewrite, walked
from reference.debugger.running.source import Source, Splice

_NEW = ("zeros", "empty", "ones", "full")


def rewrites(source: Source) -> Iterator[Rewrite]:
    """Give buffers with a row more, where their last row is set before the loop: all, then each."""
    for function in walked(source.tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        found = [_longer(source, node) for node in _buffers(function)]
        longer = [rewrite for rewrite in found if rewrite is not None]
        if len(longer) > 1:
            splices = itertools.chain.from_iterable(rewrite.splices for rewrite in longer)
            first = longer[0]
            yield Rewrite(source.file, tuple(splices), first.kind, first.why, 0.95, first.line,
                          first.variable)  # fmt: skip
        yield from longer


def _buffers(function: ast.FunctionDef) -> list[ast.Assign]:
    """Return the new arrays of a function whose row -1 is set."""
    kept = {
        ast.unparse(node.value)
        for node in walked(function)
        if isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Store)
        and ast.unparse(node.slice) == "-1"
    }
    return [
        node
        for node in walked(function)
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) in kept
        and isinstance(node.value, ast.Call)
        and getattr(node.value.func, "attr", "") in _NEW
    ]


def _longer(source: Source, node: ast.Assign) -> Rewrite | None:
    assert isinstance(node.value, ast.Call)
    size = node.value.args[0] if node.value.args else None
    if isinstance(size, ast.BinOp) and isinstance(size.op, ast.Add):  # ``(n,) + h.shape``
        size = size.left if isinstance(size.left, ast.Tuple) else size
    first = size.elts[0] if isinstance(size, ast.Tuple) and size.elts else size
    if first is None or isinstance(first, ast.Constant):
        return None
    span, name = source.span(first), ast.unparse(node.targets[0])
    longer = Splice(*span, f"{source.of(first)} + 1")
    return Rewrite(source.file, (longer,), "overwritten too early",
                   f"{name} has a row for the initial state", 1.0, node.lineno, name)  # fmt: skip
