"""Which line changes something first, and at which time steps: watched after every line."""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reference.debugger.running.kept import kept
from reference.debugger.running.memory import Line, traced_lines
from reference.debugger.running.place import is_users, tree_of
from reference.debugger.running.timing import in_words

_NAMES = re.compile(r"\.(values|items|keys)\(")  # a loop over names is no time


@dataclass
class Change:
    """The line that changed something first.

    Parameters
    ----------
    line : (file, number)
    function : str
    steps : tuple of int
        The time steps at which it did; empty where it is in no loop.
    pattern : str
        The same in words.
    """

    line: Line
    function: str
    steps: tuple[int, ...] = ()
    pattern: str = ""


@dataclass
class _Watch:
    contents: Mapping[str, Callable[[], Any]]
    now: dict[str, Any] = field(default_factory=dict)
    times: dict[Line, list[int]] = field(default_factory=dict)
    found: dict[str, list[tuple[Line, str, int]]] = field(default_factory=dict)

    def after(self, frame: types.FrameType, number: int) -> None:
        line = frame.f_code.co_filename, number
        times = self.times.setdefault(line, [])
        times.append(_time(frame, number, len(times)))
        for name, content in self.contents.items():
            is_now = content()
            if is_now != self.now[name]:
                self.now[name] = is_now
                self.found.setdefault(name, []).append((line, frame.f_code.co_name, times[-1]))


def changes(
    call: Callable[[], Any], contents: Mapping[str, Callable[[], Any]]
) -> dict[str, Change]:
    """Return where each of several things is changed first during a call.

    Parameters
    ----------
    call : callable
        What it raises is let pass.
    contents : mapping of str to callable
        Each gives something that differs when the thing is another one.
    """
    watch = _Watch(contents, {name: content() for name, content in contents.items()})
    with traced_lines(is_users, watch.after):
        call()
    return {name: _summed_up(events, watch.times) for name, events in watch.found.items()}


def _summed_up(events: list[tuple[Line, str, int]], times: dict[Line, list[int]]) -> Change:
    line, function, _ = events[0]
    known = times[line]
    if len(set(known)) == 1:  # in no loop over time
        known = []
    there = [time for at, _, time in events if at == line]
    if any(time < 0 for time in known):  # counted from the end
        known, there = ([time + len(known) for time in which] for which in (known, there))
    steps, every = (tuple(sorted(set(which))) if known else () for which in (there, known))
    return Change(line, function, steps, in_words(steps, every) if every else "none")


def _time(frame: types.FrameType | None, line: int, count: int) -> int:
    """Return the time step: an integer that a loop around a line counts, or the turn."""
    while frame is not None and is_users(frame.f_code.co_filename):
        loops = [loop for loop in loops_around(frame.f_code.co_filename, line)
                 if not _NAMES.search(ast.unparse(loop.iter))]  # fmt: skip
        for loop in loops:
            for target in ast.walk(loop.target):
                value = frame.f_locals.get(target.id) if isinstance(target, ast.Name) else None
                if isinstance(value, int | np.integer) and not isinstance(value, bool):
                    return int(value)
                if isinstance(value, str):  # over names, not over time
                    return 0
        if loops:
            return -1 - count if _is_backwards(ast.unparse(loops[0].iter)) else count
        frame = frame.f_back
        line = frame.f_lineno if frame is not None else 0
    return 0


def _is_backwards(iterable: str) -> bool:
    return "reversed(" in iterable or "::-1" in iterable or ", -1)" in iterable


def loops_around(file: str, line: int) -> list[ast.For]:
    """Return the loops around a line, the outermost first."""
    return [loop for loop in _loops(tree_of(file)) if loop.lineno < line <= (loop.end_lineno or 0)]


@kept(64)
def _loops(tree: ast.Module) -> list[ast.For]:
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.For)]
    return sorted(loops, key=lambda loop: loop.lineno)
