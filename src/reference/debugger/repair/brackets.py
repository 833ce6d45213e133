"""Brackets in the wrong place: ``1 + e * e`` for ``(1 + e) * (1 + e)``, ``a / b * c`` for its like.

The operators and operands of a line are right, and what is bound to what is not: each two operators
that stand inside one another are exchanged in their order.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reference.debugger.repair.place import Place, Rewrite, bracketed, inside, walked
from reference.debugger.running.source import Splice

_SUM, _PRODUCT = ast.Add | ast.Sub, ast.Mult | ast.Div
_SIGN = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give each two operators that stand inside one another in the other order."""
    yield from scaled(place)
    for node, parent in place.loaded:
        for new in _called(place, node):
            yield place.rewrite(node, inside(parent, new), "wrong operand",
                                f"{new}: other brackets", 1.3)  # fmt: skip
        if not isinstance(node, ast.BinOp):
            continue
        other = (*_regrouped(place, node), *_of_one_term(place, node), *_squared(place, node))
        for new in dict.fromkeys(other):
            yield place.rewrite(node, inside(parent, new), "wrong derivative",
                                f"{new}: other brackets", 1.4)  # fmt: skip


def scaled(place: Place) -> Iterator[Rewrite]:
    """Give ``x = a; x *= m; x += b`` for ``x = a + b; x *= m``: a factor of one part alone.

    Whatever a statement makes of x, such as ``x = f(x)``, may be meant for one part alone.
    """
    statement, name = place.statement, place.variable
    anew = isinstance(statement, ast.Assign) and isinstance(place.target, ast.Name)
    if anew:
        reads = [n for n, _ in place.loaded if isinstance(n, ast.Name) and n.id == name]
        anew = len(reads) == 1
    elif not isinstance(statement, ast.AugAssign) or not isinstance(statement.op, _PRODUCT):
        return
    made = _made_before(place) if anew or isinstance(statement, ast.AugAssign) else None
    if made is None or len(addends := _addends(made)) < 2:
        return
    for other in addends:
        text = place.text(other)
        if name not in text:
            new = f"{place.text(statement)}\n{place.source.indent(statement)}{name} += {text}"
            if isinstance(statement, ast.Assign):
                value = place.text(statement.value)
                simple = isinstance(statement.value, ast.Call | ast.BinOp)
                new = f"{name} = {value if simple else f'({value})'} + {text}"
            kept = " + ".join(place.text(one) for one in addends if one is not other)
            splices = (Splice(*place.source.span(made), kept),
                       Splice(*place.source.span(statement), new))  # fmt: skip
            yield place.splice([*splices], "spurious factor", f"{text} without it", 1.25)


def _addends(node: ast.expr) -> list[ast.expr]:
    """Return the terms of a sum, in their order; of anything else it alone."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_addends(node.left), *_addends(node.right)]
    return [node]


def _made_before(place: Place) -> ast.expr | None:
    """Return what the variable of a statement is made of, in the same block and just before."""
    for node in walked(place.function):
        for field in ("body", "orelse"):
            block = getattr(node, field, None)
            if isinstance(block, list) and place.statement in block:
                before = block[: block.index(place.statement)]
                made = [
                    s
                    for s in before
                    if isinstance(s, ast.Assign) and place.text(s.targets[0]) == place.variable
                ]
                return made[-1].value if made else None
    return None


def _called(place: Place, node: ast.expr) -> Iterator[str]:
    """Give ``f(a, m) + b`` for ``f(a + b, m)``, and the other way: a function of one part alone."""
    if isinstance(node, ast.Call):
        for k, whole in enumerate(node.args):
            if isinstance(whole, ast.BinOp) and isinstance(whole.op, _SUM):
                a, b, sign = place.text(whole.left), place.text(whole.right), _SIGN[type(whole.op)]
                yield f"{_with(place, node, k, a)} {sign} {bracketed(whole.right, b)}"
                if sign == "+":
                    yield f"{a} + {_with(place, node, k, b)}"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        for call, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(call, ast.Call) and call.args:
                yield from (
                    _with(place, call, k, f"{place.text(argument)} + {place.text(other)}")
                    for k, argument in enumerate(call.args)
                )


def _with(place: Place, call: ast.Call, number: int, new: str) -> str:
    """Return a call with another argument."""
    texts = [place.text(node) for node in (*call.args, *call.keywords)]
    texts[number] = new
    return f"{place.text(call.func)}({', '.join(texts)})"


def _regrouped(place: Place, node: ast.BinOp) -> Iterator[str]:
    left, right, sign = node.left, node.right, _SIGN.get(type(node.op))
    if sign is None:
        return
    if isinstance(right, ast.BinOp) and type(right.op) in _SIGN:  # a + (b * c): (a + b) * c
        b, c = place.text(right.left), bracketed(right.right, place.text(right.right))
        first = f"{place.text(left)} {sign} {bracketed(right.left, b)}"
        if not _is_same(node.op, right.op):
            yield f"{_around(first, node.op, right.op)} {_SIGN[type(right.op)]} {c}"
    if isinstance(left, ast.BinOp) and type(left.op) in _SIGN:  # (a + b) * c: a + b * c
        a, b = place.text(left.left), bracketed(left.right, place.text(left.right))
        last = f"{b} {sign} {bracketed(right, place.text(right))}"
        needs = not (isinstance(left.op, _SUM) and isinstance(node.op, _PRODUCT))
        if not (isinstance(left.op, ast.Add | ast.Mult) and _is_same(left.op, node.op)):
            yield f"{a} {_SIGN[type(left.op)]} {f'({last})' if needs else last}"


def _of_one_term(place: Place, node: ast.BinOp) -> Iterator[str]:
    """Give ``a * c + b`` for ``(a + b) * c``, and back: a factor of one term, or of both."""
    left, right = node.left, node.right
    if isinstance(node.op, _PRODUCT) and isinstance(left, ast.BinOp) and isinstance(left.op, _SUM):
        c = bracketed(right, place.text(right))
        a = bracketed(left.left, place.text(left.left))
        yield f"{a} {_SIGN[type(node.op)]} {c} {_SIGN[type(left.op)]} {place.text(left.right)}"
    if isinstance(node.op, _SUM) and isinstance(left, ast.BinOp) and isinstance(left.op, _PRODUCT):
        c = bracketed(left.right, place.text(left.right))
        sum_ = f"{place.text(left.left)} {_SIGN[type(node.op)]} {place.text(right)}"
        yield f"({sum_}) {_SIGN[type(left.op)]} {c}"


def _is_same(outer: ast.operator, inner: ast.operator) -> bool:
    """Return whether brackets change nothing: ``a + (b - c)``, ``a * (b / c)``."""
    both = isinstance(outer, ast.Add) and isinstance(inner, _SUM)
    return both or (isinstance(outer, ast.Mult) and isinstance(inner, _PRODUCT))


def _around(text: str, op: ast.operator, outer: ast.operator) -> str:
    return f"({text})" if isinstance(op, _SUM) and isinstance(outer, _PRODUCT) else text


def _squared(place: Place, node: ast.BinOp) -> Iterator[str]:
    """Give the square of a sum or product for one with the square of its last part, and back."""
    if isinstance(node.op, _SUM | ast.Mult | ast.Div):
        core = _square(node.right)
        if core is not None:
            base = f"{place.text(node.left)} {_SIGN[type(node.op)]} {place.text(core)}"
            yield f"({base}) ** 2"
    whole = _square(node)
    if isinstance(whole, ast.BinOp) and type(whole.op) in _SIGN:
        last = bracketed(whole.right, place.text(whole.right))
        yield f"{place.text(whole.left)} {_SIGN[type(whole.op)]} {last} ** 2"


def _square(node: ast.expr) -> ast.expr | None:
    """Return x of ``x ** 2`` and ``x * x``, else None."""
    if not isinstance(node, ast.BinOp):
        return None
    if isinstance(node.op, ast.Mult) and ast.dump(node.left) == ast.dump(node.right):
        return node.left
    squared = isinstance(node.op, ast.Pow) and getattr(node.right, "value", None) == 2
    return node.left if squared else None
