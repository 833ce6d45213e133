"""What is added to all entries and belongs to one, and what is added to one and belongs to more."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import numpy as np

from reference.debugger.repair.blocks import subscripts
from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.running.shapes import shape_of

_INDICES = ("0", "-1")
_KIND = "wrong shape"
_MOST = 24


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give ``x = y.copy(); x[k] += s`` for ``x = y + s``, and ``x[:k] += v`` for ``x[k] += v``."""
    statement = place.statement
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        yield from _of_sum(place, statement)
    elif isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add | ast.Sub):
        if isinstance(statement.target, ast.Name):
            yield from _of_addition(place, statement)
        elif isinstance(statement.target, ast.Subscript):
            yield from _of_more(place, statement, statement.target)


def _of_sum(place: Place, statement: ast.Assign) -> Iterator[Rewrite]:
    """Give a number that is broadcast to all entries to one of them."""
    value = statement.value
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Add | ast.Sub):
        return
    sign = "+" if isinstance(value.op, ast.Add) else "-"
    pairs = [(value.left, value.right)] + [(value.right, value.left)] * (sign == "+")
    for whole, term in pairs:
        for index in _indices(place, whole, term):
            name, base = place.variable, place.text(whole)
            copied = f"{base}.copy()" if _is_variable(whole) else base
            indent = place.source.indent(statement)
            text = f"{name} = {copied}\n{indent}{name}[{index}] {sign}= {place.text(term)}"
            yield place.rewrite(statement, text, _KIND, f"to [{index}] alone", 1.4)


def _of_addition(place: Place, statement: ast.AugAssign) -> Iterator[Rewrite]:
    for index in _indices(place, statement.target, statement.value):
        yield place.rewrite(statement.target, f"{place.variable}[{index}]", _KIND,
                            f"to [{index}] alone", 1.4)  # fmt: skip


def _indices(place: Place, whole: ast.expr, term: ast.expr) -> list[str]:
    """Return the indices of the entries that a term may be meant for, where it is broadcast."""
    shapes = [shape_of(_array(place, node)) for node in (whole, term)]
    if shapes[0] == shapes[1] or not shapes[0] or len(shapes[1]) > len(shapes[0]):
        return []
    own = [place.text(n.slice) for n in ast.walk(term) if isinstance(n, ast.Subscript)]
    held = _array(place, whole)
    found = dict.fromkeys([*own, *_INDICES, *place.counters, *subscripts(place.source)])
    return [i for i in found if _shape_of_part(place, held, i) == shapes[1]][:_MOST]


def _of_more(place: Place, statement: ast.AugAssign, target: ast.Subscript) -> Iterator[Rewrite]:
    """Give another part to add to, and a value that is not summed up, where these fit."""
    base, now = place.text(target.value), place.text(target)
    held = _array(place, target.value)
    if not isinstance(held, np.ndarray):
        return
    value, operator = statement.value, "+=" if isinstance(statement.op, ast.Add) else "-="
    texts = [place.text(value), *_not_summed(place, value)]
    shapes = {text: place.shape(text) for text in texts}
    for index in ("...", *subscripts(place.source)):
        part = base if index == "..." else f"{base}[{index}]"
        shape = _shape_of_part(place, held, index)
        for text in texts:
            if shape and shape == shapes[text] and part != now:
                yield place.rewrite(statement, f"{part} {operator} {text}", "wrong operand",
                                    f"to {part}", 1.4 + 0.2 * (text != texts[0]))  # fmt: skip


def _not_summed(place: Place, value: ast.expr) -> Iterator[str]:
    """Give a value with one axis more: of an einsum, or without the sum around it."""
    if not isinstance(value, ast.Call):
        return
    called = place.text(value.func)
    if called.endswith("einsum") and value.args and isinstance(value.args[0], ast.Constant):
        spec = str(value.args[0].value)
        start, _ = place.source.span(value.args[0])
        quote, text = place.source.data[start : start + 1].decode(), place.text(value)
        given, arrow, made = spec.partition("->")
        for letter in dict.fromkeys(c for c in given if c.isalpha() and c not in made):
            for at in range(len(made) + 1) if arrow else ():
                new = f"{given}->{made[:at]}{letter}{made[at:]}"
                yield text.replace(f"{quote}{spec}{quote}", f"{quote}{new}{quote}", 1)
    elif called in ("np.sum", "np.mean") and value.args:
        yield place.text(value.args[0])
    elif isinstance(value.func, ast.Attribute) and value.func.attr in ("sum", "mean"):
        yield place.text(value.func.value)


def _array(place: Place, node: ast.expr) -> Any:
    return place.value(place.text(node), place.env)


def _shape_of_part(place: Place, held: Any, index: str) -> tuple[int, ...] | None:
    """Return the shape of a part of an array; None if there is none."""
    at = place.value(f"np.s_[{index}]", {**place.env, "np": np})
    try:
        return None if at is None else shape_of(np.asarray(held)[at])
    except (IndexError, TypeError):
        return None


def _is_variable(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
