"""What a loop walks over and what a product sums over, whatever way it is written."""

from __future__ import annotations

import ast
from collections import Counter

from reference.debugger.texts.edited import dumped
from reference.debugger.texts.roles import called

RANGES = ("range", "arange")
_KEEPS = ("list", "tuple", "iter")
_PRODUCTS = ("dot", "matmul", "inner", "tensordot", "einsum", "multi_dot")
TURNS = ("transpose", "swapaxes", "moveaxis", "rot90")


def are_reversed(old: ast.AST, new: ast.AST) -> bool:
    """Return whether two loops go over the same numbers in opposite order.

    Examples
    --------
    >>> one, other = (ast.parse(t, mode="eval").body for t in ("range(n)", "range(n - 1, -1, -1)"))
    >>> are_reversed(one, other), are_reversed(one, one)
    (True, False)
    """
    sizes: dict[str, int] = {}
    walks = _walk(old, sizes), _walk(new, sizes)
    if walks[0] is None or walks[1] is None or len(walks[0]) < 2:
        return False
    return walks[0] == walks[1][::-1]


def _walk(node: ast.AST, sizes: dict[str, int]) -> list[int] | None:
    """Return the numbers that a loop goes over, with any number for what is no number yet."""
    if isinstance(node, ast.Subscript):
        backwards = isinstance(node.slice, ast.Slice) and ast.unparse(node.slice) == "::-1"
        inner = _walk(node.value, sizes)
        return inner[::-1] if backwards and inner is not None else None
    if not isinstance(node, ast.Call) or node.keywords:
        return None
    if called(node) == "reversed" or called(node) in _KEEPS:
        inner = _walk(node.args[0], sizes) if node.args else None
        return inner[::-1] if called(node) == "reversed" and inner is not None else inner
    if called(node) not in RANGES or not 1 <= len(node.args) <= 3:
        return None
    ends = [_number(argument, sizes) for argument in node.args]
    return list(range(*ends)) if len(ends) < 3 or ends[2] else None


def _number(node: ast.AST, sizes: dict[str, int]) -> int:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return int(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_number(node.operand, sizes)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult):
        one, other = _number(node.left, sizes), _number(node.right, sizes)
        if isinstance(node.op, ast.Mult):
            return one * other
        return one + other if isinstance(node.op, ast.Add) else one - other
    return sizes.setdefault(dumped(node), 7 + 4 * len(sizes))


def are_turned(old: ast.AST, new: ast.AST) -> bool:
    """Return whether two sums of products are of the same arrays, over other axes of them.

    Examples
    --------
    >>> texts = "np.tensordot(d, W, axes=([1], [0]))", "np.einsum('ab,cb->ac', d, W)", "d @ W"
    >>> one, other, third = (ast.parse(text, mode="eval").body for text in texts)
    >>> are_turned(one, other), are_turned(third, other), are_turned(third, third)
    (True, True, False)
    """
    one, other = _operands(old), _operands(new)
    return len(one) > 1 and Counter(one) == Counter(other) and dumped(old) != dumped(new)


def _operands(node: ast.AST) -> list[str]:
    """Return the arrays that a sum of products is of, whichever way they are turned."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        arrays = [node.left, node.right]
    elif isinstance(node, ast.Call) and called(node) in _PRODUCTS:
        arrays = [a for a in node.args if not isinstance(a, ast.Constant | ast.Tuple | ast.List)]
        if isinstance(node.func, ast.Attribute) and len(arrays) == 1:
            arrays = [node.func.value, *arrays]
    else:
        return []
    return [dumped(_straight(array)) for array in arrays]


def _straight(node: ast.expr) -> ast.expr:
    """Return an array without the transposes around it."""
    while True:
        if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
            node = node.value
        elif isinstance(node, ast.Call) and called(node) in TURNS:
            of = node.func.value if isinstance(node.func, ast.Attribute) else None
            if of is not None and ast.unparse(of) != "np":
                node = of
            elif node.args:
                node = node.args[0]
            else:
                return node
        else:
            return node
