"""What statements set where two texts of a program differ: its values before them and after.

All that the statements of either text name is looked at, so that a value which one text makes in
four lines and the other in one can be compared: under the name that both give it.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from manual_lstm.checks import Array

_DEEP = 3  # a dict of lists of arrays
_MOST = 60  # entries of a list or dict
_LARGE = 20_000  # entries of an array
EQUAL = 1e-8  # relative: both values come from the same computation
_RETURNED = "return"
_PURE = ("dot", "outer", "matmul", "einsum", "tensordot", "sum", "mean", "transpose", "reshape",
         "tanh", "exp", "sqrt", "square", "maximum", "minimum", "where", "zeros_like", "sign",
         "concatenate", "stack", "hstack", "vstack", "repeat", "log", "abs", "cos",
         "sin")  # fmt: skip

Values = dict[str, Array]
Pass = dict[str, tuple[Array | None, Array | None]]  # for each place its value before, and after
Key = tuple[int, int]
OUTSIDE = (-1, 0)  # of all loops over time: all that is done there is one


@dataclass(frozen=True)
class Apart:
    """One variable that two texts leave with different values.

    Parameters
    ----------
    place : str
    before : ndarray or None
        Its value before the places that differ, if it had one.
    old, new : ndarray
    """

    place: str
    before: Array | None
    old: Array
    new: Array


def apart_after(old: Iterable[Pass], new: Iterable[Pass]) -> list[Apart]:
    """Return what has another value after the one than after the other, where that begins."""
    for mine, theirs in zip(old, new, strict=False):
        found = []
        for place, (before, becomes) in theirs.items():
            was = mine.get(place, (None, None))[1]
            if was is not None and becomes is not None and not near(was, becomes):
                found.append(Apart(place, before, was, becomes))
        if found:
            return found
    return []


def settled(old: Iterable[Pass], new: Iterable[Pass]) -> dict[str, tuple[Array, Array]]:
    """Return the arrays that are there after all passes of both texts: (by the old, by the new)."""
    made: tuple[Values, Values] = {}, {}
    for values, passes in zip(made, (old, new), strict=True):
        for one in passes:
            values |= {p: now for p, (_, now) in one.items() if now is not None and now.ndim}
    return {place: (made[0][place], made[1][place]) for place in made[0] if place in made[1]}


def near(a: Array, b: Array) -> bool:
    """Return whether two values are the same but for rounding."""
    if a.shape != b.shape:
        return False
    return bool(np.all(np.abs(a - b) <= EQUAL * max(size_of(a), size_of(b))))


def size_of(a: Array) -> float:
    """Return the largest size of an entry; 0 for none."""
    return float(np.max(np.abs(a), initial=0.0))


class Passes:
    """Notes at each time step what the places that differ find, and what they leave."""

    def __init__(self) -> None:
        self._codes: dict[int, dict[str, types.CodeType]] = {}
        self._parts: dict[int, list[tuple[str, types.CodeType]]] = {}
        self._returning: set[int] = set()
        self.start()

    def start(self, wanted: Key | None = None, known: frozenset[Key] = frozenset()) -> None:
        """Forget what the last run left; note one time step alone, and all that is known there."""
        self._wanted = OUTSIDE if wanted is not None and wanted[0] < 0 else wanted
        self._known = known
        self.made: dict[Key, list[Pass]] = {}
        self.known: dict[Key, Values] = {}
        self._reached: dict[Key, int] = {}
        self._open: list[tuple[int, Key, Pass]] = []

    def watch(self, number: int, old: ast.stmt | None, new: ast.stmt | None) -> None:
        """Get ready for the place of a number, with the statement before and after."""
        both = [s for s in (old, new) if s is not None]
        texts = {text for statement in both for text in _texts_in(statement)}
        self._codes[number] = {text: compile(text, "<set>", "eval") for text in sorted(texts)}
        parts = dict.fromkeys(text for statement in both for text in _parts_of(statement))
        self._parts[number] = [(text, compile(text, "<part>", "eval")) for text in parts]
        if any(isinstance(s, ast.Return) for s in both):
            self._returning.add(number)

    def enter(self, number: int, key: Key, frame: types.FrameType) -> None:
        """Note what is there before a place is run."""
        key = key if key[0] >= 0 else OUTSIDE
        if self._wanted not in (None, key):
            return
        if number <= self._reached.get(key, -1) or key not in self.made:
            self.made.setdefault(key, []).append({})
        self._reached[key] = number
        made = self.made[key][-1]
        for text, value in self._values(number, frame):
            made.setdefault(text, (value, value))
        self._open.append((number, key, made))
        if key in self._known:
            self._know(key, number, frame)

    def leave(self, number: int, frame: types.FrameType) -> None:
        """Note what is there after a place was run."""
        while self._open:
            other, key, made = self._open.pop()
            if other != number:
                continue
            for text, value in self._values(number, frame):
                made[text] = made.get(text, (None, None))[0], value
            if key in self._known:
                self._know(key, number, frame)
            return

    def show(self, value: Any) -> None:
        """Note what a place that was entered returns."""
        if self._open and self._open[-1][0] in self._returning:
            _, _, made = self._open.pop()
            for text, leaf in leaves(_RETURNED, value):
                made[text] = None, np.array(leaf)

    def _values(self, number: int, frame: types.FrameType) -> Iterator[tuple[str, Array]]:
        for text, code in self._codes[number].items():
            try:
                value = eval(code, frame.f_globals, frame.f_locals)
            except Exception:  # it is made only later, or by the other text
                continue
            for path, leaf in leaves(text, value):
                yield path, np.array(leaf)

    def _know(self, key: Key, number: int, frame: types.FrameType) -> None:
        known = self.known.setdefault(key, {})
        for text, code in self._parts[number]:
            try:
                value = eval(code, frame.f_globals, frame.f_locals)
            except Exception:  # it is made only later, or by the other text
                continue
            for path, leaf in leaves(text, value, 1):
                known.setdefault(path, np.array(leaf))
        for name, value in frame.f_locals.items():
            for path, leaf in leaves(name, value, 2):
                known.setdefault(path, np.array(leaf))


def leaves(path: str, value: Any, deep: int = _DEEP) -> Iterator[tuple[str, Array]]:
    """Give the arrays and numbers in a value, however it holds them, each with its path.

    Examples
    --------
    >>> [path for path, _ in leaves("cache", {"h": np.ones(2), "gates": [np.ones(2), 3.0]})]
    ["cache['h']", "cache['gates'][0]", "cache['gates'][1]"]
    """
    if isinstance(value, np.ndarray | np.number | float | int) and not isinstance(value, bool):
        array = np.asarray(value)
        if array.dtype.kind in "biufc" and array.size <= _LARGE:
            yield path, array.astype(complex if array.dtype.kind == "c" else float)
        return
    if not deep or isinstance(value, str | bytes | type | types.ModuleType | types.FunctionType):
        return
    inside: Mapping[Any, Any] = {}
    if isinstance(value, Mapping):
        inside = value
    elif isinstance(value, list | tuple):
        inside = dict(enumerate(value))
    elif hasattr(value, "__dict__"):
        for name, inner in list(vars(value).items())[:_MOST]:
            yield from leaves(f"{path}.{name}", inner, deep - 1)
    for key, inner in list(inside.items())[:_MOST]:
        yield from leaves(f"{path}[{key!r}]", inner, deep - 1)


def _texts_in(node: ast.AST) -> Iterator[str]:
    """Give all that is named in a statement, whole: of ``dx[:, t]`` the variable ``dx``."""
    bound = {
        name.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.comprehension)
        for name in ast.walk(inner.target)
        if isinstance(name, ast.Name)
    }
    for inner in ast.iter_child_nodes(node):
        if not isinstance(inner, ast.Name | ast.Attribute | ast.Subscript):
            yield from _texts_in(inner)
            continue
        if isinstance(inner, ast.Subscript):
            yield from _texts_in(inner.slice)
        method = isinstance(node, ast.Call) and inner is node.func
        place: ast.AST = inner.value if method and isinstance(inner, ast.Attribute) else inner
        while not _is_whole(place):
            place = next(ast.iter_child_nodes(place))
        names = {n.id for n in ast.walk(place) if isinstance(n, ast.Name)}
        looked_at = isinstance(place, ast.Name | ast.Attribute | ast.Subscript)
        if looked_at and not names & bound and all(map(_changes_nothing, ast.walk(place))):
            yield ast.unparse(place)
        elif not isinstance(place, ast.Name):
            yield from _texts_in(place)


def _parts_of(statement: ast.stmt) -> Iterator[str]:
    """Give all that is read or computed in a statement, as far as computing it changes nothing."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.BinOp | ast.Call):
            load = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
            if load and all(map(_changes_nothing, ast.walk(node))):
                yield ast.unparse(node)


def _changes_nothing(node: ast.AST) -> bool:
    if isinstance(node, ast.NamedExpr | ast.Yield | ast.Await | ast.comprehension | ast.Lambda):
        return False
    if not isinstance(node, ast.Call):
        return True
    name = ast.unparse(node.func)
    return name in ("len", "sum") or name.rpartition(".")[2] in _PURE


def _is_whole(place: ast.AST) -> bool:
    """Return whether a place is no part of an array: a name, an attribute, an entry by its key.

    Nothing of what a call gives is one: to look at it is to call again, ``steps.pop().h``.
    """
    if not isinstance(place, ast.Attribute | ast.Subscript):
        return True
    if not isinstance(place.value, ast.Name | ast.Attribute | ast.Subscript):
        return False
    if isinstance(place, ast.Subscript):
        key = isinstance(place.slice, ast.Constant) and isinstance(place.slice.value, str)
        return key and _is_whole(place.value)
    return _is_whole(place.value)
