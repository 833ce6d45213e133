"""Parameters in one flat vector: the arrays that it is cut into, which have sizes of their own.

The vector's length says nothing of them. So the loss is run once on a vector that notes every
view that is taken of it, with values that are met nowhere else: copies are known by them.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.running.program import Inputs, Program, copied
from reference.debugger.running.timebox import TimeUp

_LEAST = 8  # entries: a vector of fewer is no collection of arrays
_DEEP = 3  # containers in containers that are looked into
_MANY = 200  # entries of a container that are looked at
Part = tuple[int, tuple[int, ...]]
"""Where a part begins, and its shape."""


class _Watched(np.ndarray):
    """An array that notes where in memory the arrays lie that are made of it, and their shapes."""

    seen: list[tuple[int, tuple[int, ...]]] | None = None

    def __array_finalize__(self, obj: Any) -> None:
        self.seen = getattr(obj, "seen", None)
        if self.seen is not None:
            self.seen.append((self.__array_interface__["data"][0], self.shape))


@dataclass
class Flat:
    """Which parameters are flat vectors, and the shapes of the arrays in each, in their order."""

    parts: dict[str, list[tuple[int, ...]]] = field(default_factory=dict)

    def opened(self, inputs: Inputs) -> Inputs:
        """Return inputs with the arrays in place of the vectors."""
        params: dict[str, Any] = {}
        for name, value in inputs[0].items():
            if name not in self.parts:
                params[name] = value
                continue
            at = 0
            for k, shape in enumerate(self.parts[name]):
                size = int(np.prod(shape))
                params[f"{name}/{k}"] = np.asarray(value)[at : at + size].reshape(shape)
                at += size
        return params, inputs[1]

    def closed(self, opened: Inputs) -> Inputs:
        """Return inputs with the vectors in place of their arrays."""
        pieces: dict[str, list[Array]] = {
            name: [opened[0][f"{name}/{k}"].ravel() for k in range(len(shapes))]
            for name, shapes in self.parts.items()
        }
        vectors = {name: np.concatenate(each) for name, each in pieces.items()}
        of = {f"{name}/{k}": name for name, each in pieces.items() for k in range(len(each))}
        names = dict.fromkeys(of.get(name, name) for name in opened[0])  # in their order
        return {name: vectors.get(name, opened[0].get(name)) for name in names}, opened[1]

    def numbers(self, opened: Inputs) -> dict[int, int]:
        """Return what becomes of the places where arrays begin and end, with those made smaller."""
        found: dict[int, int] = {}
        for name, shapes in self.parts.items():
            old = new = 0
            for k, shape in enumerate(shapes):
                size, now = int(np.prod(shape)), int(np.size(opened[0][f"{name}/{k}"]))
                old, new = old + size, new + now
                found.setdefault(size, now)
                found.setdefault(old, new)
        return found


def flat_vectors(program: Program, inputs: Inputs, seconds: float) -> Flat:
    """Return which parameters are flat vectors.

    Parameters
    ----------
    program : Program
    inputs : (params, inputs)
    seconds : float
        For a run of the loss.
    """
    vectors = {
        name: value
        for name, value in inputs[0].items()
        if isinstance(value, np.ndarray) and value.ndim == 1 and value.size >= _LEAST
        and value.dtype.kind == "f"
    }  # fmt: skip
    if not vectors:
        return Flat()
    params, given = copied(inputs)
    rng = np.random.default_rng(0)
    marked = {name: value + 1e-3 * rng.normal(size=value.size) for name, value in vectors.items()}
    watched: dict[str, _Watched] = {}
    for name, value in marked.items():
        one = value.view(_Watched)
        one.seen = []
        watched[name] = params[name] = one
    kept = _run(program, (params, given), marked, seconds)
    parts: dict[str, list[tuple[int, ...]]] = {}
    for name, one in watched.items():
        begin, step = one.__array_interface__["data"][0], one.itemsize
        views = [
            ((address - begin) // step, shape)
            for address, shape in one.seen or []
            if begin <= address < begin + one.nbytes
        ]
        shapes = partition([*views, *kept[name]], one.size)
        if any(len(shape) > 1 for shape in shapes):
            parts[name] = shapes
    return Flat(parts)


def _run(
    program: Program, inputs: Inputs, marked: Mapping[str, Array], seconds: float
) -> dict[str, list[Part]]:
    """Run the loss; return what is met in its names that holds entries of a vector in a row."""
    where = {name: {v: k for k, v in enumerate(value.tolist())} for name, value in marked.items()}
    found: dict[str, list[Part]] = {name: [] for name in marked}
    codes = {function.__code__ for function in program.functions}
    lines: set[tuple[types.CodeType, int]] = set()
    known: set[tuple[str, int, tuple[int, ...]]] = set()

    def look(frame: types.FrameType, event: str, _: Any) -> Any:
        if frame.f_code not in codes:
            return None
        if event == "line" and (frame.f_code, frame.f_lineno) in lines:
            return look
        lines.add((frame.f_code, frame.f_lineno))
        for array in _arrays(list(frame.f_locals.values()), _DEEP):
            first = float(array.flat[0])
            for name, places in where.items():
                at = places.get(first)
                if at is None or (name, at, array.shape) in known:
                    continue
                known.add((name, at, array.shape))
                same = marked[name][at : at + array.size]
                flat = (np.ravel(array, order) for order in ("C", "F"))
                if any(np.array_equal(np.asarray(each), same) for each in flat):
                    found[name].append((at, array.shape))
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        with program.watchdog.limit(seconds):
            program.loss(*inputs)
    except (Exception, TimeUp):
        pass  # what was seen so far is of use
    finally:
        sys.settrace(before)
        program.state.restore()
    return found


def _arrays(values: list[Any], deep: int) -> Iterator[Array]:
    for value in values[:_MANY]:
        if isinstance(value, np.ndarray):
            if value.size and value.dtype.kind == "f":
                yield value
        elif deep and isinstance(value, list | tuple):
            yield from _arrays(list(value), deep - 1)
        elif deep and isinstance(value, dict):
            yield from _arrays(list(value.values()), deep - 1)
        elif deep and isinstance(getattr(value, "__dict__", None), dict) and not callable(value):
            yield from _arrays(list(vars(value).values()), deep - 1)


def partition(views: list[Part], size: int) -> list[tuple[int, ...]]:
    """Return the shapes of arrays that lie one behind the other and fill a vector.

    Of those that begin at the same place the largest matrix is taken with which the end is reached,
    or the shortest vector: a vector may be all that is left. Where nothing was seen there is one.

    Examples
    --------
    >>> partition([(0, (6,)), (0, (2, 3)), (6, (6,)), (8, (2, 2)), (6, (2,))], 12)
    [(2, 3), (2,), (2, 2)]
    >>> partition([(2, (2, 3))], 9)
    [(2,), (2, 3), (1,)]
    """
    at: dict[int, dict[int, tuple[int, ...]]] = {}
    for begin, shape in views:
        entries = int(np.prod(shape))
        if entries and begin + entries <= size and entries < size:
            known = at.setdefault(begin, {})
            if len(shape) > len(known.get(entries, ())):
                known[entries] = shape
    starts = sorted({*at, size})
    # From behind: of how many entries nothing is known, and the first array.
    best: dict[int, tuple[int, tuple[int, ...]]] = {size: (0, ())}
    for begin in reversed(starts[:-1]):
        ways: list[tuple[int, int, tuple[int, ...]]] = []
        for entries, shape in at[begin].items():
            following = next(start for start in starts if start >= begin + entries)
            lacking = best[following][0] + following - begin - entries
            ways.append((lacking, -entries if len(shape) > 1 else entries, shape))
        lacking, _, shape = min(ways)
        best[begin] = lacking, shape
    shapes: list[tuple[int, ...]] = []
    now = 0
    while now < size:
        following = next(start for start in starts if start >= now)
        if following > now:
            shapes.append((following - now,))
        if following == size:
            break
        shape = best[following][1]
        shapes.append(shape)
        now = following + int(np.prod(shape))
    return shapes
