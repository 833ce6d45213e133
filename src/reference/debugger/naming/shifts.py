"""Statements that differ in their indices alone, all of them by one."""

from __future__ import annotations

import ast

from reference.debugger.texts.edited import dumped, same
from reference.debugger.texts.trees import copy_of


def are_shifted(old: ast.stmt, new: ast.stmt) -> bool:
    """Return whether all that differs are indices in several places, each by one."""
    (rest, mine), (other, theirs) = _without_indices(old), _without_indices(new)
    if rest != other or len(mine) != len(theirs):
        return False
    apart = [(a, b) for a, b in zip(mine, theirs, strict=True) if not same(a, b)]
    return len(apart) > 1 and all(_is_shift(a, b) or _is_shift(b, a) for a, b in apart)


def _without_indices(statement: ast.stmt) -> tuple[str, list[ast.expr]]:
    """Return a statement as text with all its indices left out, and these."""
    indices: list[ast.expr] = []

    class Leaving(ast.NodeTransformer):
        def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
            indices.append(node.slice)
            node.value = self.visit(node.value)
            node.slice = ast.Constant(0)
            return node

    return dumped(Leaving().visit(copy_of(statement))), indices


def _is_shift(a: ast.expr, b: ast.expr) -> bool:
    """Return whether an index is the other, 1 more or less."""
    return (
        isinstance(b, ast.BinOp)
        and isinstance(b.op, ast.Add | ast.Sub)
        and isinstance(b.right, ast.Constant)
        and same(a, b.left)
    )
