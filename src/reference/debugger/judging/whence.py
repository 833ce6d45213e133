"""Where what a backward returns comes from: the line that puts a gradient there, or fails to."""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reference.debugger.running.kept import kept
from reference.debugger.running.memory import Line, traced_lines
from reference.debugger.running.place import Place, at, is_users, tree_of

_LEVELS = 2  # of containers and objects that are looked into


@dataclass
class Whence:
    """What was seen during a run of the backward.

    Parameters
    ----------
    lines : dict
        The lines that ran, with their functions, in the order of their last run.
    made : dict
        The line that an array was first seen after, by the array's identity.
    answer : object
        What the backward returned.
    """

    lines: dict[Line, str] = field(default_factory=dict)
    made: dict[int, Line] = field(default_factory=dict)
    answer: Any = None
    _kept: list[Any] = field(default_factory=list)

    def run(self, call: Callable[[], Any], shapes: Collection[tuple[int, ...]]) -> None:
        """Run the backward; arrays of these shapes are noted."""

        def after(frame: types.FrameType, number: int) -> None:
            line = frame.f_code.co_filename, number
            self.lines.pop(line, None)
            self.lines[line] = frame.f_code.co_name
            for value in arrays_in(list(frame.f_locals.values())):
                if value.shape in shapes and id(value) not in self.made:
                    self._kept.append(value)
                    self.made[id(value)] = line

        with traced_lines(is_users, after):
            self.answer = call()

    def line_of(self, name: str) -> Place | None:
        """Return the line that puts a value of its own under a name, or that makes the value."""
        put = None
        for line in self.lines:
            for statement in _statements(*line):
                if isinstance(statement, ast.Assign) and any(
                    _is_named(target, name) for target in statement.targets
                ):
                    put = line, statement.value
        if put is not None and isinstance(put[1], ast.Name | ast.Attribute):
            return self._place(put[0])
        value = self.answer.get(name) if isinstance(self.answer, Mapping) else None
        line = self._put_together(name) or self.made.get(id(value)) or (put[0] if put else None)
        return self._place(line) if line else None

    def _put_together(self, name: str) -> Line | None:
        """Return the line of a dict that computes the value of a name where it is written."""
        found = None
        for line in self.lines:
            for statement in _statements(*line):
                for node in ast.walk(statement):
                    pairs = zip(node.keys, node.values, strict=True) if isinstance(
                        node, ast.Dict) else ()  # fmt: skip
                    if any(
                        isinstance(key, ast.Constant) and key.value == name
                        and not isinstance(computed, ast.Name | ast.Attribute | ast.Subscript)
                        for key, computed in pairs
                    ):  # fmt: skip
                        found = line
        return found

    def line_that_returns(self, names: Collection[str], function: str) -> Place | None:
        """Return the line that puts several gradients together, else the function's return."""
        best, most = None, 1
        for line in self.lines:
            for statement in _statements(*line):
                for node in ast.walk(statement):
                    if isinstance(node, ast.Dict):
                        keys = {k.value for k in node.keys if isinstance(k, ast.Constant)}
                        if len(keys & set(names)) > most:
                            best, most = line, len(keys & set(names))
        if best is None:
            for line, where in self.lines.items():
                if where == function and any(
                    isinstance(statement, ast.Return) for statement in _statements(*line)
                ):
                    best = line
        return self._place(best) if best else None

    def _place(self, line: Line) -> Place:
        first = next((s.lineno for s in _statements(*line)), line[1])
        return at(line[0], first, self.lines.get(line, ""))


def arrays_in(values: list[Any], levels: int = _LEVELS) -> Iterator[np.ndarray]:
    """Give the arrays among values, and those that containers and objects among them hold."""
    for value in values:
        if isinstance(value, np.ndarray):
            yield value
        elif levels and isinstance(value, dict):
            yield from arrays_in(list(value.values()), levels - 1)
        elif levels and isinstance(value, list | tuple) and len(value) < 50:
            yield from arrays_in(list(value), levels - 1)
        elif levels and hasattr(value, "__dict__") and not isinstance(
            value, type | types.ModuleType | types.FunctionType
        ):  # fmt: skip
            yield from arrays_in(list(vars(value).values()), levels - 1)


def _is_named(target: ast.expr, name: str) -> bool:
    if isinstance(target, ast.Subscript):
        key = target.slice
        return isinstance(key, ast.Constant) and key.value == name
    return isinstance(target, ast.Attribute) and target.attr == name


def _statements(file: str, line: int) -> list[ast.stmt]:
    """Return the simple statements that a line belongs to."""
    return [
        node
        for node in _simple(tree_of(file))
        if node.lineno <= line <= (node.end_lineno or node.lineno)
    ]


@kept(64)
def _simple(tree: ast.Module) -> list[ast.stmt]:
    simple = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr)
    return [node for node in ast.walk(tree) if isinstance(node, simple)]
