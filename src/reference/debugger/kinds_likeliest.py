"""The likeliest kind of mistake of a line that is to blame, where no value tells any.

What a line is there for says what is most often wrong with it: with the gradient of a weight, the
value that it is multiplied with, or its time step; with a slope, the derivative.
"""

from __future__ import annotations

import ast
import re

from reference.debugger.differences import addends, factors
from reference.debugger.roles import called, is_size, is_zero

_SLOPE = re.compile(r"\b1(\.0?)? - |deriv|prime|slope|d_?(tanh|sigm)", re.I)
_PRODUCTS = ("dot", "outer", "einsum", "tensordot", "matmul")
_STEP = re.compile(r"^\w+ [+-] 1$|^-?1:|:-1$|^\w+ [+-] 1:|^:?\w+ [+-] 1$")


def likeliest(statement: ast.stmt) -> str:
    """Return the kind of mistake that a line of this form has most often.

    Examples
    --------
    >>> lines = ("dW += h[t + 1].T @ dz", "dz = dh * (1 - o)", "df = dc * c")
    >>> [likeliest(ast.parse(line).body[0]) for line in lines]
    ['index off by one', 'wrong derivative', 'wrong operand']
    """
    value = getattr(statement, "value", None)
    if hasattr(statement, "body") or not isinstance(value, ast.expr):
        return ""
    if isinstance(statement, ast.Return) and isinstance(value, ast.Tuple):
        return "wrong order"
    nodes = list(ast.walk(value))
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Div):
        return "scale 1/B or 1/T"
    if any(isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div) and is_size(n.right)
           for n in nodes):  # fmt: skip
        return "scale 1/B or 1/T"
    if any(called(n) == "sum" and not n.args and not n.keywords
           for n in nodes if isinstance(n, ast.Call)):  # fmt: skip
        return "wrong shape"
    product = any(
        called(n) in _PRODUCTS or (isinstance(n, ast.BinOp) and isinstance(n.op, ast.MatMult))
        for n in nodes
    )
    indices = [ast.unparse(n.slice) for n in nodes if isinstance(n, ast.Subscript)]
    if product and any(_STEP.search(part) for i in indices for part in i.strip("()").split(", ")):
        return "index off by one"
    if isinstance(statement, ast.Assign):
        if is_zero(value):
            return "carry lost"
        if called(value) in ("einsum", "tensordot"):
            return "transposed"
        if len(addends(value)) > 1 and not any(
            isinstance(t, ast.Constant) for _, t in addends(value)
        ):
            return "missing path"
        if any(map(_is_distance, (factor for _, factor in factors(value)))):
            return "wrong sign"
    return "wrong derivative" if _SLOPE.search(ast.unparse(value)) else "wrong operand"


def _is_distance(node: ast.expr) -> bool:
    """Return whether a factor is one variable minus another."""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Sub)
        and not isinstance(node.left, ast.Constant)
        and not isinstance(node.right, ast.BinOp)
    )
