"""Expressions that change nothing, and that may be computed again."""

from __future__ import annotations

import ast

_METHODS = {"sum", "mean", "copy", "transpose", "reshape", "dot"}


def is_pure(node: ast.AST) -> bool:
    """Whether an expression calls nothing but functions of NumPy and methods that only read."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            called = inner.func
            if not isinstance(called, ast.Attribute):
                return False
            numpy = isinstance(called.value, ast.Name) and called.value.id == "np"
            if not (numpy or called.attr in _METHODS):
                return False
        if isinstance(inner, ast.Lambda | ast.NamedExpr | ast.Await | ast.Yield):
            return False
    return True
