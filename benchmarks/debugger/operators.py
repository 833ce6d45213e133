"""Single-term mutation operators for backward functions.

An operator is a generator over a syntax tree. For each place it changes the tree, yields the place
with the texts that may stand there, and changes the tree back. The order is that of the tree.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from typing import NamedTuple

TIMES = {"t", "idx", "step", "n", "k", "bptt_step"}
"""Names that stand for a time step."""


class Place(NamedTuple):
    """A node of the original tree and the texts that may replace it in the source."""

    node: ast.expr | ast.stmt
    texts: tuple[str, ...]


Operator = Callable[[ast.AST, str], Iterator[Place]]
Rewrite = Callable[[ast.expr], Iterator[ast.expr]]


def _slots(tree: ast.AST) -> list[tuple[ast.AST, str, int | None, ast.expr]]:
    """Places that hold an expression: parent, field, index in the field, expression."""
    found = []
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                found.append((node, field, None, value))
            elif isinstance(value, list):
                found += [
                    (node, field, index, item)
                    for index, item in enumerate(value)
                    if isinstance(item, ast.expr)
                ]
    return found


def _put(node: ast.AST, field: str, index: int | None, value: ast.expr) -> None:
    if index is None:
        setattr(node, field, value)
    else:
        getattr(node, field)[index] = value


def _rewritten(tree: ast.AST, rewrite: Rewrite) -> Iterator[Place]:
    for node, field, index, value in _slots(tree):
        for new in rewrite(value):
            _put(node, field, index, new)
            text = ast.unparse(new)
            bare = (text[1:-1],) if isinstance(new, ast.Tuple) else ()
            yield Place(value, (*bare, text, f"({text})"))
            _put(node, field, index, value)


def _blocks(tree: ast.AST) -> list[tuple[list[ast.stmt], int]]:
    found = []
    for node in ast.walk(tree):
        for field in ("body", "orelse"):
            block = getattr(node, field, None)
            if isinstance(block, list):
                found += [(block, index) for index in range(len(block))]
    return found


def _is(node: ast.AST, *operators: type[ast.operator]) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, operators)


def wrong_sign(tree: ast.AST, source: str) -> Iterator[Place]:
    """Turn ``a + b`` into ``a - b`` and the reverse."""

    def rewrite(node: ast.expr) -> Iterator[ast.expr]:
        if _is(node, ast.Add, ast.Sub):
            op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            yield ast.BinOp(node.left, op, node.right)

    yield from _rewritten(tree, rewrite)


def dropped_term(tree: ast.AST, source: str) -> Iterator[Place]:
    """Turn ``a + b`` into ``a`` or ``b``, ``a - b`` into ``a``."""

    def rewrite(node: ast.expr) -> Iterator[ast.expr]:
        if _is(node, ast.Add, ast.Sub) and not isinstance(node.right, ast.Constant):
            yield node.left
            if isinstance(node.op, ast.Add):
                yield node.right

    yield from _rewritten(tree, rewrite)


def dropped_factor(tree: ast.AST, source: str) -> Iterator[Place]:
    """Turn ``a * b`` into ``a`` or ``b``, ``a / b`` into ``a``."""

    def rewrite(node: ast.expr) -> Iterator[ast.expr]:
        if _is(node, ast.Mult, ast.Div):
            yield node.left
            if isinstance(node.op, ast.Mult):
                yield node.right

    yield from _rewritten(tree, rewrite)


def wrong_derivative(tree: ast.AST, source: str) -> Iterator[Place]:
    """Take a part from ``1 - y ** 2`` or ``y * (1 - y)``, or put one for the other."""

    def rewrite(node: ast.expr) -> Iterator[ast.expr]:
        if not (
            _is(node, ast.Sub) and isinstance(node.left, ast.Constant) and node.left.value == 1
        ):
            return
        y = node.right
        if _is(y, ast.Pow):
            yield ast.BinOp(node.left, ast.Sub(), y.left)
            yield ast.BinOp(node.left, ast.Add(), y)
            yield ast.BinOp(y.left, ast.Mult(), ast.BinOp(node.left, ast.Sub(), y.left))
        else:
            yield ast.BinOp(node.left, ast.Sub(), ast.BinOp(y, ast.Pow(), ast.Constant(2)))
            yield y

    yield from _rewritten(tree, rewrite)


def kind(name: str) -> tuple[bool, bool]:
    """Names of one kind: gradients or not, matrices (capital letter) or not.

    Examples
    --------
    >>> kind("dh") == kind("dc"), kind("dh") == kind("h")
    (True, False)
    """
    return name.startswith(("d", "grad", "delta", "g_")), name.lstrip("d_")[:1].isupper()


def _next(names: set[str], name: str) -> str | None:
    alike = sorted(n for n in names if n != name and kind(n) == kind(name))
    return next((n for n in alike if n > name), alike[0]) if alike else None


def swapped_name(tree: ast.AST, source: str) -> Iterator[Place]:
    """Put the next name of its kind in the same function for a local name."""
    loaded = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    names = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    } | {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)} - {"self"}
    for node in loaded:
        other = _next(names, node.id) if node.id in names else None
        if other is not None:
            before, node.id = node.id, other
            yield Place(node, (other,))
            node.id = before


def swapped_attribute(tree: ast.AST, source: str) -> Iterator[Place]:
    """Put the next attribute or string key of its kind of the same object for one."""
    attributes: dict[str, set[str]] = {}
    keys: dict[str, set[str]] = {}
    nodes = list(ast.walk(tree))
    called = {id(n.func) for n in nodes if isinstance(n, ast.Call)}
    for node in nodes:
        if isinstance(node, ast.Attribute) and id(node) not in called:
            attributes.setdefault(ast.unparse(node.value), set()).add(node.attr)
        elif isinstance(node, ast.Subscript) and _is_text(node.slice):
            keys.setdefault(ast.unparse(node.value), set()).add(node.slice.value)
    for node in nodes:
        if isinstance(node, ast.Attribute) and id(node) not in called and node.attr != "T":
            other = _next(attributes[ast.unparse(node.value)] - {"T", "shape"}, node.attr)
            if other is not None:
                before, node.attr = node.attr, other
                yield Place(node, (ast.unparse(node),))
                node.attr = before
        elif isinstance(node, ast.Subscript) and _is_text(node.slice):
            other = _next(keys[ast.unparse(node.value)], node.slice.value)
            if other is not None:
                before, node.slice.value = node.slice.value, other
                quote = (ast.get_source_segment(source, node.slice) or "'")[0]
                yield Place(node.slice, (f"{quote}{other}{quote}",))
                node.slice.value = before


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def shifted_time(tree: ast.AST, source: str) -> Iterator[Place]:
    """Turn ``a[t]`` into ``a[t - 1]``, and ``a[t - 1]`` and ``a[t + 1]`` into ``a[t]``."""

    def shifted(part: ast.expr) -> ast.expr | None:
        if isinstance(part, ast.Name) and part.id in TIMES:
            return ast.BinOp(ast.Name(part.id, ast.Load()), ast.Sub(), ast.Constant(1))
        if _is(part, ast.Add, ast.Sub) and isinstance(part.left, ast.Name):
            return ast.Name(part.left.id, ast.Load()) if part.left.id in TIMES else None
        return None

    def rewrite(node: ast.expr) -> Iterator[ast.expr]:
        if not isinstance(node, ast.Subscript):
            return
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for place, part in enumerate(parts):
            new = shifted(part)
            if new is not None:
                elements = [new if q == place else p for q, p in enumerate(parts)]
                index = ast.Tuple(elements, ast.Load()) if len(parts) > 1 else new
                yield ast.Subscript(node.value, index, node.ctx)

    yield from _rewritten(tree, rewrite)


def transpose(tree: ast.AST, source: str) -> Iterator[Place]:
    """Turn ``a.T`` into ``a``; give an operand of a matrix product a ``.T``."""

    def rewrite(node: ast.expr) -> Iterator[ast.expr]:
        if isinstance(node, ast.Attribute) and node.attr == "T":
            yield node.value
        elif _is(node, ast.MatMult):
            for side in ("left", "right"):
                value = getattr(node, side)
                if not (isinstance(value, ast.Attribute) and value.attr == "T"):
                    new = copy.copy(node)
                    setattr(new, side, ast.Attribute(value, "T", ast.Load()))
                    yield new

    yield from _rewritten(tree, rewrite)


def mean_for_sum(tree: ast.AST, source: str) -> Iterator[Place]:
    """Turn ``sum`` into ``mean`` and the reverse, as a method or a function of NumPy."""
    other = {"sum": "mean", "mean": "sum"}

    def rewrite(node: ast.expr) -> Iterator[ast.expr]:
        if isinstance(node, ast.Attribute) and node.attr in other:
            yield ast.Attribute(node.value, other[node.attr], node.ctx)

    yield from _rewritten(tree, rewrite)


def assigned_for_added(tree: ast.AST, source: str) -> Iterator[Place]:
    """Turn ``a += b`` into ``a = b``."""
    for block, index in _blocks(tree):
        node = block[index]
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Mult):
            block[index] = ast.Assign([node.target], node.value)
            text = ast.get_source_segment(source, node) or ""
            token = "+=" if isinstance(node.op, ast.Add) else "*="
            yield Place(node, (text.replace(token, "=", 1),))
            block[index] = node


def added_for_assigned(tree: ast.AST, source: str) -> Iterator[Place]:
    """Turn ``a = b`` into ``a += b``."""
    for block, index in _blocks(tree):
        node = block[index]
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name | ast.Subscript):
            target = copy.copy(node.targets[0])
            block[index] = ast.AugAssign(target, ast.Add(), node.value)
            text = ast.get_source_segment(source, node) or ""
            yield Place(node, (text.replace("=", "+=", 1),))
            block[index] = node


def deleted_statement(tree: ast.AST, source: str) -> Iterator[Place]:
    """Leave an assignment or a call out; the text is empty."""
    for block, index in _blocks(tree):
        node = block[index]
        if isinstance(node, ast.Assign | ast.AugAssign) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        ):
            if len(block) == 1:
                continue
            del block[index]
            yield Place(node, ("",))
            block.insert(index, node)


def loop_bounds(tree: ast.AST, source: str) -> Iterator[Place]:
    """Let a loop over a ``range`` begin or end one step too early."""

    def rewrite(node: ast.expr) -> Iterator[ast.expr]:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            if node.func.id != "range":
                return
            one = ast.Constant(1)
            for place, bound in enumerate(node.args[:2]):
                op = ast.Add() if place and len(node.args) == 3 else ast.Sub()
                arguments = list(node.args)
                arguments[place] = ast.BinOp(bound, op, one)
                yield ast.Call(node.func, arguments, [])

    yield from _rewritten(tree, rewrite)


def forward_order(tree: ast.AST, source: str) -> Iterator[Place]:
    """Turn ``reversed(x)`` and ``x[::-1]`` into ``x``."""

    def rewrite(node: ast.expr) -> Iterator[ast.expr]:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "reversed":
            yield node.args[0]
        elif isinstance(node, ast.Subscript) and ast.unparse(node.slice) == "::-1":
            yield node.value

    yield from _rewritten(tree, rewrite)


def swapped_elements(tree: ast.AST, source: str) -> Iterator[Place]:
    """Let two neighbours in a tuple or a list change places."""

    def rewrite(node: ast.expr) -> Iterator[ast.expr]:
        if isinstance(node, ast.Tuple | ast.List) and not any(map(_is_text, node.elts)):
            for place in range(len(node.elts) - 1):
                elements = list(node.elts)
                elements[place : place + 2] = elements[place : place + 2][::-1]
                yield type(node)(elements, node.ctx)

    yield from _rewritten(tree, rewrite)


OPERATORS: tuple[Operator, ...] = (
    wrong_sign,
    dropped_term,
    dropped_factor,
    wrong_derivative,
    swapped_name,
    swapped_attribute,
    swapped_elements,
    shifted_time,
    transpose,
    mean_for_sum,
    assigned_for_added,
    added_for_assigned,
    deleted_statement,
    loop_bounds,
    forward_order,
)
