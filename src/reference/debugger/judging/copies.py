"""Which statement keeps an array that is overwritten afterwards? The one that a copy mends.

Every value that a statement binds, stores or hands over is replaced by a copy of itself, one
statement at a time. Where nothing is shared a copy changes nothing at all; where an array is
kept and written over later, the copy keeps what was meant, and wrong gradients become right.
"""

from __future__ import annotations

import time
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.running.memory import traced_lines
from reference.debugger.running.program import Inputs, Program, as_float_array
from reference.debugger.running.sites import PROBE, Site, instrument

_MOST_EXECUTIONS = 16
_RIGHT = 1e-7


@dataclass
class Mended:
    """A statement at which a copy makes wrong gradients right.

    Parameters
    ----------
    site : Site
        Its first value.
    names : list of str
        The gradients that become right, or at least better.
    wholly : bool
        Whether any becomes right.
    steps : tuple of int
        The executions at which the copy matters.
    writer : (str, int), optional
        File and line that overwrite what was kept.
    """

    site: Site
    names: list[str]
    wholly: bool
    steps: tuple[int, ...] = ()
    writer: tuple[str, int] | None = None
    order: int = 0


@dataclass
class _Probe:
    """What stands at every site: passes values on, or copies of them."""

    copied: Collection[int] = ()
    only: int | None = None  # of the executions of each site
    seen: dict[int, int] = field(default_factory=dict)
    first: dict[int, int] = field(default_factory=dict)
    kept: Callable[[Any], None] | None = None
    count: int = 0

    def __call__(self, k: int, _: Any, value: Any, _into: Any = None) -> Any:
        self.count += 1
        self.first.setdefault(k, self.count)
        if k not in self.copied:
            return value
        n = self.seen[k] = self.seen.get(k, -1) + 1
        if self.kept is not None:
            self.kept(value)
            return value
        return copied(value) if self.only is None or self.only == n else value


def mended_by_copies(
    program: Program, inputs: Inputs, reference: Mapping[str, Array], until: float
) -> list[Mended]:
    """Return the statements at which a copy mends something, in the order of execution.

    Parameters
    ----------
    program : Program
        After its discovery.
    inputs : (params, inputs)
    reference : dict
        The right gradients.
    until : float
        On the clock of `time.monotonic`.
    """
    probe = _Probe()
    with _instrumented(program, probe) as sites:
        if not sites:
            return []
        base = _errors(program.run(inputs).outputs, reference)
        statements: dict[tuple[str, int], list[int]] = {}
        for k in probe.first:
            statements.setdefault((sites[k].file, sites[k].statement), []).append(k)
        found = []
        for ks in statements.values():
            if time.monotonic() > until:
                break
            order = min(probe.first[k] for k in ks)
            after = _with(program, inputs, probe, reference, ks)
            mended = _compared(sites[ks[0]], base, after)
            if mended is not None:
                mended.order = order
                found.append((mended, ks))
        if any(mended.wholly for mended, _ in found):
            found = [(mended, ks) for mended, ks in found if mended.wholly]
        found.sort(key=lambda pair: pair[0].order)
        for mended, ks in found[:2]:
            mended.steps = tuple(
                n for n in range(_MOST_EXECUTIONS)
                if _with(program, inputs, probe, reference, ks, only=n) != base
            )  # fmt: skip
            mended.writer = _writer(program, inputs, probe, ks)
    return [mended for mended, _ in found]


def is_wrong(program: Program, inputs: Inputs, reference: Mapping[str, Array]) -> bool:
    """Return whether any gradient differs from the reference."""
    errors = _errors(program.run(inputs).outputs, reference)
    return any(error > _RIGHT for error in errors.values())


def copied(value: Any) -> Any:
    """Copy arrays, also in tuples, lists and dicts; share all else."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) in (list, tuple):
        return type(value)(copied(item) for item in value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(copied(item) for item in value))
    if type(value) is dict:
        return {key: copied(item) for key, item in value.items()}
    return value


@contextmanager
def _instrumented(program: Program, probe: _Probe) -> Iterator[list[Site]]:
    sites: list[Site] = []
    names = {function.__name__ for function in program.functions} | {"__init__"}
    names |= {unit.classes[-1] for unit in program.live_units if unit.classes}
    spaces = {id(f.__globals__): f.__globals__ for f in program.functions}
    undo = []
    try:
        for space in spaces.values():
            space[PROBE] = probe
        for unit in program.live_units:
            if program.runs_in_backward(unit):
                code = instrument(program.sources[unit.file], unit, sites, names)
                undo.append(program.swap(unit, code))
        yield sites
    finally:
        for back in undo:
            back()
        for space in spaces.values():
            space.pop(PROBE, None)


def _with(
    program: Program,
    inputs: Inputs,
    probe: _Probe,
    reference: Mapping[str, Array],
    ks: list[int],
    only: int | None = None,
) -> dict[str, float]:
    probe.copied, probe.only, probe.seen = ks, only, {}
    try:
        return _errors(program.run(inputs).outputs, reference)
    finally:
        probe.copied = ()


def _errors(outputs: Mapping[str, Any], reference: Mapping[str, Array]) -> dict[str, float]:
    errors = {}
    for name, right in reference.items():
        value = as_float_array(outputs[name]) if name in outputs else None
        scale = float(np.abs(right).max(initial=0.0)) or 1.0
        off = np.inf if value is None or value.shape != right.shape else (
            float(np.abs(value - right).max(initial=0.0)) / scale
        )  # fmt: skip
        errors[name] = np.inf if np.isnan(off) else off
    return errors


def _compared(site: Site, base: dict[str, float], after: dict[str, float]) -> Mended | None:
    better = [n for n in base if base[n] > _RIGHT and after[n] < 0.8 * base[n]]
    worse = [n for n in base if after[n] > max(_RIGHT, 1.001 * base[n])]
    if not better or worse:
        return None
    right = [name for name in better if after[name] <= _RIGHT]
    return Mended(site, right or better, bool(right))


def _writer(
    program: Program, inputs: Inputs, probe: _Probe, ks: list[int]
) -> tuple[str, int] | None:
    """Return the line that first changes an array after it was kept at these sites."""
    kept: list[tuple[Array, bytes]] = []
    found: list[tuple[str, int]] = []

    def keep(value: Any) -> None:
        for array in arrays_in(value):
            kept.append((array, array.tobytes()))

    def look(frame: types.FrameType, line: int) -> None:
        if not found and any(array.tobytes() != before for array, before in kept):
            found.append((frame.f_code.co_filename, line))

    probe.copied, probe.kept, probe.seen = ks, keep, {}
    try:
        with traced_lines(program.sources.__contains__, look):
            program.run(inputs)
    finally:
        probe.copied, probe.kept = (), None
    return found[0] if found else None


def arrays_in(value: Any) -> list[Array]:
    """Return the arrays of floats in a value: itself, or what a tuple, list or dict holds."""
    if isinstance(value, np.ndarray):
        return [value] if value.dtype.kind == "f" else []
    if isinstance(value, tuple | list):
        return [array for item in value for array in arrays_in(item)]
    if isinstance(value, dict):
        return [array for item in value.values() for array in arrays_in(item)]
    return []
