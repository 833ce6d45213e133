"""A matrix that is multiplied on the way back just as on the way forward: it lacks its transpose.

Where the matrix is square nothing raises, and where what it is multiplied with is wrong already no
value tells. The two products beside each other do.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from reference.debugger.running.kept import kept
from reference.debugger.texts.edited import Parents
from reference.debugger.texts.roles import GRADIENT, called, function_of

_WEIGHTS = re.compile(r"\b(W|U|R|V|w_|w\b|kernel|weight)")


def untransposed(statement: ast.stmt, around: Parents) -> str:
    r"""Return the matrix that a statement multiplies a gradient with as the forward does a value.

    Parameters
    ----------
    statement : ast.stmt
    around : tuple of ast nodes
        What it stands in, the module first.

    Returns
    -------
    str
        Nothing, if there is none.

    Examples
    --------
    >>> tree = ast.parse("def f(h, W): return h @ W\ndef b(da, W): dh = da @ W\n")
    >>> untransposed(tree.body[1].body[0], (tree, tree.body[1]))
    'W'
    """
    if hasattr(statement, "body"):
        return ""
    products = (key for key, other in _products(statement) if _is_gradient(other))
    mine = {(matrix, side) for matrix, side in products if _WEIGHTS.search(matrix)}
    forward = _forward(around[0], function_of(around)) if mine else frozenset()
    for matrix, side in sorted(mine & forward):
        turned = matrix.removesuffix(".T") if matrix.endswith(".T") else matrix + ".T"
        if (turned, side) not in forward:  # else it is used both ways
            return matrix
    return ""


@kept(64)
def _forward(module: ast.AST, inner: ast.AST) -> frozenset[tuple[str, str]]:
    """Return the matrices that other functions multiply values with, and at which side."""
    return frozenset(
        key
        for function in ast.walk(module)
        if isinstance(function, ast.FunctionDef) and function is not inner
        for key, other in _products(function)
        if not _is_gradient(other)
    )


def _products(node: ast.AST) -> Iterator[tuple[tuple[str, str], ast.expr]]:
    """Give each matrix with the side at which it stands, and what it is multiplied with."""
    for n in ast.walk(node):
        sides: list[ast.expr] = []
        if isinstance(n, ast.BinOp) and isinstance(n.op, ast.MatMult):
            sides = [n.left, n.right]
        elif isinstance(n, ast.Call) and called(n) in ("dot", "matmul"):
            sides = n.args
            if isinstance(n.func, ast.Attribute) and ast.unparse(n.func.value) != "np":
                sides = [n.func.value, *n.args]  # a method
        if len(sides) == 2:
            yield (ast.unparse(sides[0]), "left"), sides[1]
            yield (ast.unparse(sides[1]), "right"), sides[0]


def _is_gradient(node: ast.expr) -> bool:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and bool(GRADIENT.search(node.id))
