"""The values that, had they been others, would explain every wrong gradient.

The backward is linear in its adjoints. An unknown δ is added to the value of a site at each of
its executions, and the derivative J of all outputs with respect to δ comes from one run on
numbers with tangents. If ``J δ = oracle - outputs`` has a solution, that site alone can explain
every wrong gradient without spoiling a right one; if not, it cannot.
"""

from __future__ import annotations

import ast
import copy
import types
from collections.abc import Mapping
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
_SOLVED = 1e-6
_MIXTURES = 300


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


@dataclass(frozen=True)
class Evidence:
    """What the solve for one site says.

    Parameters
    ----------
    site : int
    explains : float
        Which part of the squared residual it explains, in [0, 1]; 1 is everything.
    outputs : tuple of str
        Wrong outputs that it explains wholly, while the right ones stay right.
    rank : float
        Rank of J over its number of rows: low is telling.
    steps : tuple of int
        Executions whose value has to change.
    delta : ndarray
        The least change that does it, all executions in one row.
    unique : bool
        Whether no other change does.
    """

    site: int
    explains: float
    outputs: tuple[str, ...]
    rank: float
    steps: tuple[int, ...]
    delta: Array
    unique: bool = False


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
                space[PROBE] = self.probe
                self.spaces.append(space)
        for unit in program.live_units:
            if program.searched(unit) or (shared and program.runs_in_backward(unit)):
                code = instrument(
                    program.sources[unit.file], unit, sites, names,
                    None if shared else program.is_searched,
                )  # fmt: skip
                self.undo.append(program.swap(unit, code))
        return sites

    def __exit__(self, *_: object) -> None:
        for undo in self.undo:
            undo()
        for space in self.spaces:
            del space[PROBE]


def record(
    program: Program, inputs: Inputs, seconds: float = 5.0, shared: bool = False
) -> Recording:
    """Run the backward with probes and keep every value and the variables around it."""
    executions: dict[int, list[Execution]] = {}
    order = 0
    shared_names = program.state.buffers()

    def probe(k: int, frame: Mapping[str, Any], value: Any) -> Any:
        nonlocal order
        order += 1
        seen = executions.setdefault(k, [])
        if len(seen) < 40:
            memo: dict[int, Any] = {}
            buffers = {name: _kept(space[name], memo) for space, name in shared_names}
            seen.append(Execution(_kept(value, {}), buffers | _kept_locals(frame), order))
        return value

    with _Probes(program, probe, shared) as sites:
        outcome = program.run(inputs, seconds)
    trees = {file: source.tree for file, source in program.sources.items()}
    return Recording(sites, executions, outcome.outputs, outcome.error, trees)


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
    plain: bool = True,
    shared: bool = False,
) -> Jacobian | None:
    """Return the derivatives for every site that makes floats, or None where it does not run.

    Parameters
    ----------
    plain : bool
        Whether sites that only name an existing value are probed: adding to them makes a new
        array, which is no good where the old one is written through.
    """
    columns: dict[int, list[slice]] = {}
    count = 0
    for k, seen in recording.executions.items():
        if not plain and recording.sites[k].plain:
            continue
        sizes = [_size(execution.value) for execution in seen]
        if len(seen) >= 40 or not all(sizes):
            continue
        spans = []
        for size in sizes:
            spans.append(slice(count, count + size))
            count += size
        if count > _MOST_UNKNOWNS:
            count = spans[0].start
            continue
        columns[k] = spans
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
        return value + duals(plain_zeros(shape), unit)

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
    return Jacobian(rows, columns, np.concatenate(blocks)) if blocks else None


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


def solve(
    jac: Jacobian,
    recording: Recording,
    residual: Mapping[str, Array],
    wrong: list[str],
    *,
    always: bool = False,
) -> list[Evidence]:
    """Solve for every site and return the evidence, in the order of the sites.

    Which sites explain single outputs is asked where none explains all, or `always`.
    """
    parts, scales = [], []
    for name in jac.rows:
        scale = float(np.max(np.abs(residual[name]))) if name in wrong else 0.0
        reference = max(
            scale, float(np.max(np.abs(jac.matrix[jac.rows[name]]), initial=0.0)), 1e-12
        )
        parts.append(residual[name].ravel() / (scale or reference))
        scales.append(np.full(residual[name].size, 1 / (scale or reference)))
    target, scale = np.concatenate(parts), np.concatenate(scales)
    right = np.ones(len(target), bool)
    for name in wrong:
        if name in jac.rows:
            right[jac.rows[name]] = False
    everything = np.ones(len(target), bool)
    sketches = {(): _Sketch(jac.matrix, target, scale, everything)}
    solved = {}
    for k in jac.columns:
        delta, rank, left = sketches[()].solve(jac.span(k))
        if rank:
            solved[k] = delta, rank, 1 - left / sketches[()].total
    some = any(explains > 1 - _SOLVED for _, _, explains in solved.values())
    found = []
    for k, (delta, rank, explains) in solved.items():
        spans = jac.columns[k]
        outputs = [name for name in wrong if name in jac.rows]
        if explains <= 1 - _SOLVED:
            outputs = [] if some and not always else [
                name for name in outputs if _alone(jac, name, k, right, target, scale, sketches)
            ]  # fmt: skip
        offset = spans[0].start
        sizes = [float(np.max(np.abs(delta[s.start - offset : s.stop - offset]))) for s in spans]
        largest = max(sizes)
        steps = tuple(n for n, size in enumerate(sizes) if size > 1e-6 * largest)
        found.append(
            Evidence(
                k, explains, tuple(outputs), rank / len(target), steps, delta, rank == len(delta)
            )
        )
    return found


class _Sketch:
    """Least squares on random mixtures of the rows: as telling, and small."""

    def __init__(self, matrix: Array, target: Array, scale: Array, rows: Array) -> None:
        count = int(rows.sum())
        self.mixed = count > _MIXTURES
        if self.mixed:
            mix = np.random.default_rng(0).standard_normal((_MIXTURES, count)) / _MIXTURES**0.5
        else:
            mix = np.eye(count)
        self.matrix = (mix * scale[rows]) @ matrix[rows]
        self.target = mix @ target[rows]
        self.total = float(self.target @ self.target) or 1.0

    def solve(self, columns: slice) -> tuple[Array, int, float]:
        """Return the solution, the rank, and the squared rest, for some of the columns."""
        rows = min(len(self.target), columns.stop - columns.start + 20)
        matrix, target = self.matrix[:, columns], self.target
        if not np.any(matrix):
            return np.zeros(columns.stop - columns.start), 0, self.total
        if self.mixed and rows < len(target):  # any mixture is as good as another: so many will do
            share = len(target) / rows
            matrix, target = matrix[:rows], target[:rows]
        else:
            share = 1.0
        delta, _, rank, _ = np.linalg.lstsq(matrix, target, rcond=1e-10)
        left = target - matrix @ delta
        # Fitted rows say too little of the rest: judge by all mixtures.
        if share > 1:
            left = self.target - self.matrix[:, columns] @ delta
        return delta, int(rank), float(left @ left)


def _alone(
    jac: Jacobian, name: str, k: int, right: Array, target: Array, scale: Array,
    sketches: dict[Any, _Sketch],
) -> bool:  # fmt: skip
    """Return whether a site explains one output wholly while the right ones stay right."""
    if not np.any(jac.of(k)[jac.rows[name]]):
        return False
    if name not in sketches:
        rows = right.copy()
        rows[jac.rows[name]] = True
        sketches[name] = _Sketch(jac.matrix, target, scale, rows)
    sketch = sketches[name]
    _, rank, left = sketch.solve(jac.span(k))
    size = jac.rows[name].stop - jac.rows[name].start
    return left < _SOLVED * sketch.total and rank < size
