"""Products of matrices and vectors: transposed, outer for dot, operands exchanged."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.place import Place, Rewrite, bracketed, inside
from reference.debugger.running.source import Splice

_TWO = {"dot", "outer", "matmul", "multiply", "inner"}


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give products with one operand or both transposed, and other products of the same two."""
    for node, _ in place.loaded:
        pair = operands(node)
        if pair is not None:
            yield from _variants(place, node, *pair)
    for node, parent in place.loaded:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            yield from _of_star(place, node, parent)
    for node, _ in place.loaded:
        text = place.text(node)
        if isinstance(node, ast.Attribute) and node.attr == "T":
            yield place.rewrite(node, place.text(node.value), "transposed", "not transposed", 1.2)
        elif isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            value = place.value(text, place.env)
            if getattr(value, "ndim", 0) == 2:
                yield place.rewrite(node, f"{text}.T", "transposed", f"{text} transposed", 1.2)
    for node in place.chains():
        value = place.value(place.text(node), place.env)
        if getattr(value, "ndim", 0) == 2 and not isinstance(node, ast.Name):
            text = bracketed(node, place.text(node))
            yield place.rewrite(node, f"{text}.T", "transposed", "transposed", 1.8)
    for node, _ in place.loaded:
        if isinstance(node, ast.Call) and "einsum" in place.text(node.func) and node.args:
            yield from _einsum(place, node.args[0])


def operands(node: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """Return the two sides of ``a @ b``, ``np.dot(a, b)`` or ``a.dot(b)``."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return node.left, node.right
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in _TWO and len(node.args) == 2:
            return node.args[0], node.args[1]
        if node.func.attr == "dot" and len(node.args) == 1:
            return node.func.value, node.args[0]
    return None


def _variants(place: Place, node: ast.expr, a: ast.expr, b: ast.expr) -> Iterator[Rewrite]:
    kind = "transposed"
    left, right = bracketed(a, place.text(a)), bracketed(b, place.text(b))
    values = [place.value(text, place.env) for text in (left, right)]
    ndims = [getattr(value, "ndim", 2) for value in values]
    lefts, rights = _both(left, ndims[0]), _both(right, ndims[1])
    for x in lefts:
        for y in rights:
            for new in (f"{x} @ {y}", f"{y} @ {x}"):
                yield place.rewrite(node, new, kind, new, 1.3)
            if ndims[0] > 1 or ndims[1] > 1:
                yield place.rewrite(node, f"({x} @ {y}).T", kind, f"({x} @ {y}).T", 2.2)
    turned = isinstance(a, ast.Attribute) and a.attr == "T"
    if turned and getattr(values[0], "ndim", 0) == 2 and getattr(values[1], "ndim", 0) == 2:
        base = bracketed(a.value, place.text(a.value))  # type: ignore[attr-defined]  # turned says what a is
        for x, y in (("1:", ":-1"), (":-1", "1:")):
            new = f"{base}[{x}].T @ {right}[{y}]"
            yield place.rewrite(node, new, "index off by one", new, 1.5)
        if values[0].shape[0] == values[1].shape[1]:  # type: ignore[union-attr]  # ndim was 2 for both
            new = f"({base} * {right}).sum(axis=0)"
            yield place.rewrite(node, new, "wrong shape", new, 1.7)
    outer = f"np.outer({left}, {right})", f"np.outer({right}, {left})"
    for new in (*outer, f"np.dot({left}, {right})", f"{left} * {right}"):
        yield place.rewrite(node, new, "wrong operand", new, 1.4)


def _of_star(place: Place, node: ast.BinOp, parent: ast.AST) -> Iterator[Rewrite]:
    """Give outer products and products of matrices for a product entry by entry.

    Where the line adds to an array, or fills a part of one, the product has to be of its shape.
    """
    factors = _factors(node)
    whole = parent is place.statement
    shape = place.shape(place.text(place.target)) if whole and place.target is not None else ()
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult):
        return  # a part of a longer product
    for k in range(1, len(factors)):
        sides = []
        for part in (factors[:k], factors[k:]):
            text = " * ".join(bracketed(f, place.text(f)) for f in part)
            sides.append((text, place.value(text, place.env), len(part)))
        (left, a, m), (right, b, n) = sides
        if not (isinstance(a, np.ndarray) and isinstance(b, np.ndarray)):
            continue
        for new, made in _products(left, a, m, right, b, n):
            if not shape or shape[len(shape) - made.ndim :] == made.shape:
                yield place.rewrite(node, inside(parent, new), "wrong operand", new, 1.4)


def _products(
    left: str, a: np.ndarray, m: int, right: str, b: np.ndarray, n: int
) -> Iterator[tuple[str, np.ndarray]]:
    """Give the outer product of two vectors, or the products of two matrices, with values."""
    if a.ndim == b.ndim == 1:
        yield f"np.outer({left}, {right})", np.outer(a, b)
        yield f"np.outer({right}, {left})", np.outer(b, a)
        if a.shape == b.shape:
            yield f"np.dot({left}, {right})", np.asarray(a @ b)
        return
    if not (1 <= a.ndim <= 2 and 1 <= b.ndim <= 2):
        return
    x, y = left if m == 1 else f"({left})", right if n == 1 else f"({right})"
    lefts = [(x, a), (f"{x}.T", a.T)][: a.ndim]
    rights = [(y, b), (f"{y}.T", b.T)][: b.ndim]
    for (first, u), (second, v) in itertools.product(lefts, rights):
        if u.shape[-1] == v.shape[0]:
            yield f"{first} @ {second}", u @ v
        if v.shape[-1] == u.shape[0]:
            yield f"{second} @ {first}", v @ u


def _factors(node: ast.expr) -> list[ast.expr]:
    """Return the factors of a product as it is written."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_factors(node.left), *_factors(node.right)]
    return [node]


def _both(text: str, ndim: int) -> list[str]:
    if ndim < 2:
        return [text]
    return [text, text.removesuffix(".T") if text.endswith(".T") else f"{text}.T"]


def _einsum(place: Place, node: ast.expr) -> Iterator[Rewrite]:
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return
    letters = sorted({c for c in node.value if c.isalpha()})
    text = node.value
    start, _ = place.source.span(node)
    for at, letter in enumerate(text):
        if letter not in letters:
            continue
        for other in letters:
            if other != letter:
                where = start + 1 + at
                yield place.splice([Splice(where, where + 1, other)], "transposed",
                                   f"{other} for {letter}", 1.8)  # fmt: skip
    if "->" in text:
        for new in with_a_term_transposed(text):
            yield place.rewrite(node, repr(new), "transposed", "transposed", 1.3)
        head, tail = text.split("->")
        if len(tail) > 1:
            yield place.rewrite(node, repr(f"{head}->{tail[::-1]}"), "transposed", "turned", 1.4)


def with_a_term_transposed(rule: str) -> list[str]:
    """Return the rules of einsum that read one of several arrays with two axes exchanged.

    That array's letters stay as they are, those of all others are exchanged, which is the same.

    Examples
    --------
    >>> with_a_term_transposed("bi,ij->bj")
    ['bi,bj->ij', 'bj,ij->bi']
    """
    head, tail = rule.replace(" ", "").split("->")
    terms = head.split(",")
    found = []
    for k, term in enumerate(terms if len(terms) > 1 else ()):
        for a, b in itertools.combinations(filter(str.isalpha, dict.fromkeys(term)), 2):
            table = str.maketrans({a: b, b: a})
            others = [t if n == k else t.translate(table) for n, t in enumerate(terms)]
            found.append(f"{','.join(others)}->{tail.translate(table)}")
    return list(dict.fromkeys(found))
