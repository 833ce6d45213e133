"""Values that are chosen while a program runs: each as it is, or turned, copied, shifted.

All expressions of some statements are put through one function with a number each, so that the
program is compiled once, whichever of them is to be another.
"""

from __future__ import annotations

import ast
import copy
import functools
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from reference.debugger.texts.trees import copy_of

PICK = "__pick__"
_VALUE, _INDEX, _BASE = "value", "index", "base"
_ROWS, _PARTS, _BOUND = "rows", "parts", "bound"
_MOST_ROWS = 50
_ALL = -1  # the number that stands for all of them
_CHANGING = ("append", "appendleft", "extend", "insert", "update", "pop", "popleft", "fill")
_MUTABLE = (np.ndarray, list, dict, set)


class Picks:
    """The values of some expressions, and which of them is another.

    Parameters
    ----------
    steps : int
        How many time steps there are: a sequence that is turned has about as many elements.
    """

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.roles: list[str] = []
        self.seen: dict[int, set[str]] = {}
        self.active: tuple[int, Callable[[Any], Any]] | None = None

    def put_into(self, node: Any) -> Any:
        """Return a copy of a statement or expression whose values can be picked."""
        return ast.fix_missing_locations(_Picking(self.roles).visit(copy_of(node)))

    def value(self, number: int, value: Any) -> Any:
        """Return a value as it is to be."""
        if self.active is None:
            self.seen.setdefault(number, set()).update(self._ways(number, value))
            return value
        which, becomes = self.active
        if which == _ALL:
            return becomes(value) if "copied" in self.seen.get(number, ()) else value
        return becomes(value) if which == number else value

    def trials(self) -> Iterator[tuple[str, int, Callable[[Any], Any]]]:
        """Give what can be tried: the kind of the mistake, a number, and what the value becomes.

        The program has to be run before with no value picked.
        """
        for kind, ways in _WAYS.items():
            for number, seen in self.seen.items():
                for way in ways:
                    if way in seen:
                        yield kind, number, _BY[way]
        if sum("copied" in seen for seen in self.seen.values()) > 1:
            yield "aliasing", _ALL, _copied  # several things are shared

    def _ways(self, number: int, value: Any) -> Iterator[str]:
        role = self.roles[number]
        if role == _ROWS:
            if isinstance(value, np.ndarray) and value.ndim > 1:
                yield "rows"
            return
        if role == _BOUND and isinstance(value, int | np.integer):
            yield from ("end later", "end earlier")
        if role == _PARTS and isinstance(value, list | tuple) and len(value) > 1:
            yield "parts"
            if 2 < len(value) < 5:
                yield from _SWAPS[len(value)]
        if role == _INDEX:
            if isinstance(value, slice) and value.step is None:
                if (value.start, value.stop) != (None, None):
                    yield from ("cut later", "cut earlier")
            elif isinstance(value, int | np.integer) and not isinstance(value, bool):
                yield from ("later", "earlier")
            return
        if role == _PARTS:
            pass  # they are taken one by one, and not in the order of time
        elif hasattr(value, "__next__"):
            yield "turned"
        elif isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim):
            near = range(max(2, self.steps - 1), self.steps + 3)
            if len(value) in near:
                yield "turned"
                if len(value) > 2:
                    yield from ("without its first", "without its last")
            if isinstance(value, np.ndarray) and value.ndim > 1 and value.shape[1] in near:
                yield "turned along the second axis"
        if isinstance(value, np.ndarray) and value.dtype.kind in "iu":
            yield "with fractions"
        if shape := _shape(value):
            yield from (way for way, (a, b) in _AXES.items()
                        if b < len(shape) and shape[a] == shape[b] > 1)  # fmt: skip
        shared = isinstance(value, _MUTABLE) or hasattr(value, "__dict__")
        fixed = isinstance(value, types.ModuleType | type) or callable(value)
        if role in (_VALUE, _PARTS) and shared and not fixed:
            yield "copied"


def _shape(value: Any) -> tuple[int, ...]:
    """Return the shape of an array, or of a list of rows of numbers."""
    if isinstance(value, np.ndarray):
        return value.shape
    rows = value if isinstance(value, list) and 1 < len(value) < _MOST_ROWS else []
    long = {len(row) if isinstance(row, list) and row and not hasattr(row[0], "__len__") else 0
            for row in rows}  # fmt: skip
    return (len(rows), *long) if len(long) == 1 else ()


def _transposed(value: Any, a: int, b: int) -> Any:
    if isinstance(value, np.ndarray):
        return value.swapaxes(a, b)
    return [list(column) for column in zip(*value, strict=True)]


def _turned(value: Any) -> Any:
    return value[::-1] if isinstance(value, np.ndarray) else list(value)[::-1]


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return [copy.deepcopy(element) for element in value]
    if isinstance(value, dict):
        return {key: copy.deepcopy(element) for key, element in value.items()}
    return copy.deepcopy(value)


def _swapped(value: Any, a: int, b: int) -> Any:
    parts = list(value)
    parts[a], parts[b] = parts[b], parts[a]
    return parts


def _cut(value: slice, by: int) -> slice:
    """Return a slice that begins and ends so much later."""
    start, stop = value.start, value.stop
    start = (by if by > 0 else None) if start is None else start + by
    stop = (by if by < 0 else None) if stop is None else stop + by
    if start == 0 and value.start is not None and value.start < 0:
        start = None
    if stop == 0 and value.stop is not None and value.stop < 0:
        stop = None
    return slice(start, stop)


_AXES = {f"axes {a} and {b}": (a, b) for a, b in ((0, 1), (1, 2), (0, 2))}
_SWAPS = {n: [f"parts {a} and {b}" for b in range(n) for a in range(b)] for n in (3, 4)}
_BY: dict[str, Callable[[Any], Any]] = {
    "turned": _turned,
    "turned along the second axis": lambda value: value[:, ::-1],
    "copied": _copied,
    "parts": _turned,
    "rows": lambda value: value.swapaxes(0, 1),
    "later": lambda value: value + 1,
    "earlier": lambda value: value - 1,
    "end later": lambda value: value + 1,
    "end earlier": lambda value: value - 1,
    "cut later": lambda value: _cut(value, 1),
    "cut earlier": lambda value: _cut(value, -1),
    "without its first": lambda value: value[1:],
    "without its last": lambda value: value[:-1],
    "with fractions": lambda value: value.astype(float),
    **{way: functools.partial(_swapped, a=int(way[6]), b=int(way[-1])) for way in _SWAPS[4]},
    **{way: functools.partial(_transposed, a=a, b=b) for way, (a, b) in _AXES.items()},
}
_WAYS = {
    "wrong dtype": ("with fractions",),
    "forward order": ("turned", "turned along the second axis"),
    "aliasing": ("copied",),
    "index off by one": (
        "later", "earlier", "cut later", "cut earlier", "without its first", "without its last",
    ),
    "transposed": tuple(_AXES),
    "wrong order": ("rows", "parts", *_SWAPS[4]),
    "loop bounds": ("end later", "end earlier"),
}  # fmt: skip


class _Picking(ast.NodeTransformer):
    def __init__(self, roles: list[str]) -> None:
        self.roles = roles

    def _picked(self, node: ast.expr, role: str = _VALUE) -> ast.expr:
        if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            return node
        self.roles.append(role)
        number = ast.Constant(len(self.roles) - 1)
        return ast.copy_location(ast.Call(ast.Name(PICK, ast.Load()), [number, node], []), node)

    def _inside(self, node: ast.expr) -> ast.expr:
        self.generic_visit(node)
        return self._picked(node)

    visit_Name = visit_List = visit_Tuple = visit_Dict = _inside
    visit_ListComp = visit_DictComp = visit_IfExp = _inside

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        first = len(self.roles)
        self.generic_visit(node)
        unpacked = isinstance(node.targets[0], ast.Tuple)
        if unpacked and isinstance(node.value, ast.Call) and len(self.roles) > first:
            number = node.value.args[0]  # of the pick that the call stands in
            if isinstance(number, ast.Constant) and isinstance(number.value, int):
                self.roles[number.value] = _PARTS
        if isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.BinOp):
            node.value = self._picked(node.value, _INDEX)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        repeats = any(isinstance(side, ast.List) for side in (node.left, node.right))
        self.generic_visit(node)
        return self._picked(node) if repeats else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        node.value = self._base(node.value, node.ctx)
        return self._picked(node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if isinstance(node.func, ast.Attribute):
            changes = node.func.attr in _CHANGING
            node.func.value = self._base(node.func.value, ast.Store() if changes else ast.Load())
            if node.func.attr in ("reshape", "ravel"):
                node.func.value = self._picked(node.func.value, _ROWS)
        bounds = isinstance(node.func, ast.Name) and node.func.id == "range"
        node.args = [self.visit(argument) for argument in node.args]
        if bounds:
            node.args = [self._picked(argument, _BOUND) for argument in node.args]
        node.keywords = [self.visit(keyword) for keyword in node.keywords]
        return self._picked(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            return node  # which size it is: no place in time
        node.value = self._base(node.value, node.ctx)
        node.slice = self._index(node.slice)
        return self._picked(node)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        node.left = self._index(node.left)
        node.comparators = [self._index(other) for other in node.comparators]
        return node

    def _base(self, node: ast.expr, ctx: ast.expr_context) -> ast.expr:
        """Visit what a part or method is taken of: a copy of what is written to would be lost."""
        if isinstance(ctx, ast.Load):
            return self.visit(node)
        start = len(self.roles)
        node = self.visit(node)
        self.roles[start:] = [_BASE if r == _VALUE else r for r in self.roles[start:]]
        return node

    def _index(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Tuple):
            node.elts = [self._index(element) for element in node.elts]
            return node
        if isinstance(node, ast.Slice):
            ends = [end or ast.Constant(None) for end in (node.lower, node.upper, node.step)]
            made = ast.Call(ast.Name("slice", ast.Load()), ends, [])
            return self._picked(ast.copy_location(made, node), _INDEX)
        if isinstance(node, ast.Constant | ast.Name | ast.BinOp | ast.UnaryOp):
            return self._picked(node, _INDEX)
        return self.visit(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return node
