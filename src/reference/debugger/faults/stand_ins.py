"""Values that stand in for what a line gives, written into the text: ``E`` becomes ``f(k, E)``.

All that runs, probes or edits a program then meets the line as one that gives these values.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, TypeGuard

import numpy as np

from reference.debugger.running.program import Program
from reference.debugger.running.sites import Site
from reference.debugger.running.source import Source, Splice
from reference.debugger.values.given import Course

GIVEN = "__given__"


class StandIns:
    """The context in which a program can hold stand-ins.

    Parameters
    ----------
    program : Program
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.courses: dict[int, Course] = {}
        self._turn: dict[int, int] = {}

    def __enter__(self) -> StandIns:
        self._state = self.program.state
        self.program.state = _Resetting(self._state, self._turn)  # type: ignore[assignment]  # it has all that a state has
        self._spaces = [f.__globals__ for f in self.program.functions if GIVEN not in f.__globals__]
        for space in self._spaces:
            space[GIVEN] = self._give
        return self

    def __exit__(self, *_: object) -> None:
        self.program.state = self._state
        for space in self._spaces:
            space.pop(GIVEN, None)

    def _give(self, k: int, value: Any) -> Any:
        course = self.courses[k]
        n = self._turn.get(k, 0)
        self._turn[k] = (n + 1) % len(course)  # a second call begins anew
        new = course[n]
        if not isinstance(value, np.ndarray):
            return float(new.item()) if new.size == 1 else value
        if value.size != new.size:
            return value
        if value.dtype.kind == "f":
            return new.reshape(value.shape).astype(value.dtype)
        return new.reshape(value.shape).copy()

    def splices(self, source: Source, sites: Mapping[int, tuple[Site, Course]]) -> list[Splice]:
        """Return the splices with which the sites of a file give their courses."""
        found = []
        for k, (site, course) in sites.items():
            if site.file != source.file:
                continue
            self.courses[k] = course
            if site.span is not None:
                start, end = site.span
                found += [Splice(start, start, f"{GIVEN}({k}, "), Splice(end, end, ")")]
            else:
                end = _end_of(source, site)
                found.append(Splice(end, end, f"; {site.name} = {GIVEN}({k}, {site.name})"))
        return found


class _Resetting:
    """The state of a program, with which stand-ins begin anew."""

    def __init__(self, state: Any, turn: dict[int, int]) -> None:
        self._state, self._turn = state, turn

    def restore(self) -> None:
        self._turn.clear()
        self._state.restore()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)


def _end_of(source: Source, site: Site) -> int:
    statement = next(
        node
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Assign | ast.AugAssign) and node.lineno == site.statement
    )
    return source.span(statement)[1]


def without(text: str) -> str:
    """Return a text without its stand-ins.

    Examples
    --------
    >>> without("a = f(__given__(1, b + c)); a = __given__(2, a)")
    'a = f(b + c)'
    """
    while GIVEN in text:
        source, splices = Source("", text), []
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Assign) and _is_given(node.value):
                inner = node.value.args[1]
                if source.of(node.targets[0]) == source.of(inner):
                    start, end = source.span(node)
                    start = source.data.rindex(b";", 0, start)
                    splices = [Splice(start, end, "")]
                    break
            if _is_given(node):
                (start, end), inner = source.span(node), source.span(node.args[1])
                splices = [Splice(start, inner[0], ""), Splice(inner[1], end, "")]
                break
        if not splices:
            break
        text = source.edited(splices)
    return text


def _is_given(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == GIVEN
