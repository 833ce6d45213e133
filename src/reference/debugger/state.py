"""`State`: what a run may leave changed in globals, closures and objects, and how it was."""

from __future__ import annotations

import copy
import types
from collections.abc import Iterable
from typing import Any

import numpy as np

_PLAIN = (int, float, complex, str, bytes, bool, type(None), tuple, frozenset)
_SKIPPED = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)


class State:
    """A copy of the data that functions can reach between calls.

    Parameters
    ----------
    functions : iterable of functions and bound methods
        Their globals, closures, default values and instances are looked at.
    """

    def __init__(self, functions: Iterable[Any]) -> None:
        self._spaces: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = []
        self._values: list[tuple[Any, Any]] = []
        self._random: Any = np.random.get_state()  # noqa: NPY002
        self._asked, self._draws = 0, False
        seen: set[int] = set()
        for function in functions:
            for space in _spaces(function):
                if id(space) not in seen:
                    seen.add(id(space))
                    self._note(space, seen)
            for value in _loose(function):
                self._note_value(value, seen)

    def _note(self, space: dict[str, Any], seen: set[int]) -> None:
        bound = {
            name: value
            for name, value in space.items()
            if not name.startswith("__") and not isinstance(value, _SKIPPED)
        }
        self._spaces.append((space, bound, dict(space)))
        for value in bound.values():
            self._note_value(value, seen)

    def _note_value(self, value: Any, seen: set[int]) -> None:
        if isinstance(value, (*_PLAIN, *_SKIPPED)) or id(value) in seen:
            return
        seen.add(id(value))
        if isinstance(value, np.ndarray | list | dict | set):
            try:
                self._values.append((value, copy.deepcopy(value)))
            except Exception:  # locks, generators, ...: nobody's recurrent state
                return
        elif hasattr(value, "__dict__") and type(value).__module__ not in {"numpy", "builtins"}:
            self._note(vars(value), seen)

    def buffers(self) -> list[tuple[dict[str, Any], str]]:
        """Return the global names that hold arrays and containers, which a run may fill."""
        return [
            (space, name)
            for space, bound, _ in self._spaces
            if "__name__" in space
            for name, value in bound.items()
            if isinstance(value, np.ndarray | list | dict) and name in space
        ][:30]

    def restore(self) -> None:
        """Put everything back."""
        for space, bound, all_names in self._spaces:
            if len(space) != len(all_names):
                for name in [name for name in space if name not in all_names]:
                    if not name.startswith("__"):
                        del space[name]
            for name, value in bound.items():
                if space.get(name, _SKIPPED) is not value:
                    space[name] = value
        for value, before in self._values:
            _put_back(value, before)
        if self._asked < 5 or self._draws:  # a program that draws none at first draws none
            self._asked += 1
            if not self._same_random():
                self._draws = True
                np.random.set_state(self._random)  # noqa: NPY002

    def _same_random(self) -> bool:
        now: Any = np.random.get_state()  # noqa: NPY002
        return now[2] == self._random[2] and bool(now[1][0] == self._random[1][0])


def _put_back(value: Any, before: Any) -> None:
    if isinstance(value, np.ndarray):
        if value.flags.writeable and value.shape == before.shape:
            value[...] = before
    elif isinstance(value, list):
        value[:] = copy.deepcopy(before)
    elif isinstance(value, dict | set):
        value.clear()
        value.update(copy.deepcopy(before))


def _spaces(function: Any) -> Iterable[dict[str, Any]]:
    owner = getattr(function, "__self__", None)
    if owner is not None and hasattr(owner, "__dict__") and not isinstance(owner, type):
        yield vars(owner)
    function = getattr(function, "__func__", function)
    if isinstance(function, types.FunctionType):
        yield function.__globals__


def _loose(function: Any) -> Iterable[Any]:
    function = getattr(function, "__func__", function)
    if isinstance(function, types.FunctionType):
        yield from function.__defaults__ or ()
        for cell in function.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:  # not filled yet
                continue
