"""Copies where the array itself was meant, and an array written into where a new one was meant."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.place import Place, Rewrite

_COPYING = {"np.array", "np.copy", "np.ascontiguousarray", "copy.copy", "copy.deepcopy",
            "deepcopy", "list", "dict"}  # fmt: skip
_KIND = "aliasing"


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give the array for its copy, a view for what gathers its entries, and new arrays."""
    yield from _bound_anew(place)
    for node, _ in place.loaded:
        if not isinstance(node, ast.Call):
            continue
        func = node.func
        if place.text(func) in _COPYING and len(node.args) == 1:
            what = place.text(node.args[0])
            held = place.value(what, place.env)
            if isinstance(held, np.ndarray | list | dict) and _is_one(node.args[0]):
                yield place.rewrite(node, what, _KIND, f"{what} itself, no copy", 1.2)
        elif isinstance(func, ast.Attribute) and func.attr in ("copy", "flatten"):
            base = place.text(func.value)
            new = base if func.attr == "copy" else f"{base}.reshape(-1)"
            yield place.rewrite(node, new, _KIND, f"{base} itself, no copy", 1.2)


def _bound_anew(place: Place) -> Iterator[Rewrite]:
    """Give ``h = ...`` for ``h[:] = ...``: a new array, where others still have the old one."""
    for node, _ in place.nodes:
        if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Store):
            continue
        if isinstance(node.value, ast.Name) and place.text(node.slice) in ("...", ":"):
            yield place.rewrite(node, node.value.id, _KIND, f"a new {node.value.id}", 1.1)


def _is_one(node: ast.expr) -> bool:
    """Return whether an expression names an array that is there already, or a view of one."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr in ("reshape", "ravel")
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
