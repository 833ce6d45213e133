"""Sequences turned round along an axis that is not the first: ``x[:, ::-1]`` for ``x``.

Where the batch comes first, the steps are along the second axis, and a kernel is along the last. An
axis that the file turns round somewhere is likely to be turned round elsewhere, too: what the
second direction has made goes back to the order of the first.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from reference.debugger.repair.place import Place, Rewrite
from reference.debugger.running.kept import kept
from reference.debugger.running.source import Source

_KIND = "forward order"
_KNOWN, _OTHER = 1.2, 1.9  # the cost of an axis that the file turns round, and of another
_AXES = 4


def rewrites(place: Place) -> Iterator[Rewrite]:
    """Give each array of a statement turned round along the second axis, or a later one."""
    known = axes_turned(place.source)
    for node, parent in place.loaded:
        if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
            continue
        if isinstance(parent, ast.Attribute | ast.Subscript):
            continue
        text = place.text(node)
        value = place.value(text, place.env)
        if not isinstance(value, np.ndarray) or value.ndim > _AXES or "::-1" in text:
            continue
        for axis in range(1, value.ndim):
            if value.shape[axis] > 1:
                cost = _KNOWN if axis in known else _OTHER
                new = _turned(place, node, text, axis)
                yield place.rewrite(node, new, _KIND, f"axis {axis} of {text} reversed", cost)


def _turned(place: Place, node: ast.expr, text: str, axis: int) -> str:
    """Return an array with an axis turned round, in its own subscript where that has a place."""
    parts = node.slice.elts if isinstance(node, ast.Subscript) and isinstance(
        node.slice, ast.Tuple
    ) else []  # fmt: skip
    texts = [place.text(part) for part in parts]
    whole = all(isinstance(part, ast.Slice) for part in parts[: axis + 1])
    if isinstance(node, ast.Subscript) and whole and axis < len(parts) and texts[axis] == ":":
        inner = ", ".join([*texts[:axis], "::-1", *texts[axis + 1 :]])
        return f"{place.text(node.value)}[{inner}]"
    return f"{text}[{':, ' * axis}::-1]"


@kept(64)
def axes_turned(source: Source) -> frozenset[int]:
    """Return the axes behind the first that a file turns round.

    Examples
    --------
    >>> sorted(axes_turned(Source("a.py", "y = x[:, ::-1] + np.flip(z, axis=2)")))
    [1, 2]
    """
    found: set[int] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
            texts = (ast.unparse(part) for part in node.slice.elts)
            found |= {axis for axis, text in enumerate(texts) if text == "::-1"}
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", "")
            given = [k.value for k in node.keywords if k.arg == "axis"]
            given += node.args[1:2] if name == "flip" else []
            if name == "flip":
                found |= {a.value for a in given
                          if isinstance(a, ast.Constant) and type(a.value) is int}  # fmt: skip
            elif name == "fliplr":
                found.add(1)
    return frozenset(axis for axis in found if axis > 0)
