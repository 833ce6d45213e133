"""A factor of what a function gives, that belongs to what the function is given, or back.

``lam + dt * pull(lam, grads)`` has the value of ``lam + pull(dt * lam, grads)``, as a pullback is
linear in what it is given; what it adds to the gradients on the way is another.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.place import Place, Rewrite, inside, product

_COST = 1.2
_SIGN = {ast.Mult: "*", ast.Div: "/"}


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give factors of calls to the file's own functions as those of an argument, and back."""
    for node, parent in place.loaded:
        if isinstance(node, ast.BinOp) and type(node.op) in _SIGN:
            for call, factor in ((node.right, node.left), (node.left, node.right)):
                divides = isinstance(node.op, ast.Div) and call is node.right
                if _is_own(place, call) and not divides:
                    yield from _given(place, node, parent, call, factor)
        elif _is_own(place, node):
            yield from _taken_out(place, node, parent)


def _is_own(place: Place, node: ast.expr) -> bool:
    """Return whether a node calls a function that is the user's own."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    return isinstance(place.names.get(node.func.id), types.FunctionType)


def _given(
    place: Place, node: ast.BinOp, parent: ast.AST, call: ast.expr, factor: ast.expr
) -> Iterator[Rewrite]:
    assert isinstance(call, ast.Call)
    number = product(factor, place.text(factor))
    for argument in call.args:
        text = place.text(argument)
        value = place.value(text, place.env)
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            continue
        scaled = f"{product(argument, text)} {_SIGN[type(node.op)]} {number}"
        new = _with(place, call, argument, scaled)
        yield place.rewrite(node, inside(parent, new), "missing factor",
                            f"{scaled} for {text}, not what comes of it", _COST)  # fmt: skip


def _taken_out(place: Place, call: ast.expr, parent: ast.AST) -> Iterator[Rewrite]:
    assert isinstance(call, ast.Call)
    for argument in call.args:
        if not isinstance(argument, ast.BinOp) or type(argument.op) not in _SIGN:
            continue
        pairs = [(argument.left, argument.right), (argument.right, argument.left)]
        for factor, rest in pairs if isinstance(argument.op, ast.Mult) else pairs[1:]:
            new = _with(place, call, argument, place.text(rest))
            number = product(factor, place.text(factor))
            text = f"{new} {_SIGN[type(argument.op)]} {number}"
            yield place.rewrite(call, inside(parent, text), "spurious factor",
                                f"{number} of what comes of {place.text(rest)}",
                                _COST + 0.2)  # fmt: skip


def _with(place: Place, call: ast.Call, old: ast.expr, new: str) -> str:
    """Return the text of a call with another argument."""
    start, end = (at - place.source.span(call)[0] for at in place.source.span(old))
    whole = place.source.of(call).encode()
    return " ".join((whole[:start] + new.encode() + whole[end:]).decode().split())
