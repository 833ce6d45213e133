"""What the places that differ between two texts read, while the program runs: shapes and masks."""

from __future__ import annotations

import ast
import contextlib
import types
from collections.abc import Iterator
from itertools import pairwise
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
        self._rows: dict[int, dict[str, types.CodeType]] = {}
        self.start()

    def start(self) -> None:
        """Forget what the last run left."""
        self.shapes: dict[int, set[Shape]] = {}
        self.masks: dict[Any, dict[str, Any]] = {}
        self.wraps: set[Any] = set()
        self._picked: dict[tuple[int, str], list[Any]] = {}

    def watch(self, number: int, old: ast.stmt | None, new: ast.stmt | None) -> None:
        """Get ready for the place of a number, with the statement before and after."""
        self._codes[number] = {
            text: compile(text, "<read>", "eval")
            for part in _parts(old, new)
            for text in texts_in(part)
        }
        texts = _indices(old) if old is not None else set()
        self._indices[number] = [compile(text, "<index>", "eval") for text in sorted(texts)]
        self._rows[number] = {
            text: compile(text, "<row>", "eval") for text in _written_at(old, new)
        }

    def note(self, number: int, key: Any, frame: types.FrameType) -> None:
        """Look at what is read at a place now, and whether an index of the old text wraps."""
        for code in self._indices[number]:
            try:
                index = eval(code, frame.f_globals, frame.f_locals)
            except Exception:  # it is made only later
                continue
            if isinstance(index, int | np.integer) and index < 0:
                self.wraps.add(key)
        for text, code in self._rows[number].items():
            with contextlib.suppress(Exception):  # it is made only later
                row = eval(code, frame.f_globals, frame.f_locals)
                self._picked.setdefault((number, text), []).append(np.array(row))
        first = number not in self.shapes
        shapes = self.shapes.setdefault(number, set())
        for text, code in self._codes[number].items():
            try:
                value = eval(code, frame.f_globals, frame.f_locals)
            except Exception:  # it is made only later
                continue
            if first and (shape := shape_of(value)) is not None:
                shapes.add(shape)
            if _is_mask(value):
                self.masks.setdefault(key, {})[text] = np.squeeze(np.array(value))

    @property
    def looked_up(self) -> bool:
        """Whether an index of what is written to does not count up or down, as time does."""
        return any(map(_is_looked_up, self._picked.values()))


def _is_looked_up(rows: list[Any]) -> bool:
    """Return whether some indices are those of words: arrays, or not as far from each other.

    Examples
    --------
    >>> _is_looked_up([3, 2, 1]), _is_looked_up([2, 0, 2]), _is_looked_up([np.array([1, 1])])
    (False, True, True)
    """
    arrays = [np.asarray(row) for row in rows]
    if any(row.dtype.kind not in "iu" for row in arrays):
        return False
    return any(row.ndim for row in arrays) or len({int(b - a) for a, b in pairwise(rows)}) > 1


def _written_at(*statements: ast.stmt | None) -> set[str]:
    """Return the indices of the places that statements write to, as far as nothing is called."""
    targets = [
        target
        for one in statements
        for target in (one.targets if isinstance(one, ast.Assign) else
                       [one.target] if isinstance(one, ast.AugAssign) else [])
    ]  # fmt: skip
    found = set[str]()
    for node in (n for target in targets for n in ast.walk(target)):
        inside = node.slice if isinstance(node, ast.Subscript) else None
        for index in inside.elts if isinstance(inside, ast.Tuple) else [inside]:
            calls = any(isinstance(n, ast.Call | ast.NamedExpr) for n in ast.walk(index or node))
            if isinstance(index, ast.Name | ast.Attribute | ast.Subscript) and not calls:
                found.add(ast.unparse(index))
    return found


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


def _is_mask(value: Any) -> bool:
    """Return whether a value is a mask: 0 or 1 for each sequence, or for each of its steps."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf" or value.size < 2:
        return False
    long = sum(size > 1 for size in value.shape)
    whole = long == 1 and value.ndim < 3
    steps = long == 2 and np.any(value == 0) and np.any(value == 1)
    return bool((whole or steps) and np.all((value == 0) | (value == 1)))


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
