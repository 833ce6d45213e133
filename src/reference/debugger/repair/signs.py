"""A wrong operator or sign."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reference.debugger.repair.place import Place, Rewrite, bracketed, inside

_OTHER = {ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*"}


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give ``a + b`` for ``a - b``, ``a * b`` for ``a / b``, ``-a`` for ``a``, and the reverse."""
    for node, parent in place.loaded:
        if isinstance(node, ast.BinOp) and type(node.op) in _OTHER:
            left, right = place.text(node.left), place.text(node.right)
            sign = _OTHER[type(node.op)]
            yield place.rewrite(
                node, f"{left} {sign} {bracketed(node.right, right)}",
                "wrong sign" if sign in "+-" else "wrong derivative",
                f"{sign} in place of the operator", 1.0,
            )  # fmt: skip
            if isinstance(node.op, ast.Sub):
                yield place.rewrite(
                    node, f"{bracketed(node.right, right)} - {bracketed(node.left, left)}",
                    "wrong sign", "the difference the other way round", 1.5,
                )  # fmt: skip
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            operand = place.text(node.operand)
            # A minus that stands alone was put there by itself: the likelier slip.
            new = inside(parent, operand)
            yield place.rewrite(node, new, "wrong sign", "without the minus", 0.8)
    for node in place.chains():
        if not isinstance(node, ast.UnaryOp):
            new = f"-{bracketed(node, place.text(node))}"
            yield place.rewrite(node, f"({new})", "wrong sign", "with a minus", 2.0)
    if isinstance(place.statement, ast.AugAssign) and type(place.statement.op) in _OTHER:
        statement = place.statement
        sign = _OTHER[type(statement.op)]
        yield place.rewrite(
            statement, f"{place.text(statement.target)} {sign}= {place.text(statement.value)}",
            "wrong sign", f"{sign}= in place of the operator", 1.3,
        )  # fmt: skip
