"""Elements in another order than they are read, or written: of tuples, arguments and entries."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.source import Splice

_MOST = 12


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give two elements of a tuple, list or call exchanged, and one moved to another place."""
    for node, _ in place.nodes:
        for elements in _groups(place, node):
            yield from _orders(place, elements[:_MOST])


def _groups(place: Place, node: ast.expr) -> Iterator[list[ast.expr]]:
    if isinstance(node, ast.Tuple | ast.List):
        yield node.elts
    elif isinstance(node, ast.Dict):
        yield node.values
    elif isinstance(node, ast.Call) and not place.text(node.func).startswith(("np.", "numpy.")):
        yield node.args
        yield [keyword.value for keyword in node.keywords]


def _orders(place: Place, elements: list[ast.expr]) -> Iterator[Rewrite]:
    if len(elements) < 2 or any(isinstance(e, ast.Starred) for e in elements):
        return
    texts, spans = [place.text(e) for e in elements], [place.source.span(e) for e in elements]
    shapes = [_shape(place, e, text) for e, text in zip(elements, texts, strict=True)]
    for a, b in itertools.combinations(range(len(elements)), 2):
        if texts[a] == texts[b] or (shapes[a] != shapes[b] and None not in (shapes[a], shapes[b])):
            continue
        near = b - a == 1
        yield place.splice(
            [Splice(*spans[a], texts[b]), Splice(*spans[b], texts[a])], "wrong order",
            f"{texts[a]} and {texts[b]} exchanged", 1.1 if near else 1.3,
        )  # fmt: skip
    for a, b in itertools.permutations(range(len(elements)), 2):
        if abs(b - a) < 2:
            continue
        order = list(range(len(elements)))
        order.insert(b, order.pop(a))
        if all(shapes[k] == shapes[n] or None in (shapes[k], shapes[n])
               for n, k in enumerate(order)):  # fmt: skip
            splices = [Splice(*spans[n], texts[k]) for n, k in enumerate(order) if n != k]
            yield place.splice(splices, "wrong order", f"{texts[a]} in another place", 1.6)


def _shape(place: Place, node: ast.expr, text: str) -> tuple[int, ...] | None:
    """Return the shape of what is read; None where it is no array, or is only written here."""
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return None
    value = place.value(text, place.env)
    return shape_of(value) if isinstance(value, np.ndarray | float | np.floating) else None
