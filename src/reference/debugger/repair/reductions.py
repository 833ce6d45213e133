"""Sums and means, their axes, and scales by sizes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import numpy as np

from reference.debugger.repair.place import Place, Rewrite, product
from reference.debugger.running.shapes import axes_of
from reference.debugger.running.source import Splice

_SCALE = "scale 1/B or 1/T"
_REDUCING = ("sum", "mean", "max", "prod")


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give sum for mean, other axes, sums that are missing, and scales by sizes."""
    for node, _ in place.nodes:
        if isinstance(node, ast.Attribute) and node.attr in ("sum", "mean", "average"):
            new = "sum" if node.attr != "sum" else "mean"
            end = place.source.span(node)[1]
            yield place.splice(
                [Splice(end - len(node.attr), end, new)],
                "mean for sum" if new == "sum" else _SCALE, f"{new}, not {node.attr}", 1.0,
            )  # fmt: skip
    for node, _ in place.loaded:
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in _REDUCING:
            yield from _axes(place, node)
    yield from _scales(place)
    yield from _missing_sums(place)


def _axes(place: Place, node: ast.Call) -> Iterator[Rewrite]:
    numpy_call = isinstance(node.func, ast.Attribute) and place.text(node.func.value) == "np"
    what = place.text(node.args[0]) if numpy_call and node.args else ""
    head = f"{place.text(node.func)}({what}" + (", " if what else "")
    for axis in ("0", "1", "-1", "(0, 1)", "2"):
        for keep in ("", ", keepdims=True"):
            yield place.rewrite(node, f"{head}axis={axis}{keep})", "wrong shape",
                                f"over axis {axis}", 1.4 + 0.2 * bool(keep))  # fmt: skip
    yield place.rewrite(node, f"{place.text(node.func)}({what})", "wrong shape", "over all", 2.0)


def sizes(place: Place) -> list[str]:
    """Return how the program may call its sizes here: counts, lengths, shapes."""
    found: dict[str, None] = {}
    for name, value in place.env.items():
        if type(value) is int and 1 < value < 1000 and not name.startswith("_"):
            found[name] = None
        if isinstance(value, list | tuple) and len(value) > 1:
            found[f"len({name})"] = None
    for atom in place.atoms:
        if 0 < len(atom.shape) <= 3 and "[" not in atom.text:
            found |= dict.fromkeys(f"{atom.text}.shape[{k}]" for k in range(len(atom.shape)))
            if len(atom.shape) > 1:
                found[f"{atom.text}.size"] = None
    for mask in place.masks():
        found[f"{mask.text}.sum()"] = None
    by_value: dict[Any, str] = {}
    for text in found:
        value = place.value(text, place.env)
        if (
            isinstance(value, int | np.integer)
            and value > 1
            and (value not in by_value or len(text) < len(by_value[value]))
        ):
            by_value[value] = text
    return list(by_value.values())


def _scales(place: Place) -> Iterator[Rewrite]:
    known = sizes(place)
    for node, _ in place.loaded:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.Mult):
            value = place.value(place.text(node.right), place.env)
            if isinstance(value, int) or (axes_of(value) == 0 and isinstance(value, np.integer)):
                for size in known:
                    yield place.rewrite(node.right, size, _SCALE, f"{size} in its place", 1.3)
                for atom in place.atoms:
                    if atom.shape == ():
                        yield place.rewrite(node.right, atom.text, _SCALE, atom.text, 1.5)
    for node in place.chains():
        text = place.text(node)
        value = place.value(text, place.env)
        if (
            isinstance(value, np.ndarray | float | np.floating)
            and np.asarray(value).dtype.kind == "f"
        ):
            base = product(node, text)
            for size in known:
                yield place.rewrite(node, f"{base} / {size}", _SCALE, f"over {size}", 1.8)
                yield place.rewrite(node, f"{base} * {size}", _SCALE, f"times {size}", 1.9)
            for factor in ("2", "0.5"):
                yield place.rewrite(
                    node, f"{factor} * {base}", "missing factor", f"times {factor}", 2.0
                )
    statement = place.statement
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Div | ast.Mult):
        for size in known:
            yield place.rewrite(statement.value, size, _SCALE, f"{size} in its place", 1.3)


def _missing_sums(place: Place) -> Iterator[Rewrite]:
    for node in place.chains():
        text = place.text(node)
        value = place.value(text, place.env)
        if not isinstance(value, np.ndarray) or value.ndim < 1 or value.dtype.kind != "f":
            continue
        base = (
            text
            if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call)
            else f"({text})"
        )
        axes = ["0", "1", "(0, 1)"][: value.ndim + (value.ndim > 2)]
        for axis in axes:
            for keep in ("", ", keepdims=True"):
                yield place.rewrite(
                    node, f"{base}.sum(axis={axis}{keep})", "wrong shape", f"summed over {axis}",
                    1.8,
                )  # fmt: skip
