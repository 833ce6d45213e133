"""Gradients of another shape than that of their parameter: sums, transposes, axes of one."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.operands import naming, unlike
from reference.debugger.repair.place import Place, Rewrite, bracketed
from reference.debugger.running.shapes import shape_of

_KIND = "wrong shape"


def rewrites(place: Place, wanted: tuple[int, ...]) -> Iterator[Rewrite]:
    """Give every value of a statement in the shape that is wanted, the plain ways first.

    Parameters
    ----------
    place : Place
    wanted : tuple of int
        The shape of the parameter.
    """
    for node, parent in place.loaded:
        if isinstance(node, ast.Constant | ast.Tuple | ast.List | ast.Dict):
            continue
        text = place.text(node)
        value = place.value(text, place.env)
        if not isinstance(value, np.ndarray) or value.shape == wanted:
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            inner = place.text(node.func.value)
            if place.shape(inner) == wanted:
                yield place.rewrite(node, inner, _KIND, f"without {node.func.attr}", 0.7)
        whole = not isinstance(parent, ast.Attribute | ast.Subscript)
        base = bracketed(node, text)
        for new, cost in _reshaped(base, value, wanted) if whole else ():
            yield place.rewrite(node, new, _KIND, f"shape {wanted}", cost)


def operands_of(place: Place, wrong: tuple[int, ...], wanted: tuple[int, ...]) -> Iterator[Rewrite]:
    """Give each operand of what has a wrong shape replaced by one with which it has the wanted one.

    Parameters
    ----------
    place : Place
    wrong, wanted : tuple of int
        The shape of the gradient, and that of its parameter.
    """
    for node, _ in place.loaded:
        if not isinstance(node, ast.BinOp | ast.Call):
            continue
        text = place.text(node)
        if shape_of(place.value(text, place.env)) != wrong:
            continue
        first = place.source.span(node)[0]
        if len(text.encode()) != place.source.span(node)[1] - first:
            continue  # of several lines: what is where is not known in one
        for inner in ast.walk(node):
            if not isinstance(inner, ast.Name | ast.Attribute | ast.Subscript):
                continue
            start, end = (at - first for at in place.source.span(inner))
            old = place.text(inner)
            for atom in place.atoms:
                if atom.text == old or atom.zero or len(atom.text) > _LONGEST:
                    continue
                whole = text.encode()
                new = (whole[:start] + atom.text.encode() + whole[end:]).decode()
                if shape_of(place.value(new, place.env)) == wanted:
                    cost = 1.1 + unlike(old, atom.text)
                    yield place.rewrite(inner, atom.text, naming(old, atom.text),
                                        f"{atom.text}, not {old}", cost)  # fmt: skip


_LONGEST = 20  # letters of a variable that is meant by another


def _reshaped(base: str, value: np.ndarray, wanted: tuple[int, ...]) -> Iterator[tuple[str, float]]:
    shape = value.shape
    for count in range(1, value.ndim + 1):
        for axes in itertools.combinations(range(value.ndim), count):
            kept = tuple(size for k, size in enumerate(shape) if k not in axes)
            ones = tuple(1 if k in axes else size for k, size in enumerate(shape))
            axis = f"axis={axes[0] if count == 1 else axes}" if count < value.ndim else ""
            if kept == wanted:
                yield f"{base}.sum({axis})", 0.9
            if ones == wanted:
                yield f"{base}.sum({axis}, keepdims=True)".replace("(, ", "("), 1.0
    if shape[::-1] == wanted and value.ndim > 1:
        yield f"{base}.T", 0.9
    if shape == (1, *wanted):
        yield f"{base}[0]", 1.1
    if shape == (*wanted, 1):
        yield f"{base}[..., 0]", 1.1
    if (1, *shape) == wanted:
        yield f"{base}[None]", 1.1
    if (*shape, 1) == wanted:
        yield f"{base}[..., None]", 1.1
    if value.size == np.prod(wanted, dtype=int) and value.ndim != len(wanted):
        yield f"{base}.reshape({wanted})", 2.0
