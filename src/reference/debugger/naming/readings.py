"""What the places that differ between two texts read, while the program runs: shapes and masks."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from reference.debugger.texts.differences import differences
from reference.debugger.texts.roles import called
from reference.debugger.values.agreement import places_in

Shape = tuple[int, ...]
_WHOLE = ast.Dict | ast.Tuple | ast.List | ast.keyword
_COUNTS = ("len", "size", "shape", "ndim")


class Readings:
    """Notes what statements read when they are reached first, and the masks whenever they are."""

    def __init__(self) -> None:
        self._codes: dict[int, dict[str, types.CodeType]] = {}
        self._indices: dict[int, list[types.CodeType]] = {}
        self.start()

    def start(self) -> None:
        """Forget what the last run left."""
        self.shapes: dict[int, set[Shape]] = {}
        self.masks: dict[Any, dict[str, Any]] = {}
        self.wraps: set[Any] = set()

    def watch(self, number: int, old: ast.stmt | None, new: ast.stmt | None) -> None:
        """Get ready for the place of a number, with the statement before and after."""
        self._codes[number] = {
            text: compile(text, "<read>", "eval")
            for part in _parts(old, new)
            for text in texts_in(part)
        }
        texts = _indices(old) if old is not None else set()
        self._indices[number] = [compile(text, "<index>", "eval") for text in sorted(texts)]

    def note(self, number: int, key: Any, frame: types.FrameType) -> None:
        """Look at what is read at a place now, and whether an index of the old text wraps."""
        for code in self._indices[number]:
            try:
                index = eval(code, frame.f_globals, frame.f_locals)
            except Exception:  # it is made only later
                continue
            if isinstance(index, int | np.integer) and index < 0:
                self.wraps.add(key)
        first = number not in self.shapes
        shapes = self.shapes.setdefault(number, set())
        for text, code in self._codes[number].items():
            try:
                value = eval(code, frame.f_globals, frame.f_locals)
            except Exception:  # it is made only later
                continue
            if first and (shape := shape_of(value)) is not None:
                shapes.add(shape)
            if _is_row(value):
                self.masks.setdefault(key, {})[text] = np.squeeze(np.array(value))


def _indices(statement: ast.stmt) -> set[str]:
    """Return the indices in a statement that a variable is in, less a number: ``h[t - 1]``."""
    found = set[str]()
    if any(hasattr(node, "body") for node in ast.walk(statement)):
        return found  # a condition may ask for it
    for node in ast.walk(statement):
        inside = node.slice if isinstance(node, ast.Subscript) else None
        for index in inside.elts if isinstance(inside, ast.Tuple) else [inside]:
            if isinstance(index, ast.BinOp) and isinstance(index.op, ast.Sub):
                calls = any(isinstance(n, ast.Call | ast.NamedExpr) for n in ast.walk(index))
                found |= set() if calls else {ast.unparse(index)}
    return found


def shape_of(value: Any) -> Shape | None:
    """Return the shape of an array, or the length of a list."""
    if isinstance(value, np.ndarray):
        return value.shape
    return (len(value),) if isinstance(value, list | tuple) else None


def _is_row(value: Any) -> bool:
    """Return whether a value is a mask of a batch: 0 or 1, one for each sequence."""
    return (
        isinstance(value, np.ndarray)
        and value.dtype.kind in "biuf"
        and value.ndim in (1, 2)
        and value.size == max(value.shape, default=0) > 1
        and bool(np.all((value == 0) | (value == 1)))
    )


def _parts(old: ast.stmt | None, new: ast.stmt | None) -> list[ast.AST]:
    """Return what differs, each with the element of a dict, tuple or call that it stands in."""
    both = [s for s in (old, new) if s is not None]
    if any(hasattr(s, "body") for s in both):
        return []
    if len(both) < 2:
        return list(both)
    found: list[ast.AST] = []
    for d in differences(both[0], both[1]):
        at = next((k for k in range(len(d.around) - 1, 0, -1)
                   if isinstance(d.around[k - 1], _WHOLE)), None)  # fmt: skip
        if at is None and not (d.around and isinstance(d.around[-1], _WHOLE)):
            return list(both)
        inner = [node for _, node in (*d.old, *d.new)]
        found += inner if at is None else [d.around[at], *inner]
    return found


def texts_in(node: ast.AST) -> Iterator[str]:
    """Give the variables, parts and attributes that something reads, but for those it counts."""
    counted = {
        id(inner)
        for outer in ast.walk(node)
        if (isinstance(outer, ast.Call) and called(outer) in _COUNTS)
        or (isinstance(outer, ast.Attribute) and outer.attr in _COUNTS)
        for inner in ast.walk(outer)
    }
    for place in places_in(node):
        acts = any(isinstance(n, ast.Call | ast.NamedExpr | ast.Yield) for n in ast.walk(place))
        if acts:
            for part in ast.iter_child_nodes(place):
                yield from texts_in(part)
        elif id(place) not in counted:
            yield ast.unparse(place)
