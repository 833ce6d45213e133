"""The values that, had they been others, would explain every wrong gradient.

The backward is linear in its adjoints. An unknown δ is added to the value of a site at each of
its executions, and the derivative J of all outputs with respect to δ comes from one run on
numbers with tangents. If ``J δ = oracle - outputs`` has a solution, that site alone can explain
every wrong gradient without spoiling a right one; if not, it cannot.
"""

from __future__ import annotations

import ast
import copy
import sys
import time
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.dual import Dual, duals, plain_zeros, real, tangents_of
from reference.debugger.program import Inputs, Program, as_float_array, copied
from reference.debugger.sites import PROBE, Site, instrument
from reference.debugger.tangents import dual_numpy
from reference.debugger.timebox import TimeUp

_MOST_UNKNOWNS = 3000
_MOST_EXECUTIONS = 100  # of a site: its values and what is around them are kept


@dataclass
class Execution:
    """One execution of a site: its value, and the local variables just before."""

    value: Any
    env: dict[str, Any]
    order: int


@dataclass
class Recording:
    """All executions of all sites in one run of the backward."""

    sites: list[Site]
    executions: dict[int, list[Execution]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    error: BaseException | None = None
    trees: dict[str, ast.Module] = field(default_factory=dict)
    made: dict[int, list[Any]] = field(default_factory=dict)  # where another value was handed on


class _Probes:
    """The context in which instrumented code runs: swaps codes and gives them their probe."""

    def __init__(self, program: Program, probe: Any, shared: bool) -> None:
        self.program, self.probe, self.shared = program, probe, shared

    def __enter__(self) -> list[Site]:
        program, shared, sites = self.program, self.shared, []
        names = {f.__name__ for f in program.functions} | {"__init__"}
        names |= {unit.classes[-1] for unit in program.live_units if unit.classes}
        self.undo, self.spaces = [], []
        for function in program.functions:
            space = function.__globals__
            if PROBE not in space:
                space[PROBE] = self._spreading
                self.spaces.append(space)
        for unit in program.live_units:
            if program.searched(unit) or (shared and program.runs_in_backward(unit)):
                code = instrument(
                    program.sources[unit.file], unit, sites, names,
                    None if shared else program.is_searched,
                )  # fmt: skip
                self.undo.append(program.swap(unit, code))
        return sites

    def _spreading(self, k: int, frame: Any, value: Any, into: Any = None) -> Any:
        return self.probe(k, frame, value if into is None else _spread(value, into))

    def __exit__(self, *_: object) -> None:
        for undo in self.undo:
            undo()
        for space in self.spaces:
            del space[PROBE]


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
) -> Recording:
    """Run the backward with probes and keep every value and, if asked, the variables around it.

    Sites that are `given` values hand those on, execution after execution, in place of their own.
    """
    executions: dict[int, list[Execution]] = {}
    made: dict[int, list[Any]] = {}
    order = 0
    shared_names = program.state.buffers()

    def probe(k: int, frame: Mapping[str, Any] | None, value: Any) -> Any:
        nonlocal order
        order += 1
        seen = executions.setdefault(k, [])
        if given and k in given:
            mine = made.setdefault(k, [])
            mine.append(_kept(value, {}))
            if len(mine) <= len(given[k]) and _size(value) == given[k][len(mine) - 1].size:
                value = _in_place_of(sites[k], value, given[k][len(mine) - 1])
        if not around:
            kept = value.copy() if type(value) is np.ndarray else value  # containers as they are
            seen.append(Execution(kept, {}, order))
        elif len(seen) < _MOST_EXECUTIONS:
            frame = _variables(sys._getframe(2)) if frame is None else frame
            memo: dict[int, Any] = {}
            buffers = {name: _kept(space[name], memo) for space, name in shared_names}
            seen.append(Execution(_kept(value, {}), buffers | _kept_locals(frame), order))
        return value

    with _Probes(program, probe, shared) as sites:
        outcome = program.run(inputs, seconds)
    trees = {file: source.tree for file, source in program.sources.items()}
    return Recording(sites, executions, outcome.outputs, outcome.error, trees, made)


def _in_place_of(site: Site, value: Any, new: Array) -> Any:
    """Return another value that a site hands on."""
    if not isinstance(value, np.ndarray):
        return float(new.item())
    return _changed(site, value, new.reshape(value.shape).astype(value.dtype))


def _variables(frame: types.FrameType | None) -> dict[str, Any]:
    """Return the variables of a comprehension with those of the function around it."""
    found: dict[str, Any] = {}
    while frame is not None:
        found = {**frame.f_locals, **found}
        if frame.f_code.co_name not in _COMPREHENSIONS:
            break
        frame = frame.f_back
    return found


_COMPREHENSIONS = ("<listcomp>", "<dictcomp>", "<genexpr>")


def _kept_locals(frame: Mapping[str, Any]) -> dict[str, Any]:
    memo: dict[int, Any] = {}
    return {name: _kept(value, memo) for name, value in frame.items()}


def _kept(value: Any, memo: dict[int, Any]) -> Any:
    """Copy arrays, also in containers and objects; share all else."""
    if isinstance(value, int | float | str | np.generic | types.FunctionType | type(None)):
        return value
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


@dataclass
class Jacobian:
    """The derivative of all outputs with respect to the values of sites."""

    rows: dict[str, slice]
    columns: dict[int, list[slice]]  # site to its executions
    matrix: Array  # rows x columns

    def of(self, site: int) -> Array:
        """Return the columns of one site."""
        return self.matrix[:, self.span(site)]

    def span(self, site: int) -> slice:
        """Return where the columns of one site are."""
        spans = self.columns[site]
        return slice(spans[0].start, spans[-1].stop)


def jacobian(
    program: Program,
    inputs: Inputs,
    recording: Recording,
    seconds: float,
    plain: tuple[str, ...] | None = None,
    shared: bool = False,
) -> Jacobian | None:
    """Return the derivatives for every site that makes floats, or None where it does not run.

    Parameters
    ----------
    plain : tuple of str, optional
        The roles in which sites that only name an existing value are probed; all if not given.
        Adding to such a value makes a new array, which is no good where the old one is written
        through.
    """
    sites = recording.sites
    sizes = {k: _sizes(seen) for k, seen in recording.executions.items()}
    sizes = {
        k: of_site
        for k, of_site in sizes.items()
        if of_site and (plain is None or not sites[k].plain or sites[k].role in (*plain, "scaled"))
    }
    if program.shared_too and sum(map(sum, sizes.values())) > _MOST_UNKNOWNS:
        of_loss = loss_sites(program, inputs, sites, list(sizes), 0.5 * seconds)
        sizes = {k: of_site for k, of_site in sizes.items() if k not in of_loss}
    # What is too much is taken from what only names a value first, and from the largest first.
    heaviest = sorted(sizes, key=lambda k: (_rank(sites[k]), sum(sizes[k])))
    while heaviest and sum(map(sum, sizes.values())) > _MOST_UNKNOWNS:
        del sizes[heaviest.pop()]
    columns: dict[int, list[slice]] = {}
    count = 0
    for k, of_site in sizes.items():
        columns[k] = []
        for size in of_site:
            columns[k].append(slice(count, count + size))
            count += size
    seen_now: dict[int, int] = {}

    def probe(k: int, _: Any, value: Any) -> Any:
        if k not in columns:
            return value
        n = seen_now[k] = seen_now.get(k, -1) + 1
        span = columns[k][n]
        shape = np.shape(value)
        unit = plain_zeros((span.stop - span.start, count))
        unit[np.arange(span.stop - span.start), np.arange(span.start, span.stop)] = 1
        if shape == ():
            value = value.item() if isinstance(value, np.ndarray) else value
            return value + Dual(0.0, unit[0])
        return _changed(sites[k], value, value + duals(plain_zeros(shape), unit))

    program.state.restore()
    try:
        with (
            _Probes(program, probe, shared),
            dual_numpy(program.loss, program.backward, *program.functions),
            program.watchdog.limit(seconds),
        ):
            params, inputs_ = copied(inputs)
            outputs = dict(program.backward(_as_duals(params), _as_duals(inputs_)))
    except (Exception, TimeUp):
        return None
    rows, blocks, at = {}, [], 0
    for name, base in recording.outputs.items():
        base = as_float_array(base)
        if base is None or name not in outputs or np.shape(outputs[name]) != base.shape:
            continue
        if not np.allclose(real(np.asarray(outputs[name], object)).astype(float), base,
                           rtol=1e-6, atol=1e-9):  # fmt: skip
            return None  # probing changes the program: written through a view
        rows[name] = slice(at, at + base.size)
        at += base.size
        blocks.append(tangents_of(outputs[name], count))
    if not blocks:
        return None
    matrix = np.concatenate(blocks)
    matrix[:, ~np.all(np.isfinite(matrix), axis=0)] = 0  # such a site says nothing
    return Jacobian(rows, columns, matrix)


def _rank(site: Site) -> int:
    """Return how little is lost if a site is left out: 2 for what only hands a value on."""
    if not site.plain or site.role == "scaled":
        return 0
    return 1 if site.role in ("assigned", "stored", "added") else 2


def loss_sites(
    program: Program, inputs: Inputs, sites: list[Site], among: list[int], seconds: float
) -> set[int]:
    """Return the sites on whose value the loss depends: where one function runs all, its forward.

    The backward is no linear function of these.
    """
    active = -1
    rng = np.random.default_rng(0)

    def probe(k: int, _: Any, value: Any) -> Any:
        if k != active or not _size(value):
            return value
        return _changed(sites[k], value, value + rng.standard_normal(np.shape(value)))

    before = program.value(inputs)
    found = set()
    until = time.monotonic() + seconds
    with _Probes(program, probe, False):
        for k in among:
            if time.monotonic() > until:
                break
            active = k
            if program.value(inputs, 1.0) != before:
                found.add(k)
    return found


def linear_sites(
    program: Program, inputs: Inputs, recording: Recording, jac: Jacobian, seconds: float
) -> set[int]:
    """Return the sites in whose value the outputs are linear, as a backward is in its adjoints.

    A value that is multiplied along the way, such as a gate, is not: there J is only a slope.
    """
    active, turn = -1, 0
    delta: dict[int, Array] = {}
    rng = np.random.default_rng(0)

    def probe(k: int, _: Any, value: Any) -> Any:
        nonlocal turn
        if k != active or turn not in delta:
            return value
        turn += 1
        moved = value + delta[turn - 1].reshape(np.shape(value))
        return _changed(recording.sites[k], value, moved)

    found = set()
    until = time.monotonic() + seconds
    with _Probes(program, probe, False):
        for k, spans in jac.columns.items():
            if time.monotonic() > until:
                break
            active, turn = k, 0
            delta = {n: rng.standard_normal(s.stop - s.start) for n, s in enumerate(spans)}
            outcome = program.run(inputs, 1.0)
            if outcome.error is not None:
                continue
            change = jac.of(k) @ np.concatenate(list(delta.values()))
            if all(
                _near(outcome.outputs.get(name), recording.outputs[name], change[rows])
                for name, rows in jac.rows.items()
            ):
                found.add(k)
    return found


def _changed(site: Site, value: Any, new: Any) -> Any:
    """Return what a site's value becomes: of ``x *= f`` the array itself, which has other names."""
    if site.role != "scaled" or not isinstance(value, np.ndarray) or value.dtype != new.dtype:
        return new
    value[...] = new
    return value


def _near(moved: Any, before: Any, change: Array) -> bool:
    """Whether an output has moved by as much as was foretold."""
    moved, before = as_float_array(moved), np.asarray(before, dtype=float)
    size = 1 + float(np.max(np.abs(change), initial=0.0))
    foretold = before + change.reshape(before.shape)
    return moved is not None and np.allclose(moved, foretold, rtol=1e-6, atol=1e-8 * size)


def _sizes(seen: list[Execution]) -> list[int]:
    """Return the number of floats at each execution; none where there are others, or too many."""
    sizes = [_size(execution.value) for execution in seen]
    return sizes if len(seen) < _MOST_EXECUTIONS and all(sizes) else []


def _size(value: Any) -> int:
    """Return the number of floats in a value, 0 if it holds others."""
    if isinstance(value, np.ndarray):
        return value.size if value.dtype.kind == "f" else 0
    return 1 if isinstance(value, float | np.floating) else 0


def _as_duals(group: Any) -> Any:
    for name in list(group):
        value = group[name]
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            group[name] = duals(value)
        elif isinstance(value, float):
            group[name] = Dual(value)
    return group
