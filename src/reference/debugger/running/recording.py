"""One run of the backward with probes: the value of every site, and what was around it."""

from __future__ import annotations

import ast
import copy
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.running.dual import Dual, plain_zeros
from reference.debugger.running.kept import kept
from reference.debugger.running.own_lines import spares
from reference.debugger.running.program import Inputs, Program
from reference.debugger.running.sites import PROBE, Site, instrument
from reference.debugger.running.source import Unit, codes_in

Run = tuple[int, int]  # a site, and which of its executions

MOST_EXECUTIONS = 100  # of a site: its values and what is around them are kept


@dataclass
class Execution:
    """One execution of a site: its value, the local variables just before, and who called."""

    value: Any
    env: dict[str, Any]
    order: int
    caller: tuple[str, int] = ("", 0)  # the line that called the function of the site


@dataclass
class Recording:
    """All executions of all sites in one run of the backward."""

    sites: list[Site]
    executions: dict[int, list[Execution]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    error: BaseException | None = None
    trees: dict[str, ast.Module] = field(default_factory=dict)
    made: dict[int, list[Any]] = field(default_factory=dict)  # where another value was handed on


class Probes:
    """The context in which instrumented code runs: swaps codes and gives them their probe."""

    def __init__(self, program: Program, probe: Any, shared: bool) -> None:
        self.program, self.probe, self.shared = program, probe, shared

    def __enter__(self) -> list[Site]:
        program, sites = self.program, []
        names = {f.__name__ for f in program.functions} | {"__init__"}
        names |= {unit.classes[-1] for unit in program.live_units if unit.classes}
        names |= {name for unit in program.live_units for name in _called_locals(unit.tree)}
        self.undo, self.spaces = [], []
        try:
            self._enter(sites, names)
        except BaseException:  # nobody would take the probe away
            self.__exit__()
            raise
        return sites

    def _enter(self, sites: list[Site], names: set[str]) -> None:
        program, shared = self.program, self.shared
        for function in program.functions:
            space = function.__globals__
            if PROBE not in space:
                space[PROBE] = self._spreading
                self.spaces.append(space)
        for unit in program.live_units:
            if program.searched(unit) or (shared and program.runs_in_backward(unit)):
                self.undo.append(self._swapped(unit, sites, names))

    def _swapped(self, unit: Unit, sites: list[Site], names: set[str]) -> Callable[[], None]:
        program, before = self.program, len(sites)
        wanted = None if self.shared else program.is_searched
        source = program.sources[unit.file]
        try:
            return program.swap(unit, instrument(source, unit, sites, names, wanted, True))
        except ValueError:  # of a function that lives on the variables cannot become more
            del sites[before:]
            return program.swap(unit, instrument(source, unit, sites, names, wanted))

    def _spreading(self, k: int, frame: Any, value: Any, into: Any = None) -> Any:
        return self.probe(k, frame, value if into is None else _spread(value, into))

    def __exit__(self, *_: object) -> None:
        for undo in self.undo:
            undo()
        for space in self.spaces:
            del space[PROBE]


def _called_locals(tree: ast.AST) -> set[str]:
    """Return the functions in functions, and the variables that are called: ``back(dh)``."""
    called, kept = set[str](), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called.add(node.func.id)
        elif isinstance(node, ast.FunctionDef):
            kept.add(node.name)
        elif isinstance(node, ast.arg):
            kept.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            kept.add(node.id)
    return called & kept


def _spread(value: Any, into: Any) -> Any:
    """Return what is added to an array of more axes as it is broadcast: each entry is its own.

    ``dW += g * h`` of two vectors adds rows that are all the same, where an outer product is meant:
    no row could explain what the matrix lacks.
    """
    if not isinstance(into, np.ndarray) or into.dtype.kind not in "fO":
        return value
    if isinstance(value, np.ndarray):
        if value.ndim >= into.ndim or value.dtype.kind not in "fO":
            return value
        return value + plain_zeros(into.shape, value.dtype)
    number = into.ndim and isinstance(value, float | np.floating | Dual)
    return value + plain_zeros(into.shape) if number else value


def record(
    program: Program,
    inputs: Inputs,
    seconds: float = 5.0,
    shared: bool = False,
    around: bool = True,
    given: Mapping[int, Sequence[Array]] | None = None,
    watched: Callable[[Run, Any], None] | None = None,
) -> Recording:
    """Run the backward with probes and keep every value and, if asked, the variables around it.

    Sites that are `given` values hand those on, execution after execution, in place of their own.
    What is `watched` may end the run by raising.
    """
    executions: dict[int, list[Execution]] = {}
    made: dict[int, list[Any]] = {}
    order, spared = 0, set()
    shared_names = program.state.buffers()

    def probe(k: int, frame: Mapping[str, Any] | None, value: Any) -> Any:
        nonlocal order
        order += 1
        if k in spared:
            return value
        seen = executions.setdefault(k, [])
        if given and k in given:
            mine = made.setdefault(k, [])
            mine.append(_kept(value, {}))
            if len(mine) <= len(given[k]) and size_of(value) == given[k][len(mine) - 1].size:
                value = _in_place_of(sites[k], value, given[k][len(mine) - 1])
        if watched is not None:
            watched((k, len(seen)), value)
        if not around:
            kept = value.copy() if type(value) is np.ndarray else value  # containers as they are
            seen.append(Execution(kept, {}, order))
        elif len(seen) < MOST_EXECUTIONS:
            frame = _variables(sys._getframe(2)) if frame is None else frame
            memo: dict[int, Any] = {}
            buffers = {name: _kept(space[name], memo) for space, name in shared_names}
            env = buffers | _kept_locals(frame)
            seen.append(Execution(_kept(value, {}), env, order, _caller(sys._getframe(2))))
        return value

    with Probes(program, probe, shared) as sites:
        if not shared:
            spared |= {k for k, s in enumerate(sites)
                       if spares(program, s.file, s.statement, s.function)}  # fmt: skip
        outcome = program.run(inputs, seconds)
    trees = {file: source.tree for file, source in program.sources.items()}
    return Recording(sites, executions, outcome.outputs, outcome.error, trees, made)


def _in_place_of(site: Site, value: Any, new: Array) -> Any:
    """Return another value that a site hands on."""
    if not isinstance(value, np.ndarray):
        return float(new.item())
    return changed(site, value, new.reshape(value.shape).astype(value.dtype))


def _variables(frame: types.FrameType | None) -> dict[str, Any]:
    """Return the variables of a comprehension with those of the function around it."""
    found: dict[str, Any] = {}
    while frame is not None:
        found = {**frame.f_locals, **found}
        if frame.f_code.co_name not in _COMPREHENSIONS:
            break
        frame = frame.f_back
    return found


def _caller(frame: types.FrameType | None) -> tuple[str, int]:
    """Return the line from which the function of a frame was called."""
    while frame is not None and frame.f_code.co_name in _COMPREHENSIONS:
        frame = frame.f_back
    outer = None if frame is None else frame.f_back
    return ("", 0) if outer is None else (outer.f_code.co_filename, outer.f_lineno)


_COMPREHENSIONS = ("<listcomp>", "<dictcomp>", "<genexpr>")


def _kept_locals(frame: Mapping[str, Any]) -> dict[str, Any]:
    memo: dict[int, Any] = {}
    return {name: _kept(value, memo) for name, value in frame.items()}


def _kept(value: Any, memo: dict[int, Any]) -> Any:
    """Copy arrays, also in containers and objects; share all else."""
    if isinstance(value, int | float | str | np.generic | type(None)):
        return value
    if isinstance(value, types.FunctionType):
        return _unwatched(value) if _is_watched(value.__code__) else value
    key = id(value)
    if key in memo:
        return memo[key]
    if isinstance(value, np.ndarray):
        memo[key] = kept = value.copy()
    elif type(value) is list:
        memo[key] = kept = []
        kept.extend(_kept(item, memo) for item in value)
    elif isinstance(value, tuple):
        items = [_kept(item, memo) for item in value]
        memo[key] = kept = type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    elif type(value) is dict:
        memo[key] = kept = {}
        kept.update((name, _kept(item, memo)) for name, item in value.items())
    elif hasattr(value, "__dict__") and not isinstance(value, type | types.ModuleType):
        try:
            memo[key] = kept = copy.copy(value)
            vars(kept).update((name, _kept(item, memo)) for name, item in vars(value).items())
        except Exception:  # objects that refuse to be copied are shared
            memo[key] = kept = value
    else:
        memo[key] = kept = value
    return kept


def _unwatched(function: types.FunctionType) -> types.FunctionType:
    """Return an inner function that can be called when the probe has been taken away."""
    space = {**function.__globals__, PROBE: _handed_on}
    made = types.FunctionType(function.__code__, space, function.__name__, function.__defaults__,
                              function.__closure__)  # fmt: skip
    made.__kwdefaults__ = function.__kwdefaults__
    return made


@kept(256)
def _is_watched(code: types.CodeType) -> bool:
    return any(PROBE in inner.co_names for inner in codes_in(code))


def _handed_on(k: int, frame: Any, value: Any, into: Any = None) -> Any:
    return value if into is None else _spread(value, into)


def changed(site: Site, value: Any, new: Any) -> Any:
    """Return what a site's value becomes: of ``x *= f`` the array itself, which has other names."""
    if site.role != "scaled" or not isinstance(value, np.ndarray) or value.dtype != new.dtype:
        return new
    value[...] = new
    return value


def size_of(value: Any) -> int:
    """Return the number of floats in a value, 0 if it holds others."""
    if isinstance(value, np.ndarray):
        return value.size if value.dtype.kind == "f" else 0
    return 1 if isinstance(value, float | np.floating) else 0
