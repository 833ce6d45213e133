"""The values that, had they been others, would explain every wrong gradient.

The backward is linear in its adjoints. An unknown δ is added to the value of a site at each of
its executions, and the derivative J of all outputs with respect to δ comes from one run on
numbers with tangents. If ``J δ = oracle - outputs`` has a solution, that site alone can explain
every wrong gradient without spoiling a right one; if not, it cannot.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.running.dual import Dual, duals, plain_zeros, real, tangents_of
from reference.debugger.running.other_numbers import InOtherNumbers
from reference.debugger.running.program import Inputs, Program, as_float_array, copied
from reference.debugger.running.recording import (
    MOST_EXECUTIONS,
    Execution,
    Probes,
    Recording,
    changed,
    size_of,
)
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.sites import Site
from reference.debugger.running.tangents import dual_numpy
from reference.debugger.running.timebox import TimeUp

_MOST_UNKNOWNS = 12000
_MOST_REFUSALS = 4
_AT_ONCE = 3000  # in one run, each of whose numbers carries as many tangents


@dataclass
class Jacobian:
    """The derivative of all outputs with respect to the values of sites."""

    rows: dict[str, slice]
    columns: dict[int, list[slice]]  # site to its executions
    matrix: Array  # rows x columns
    begun: dict[Any, tuple[Array, Array]] = field(default_factory=dict)  # see `may_begin`

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
    if program.shared_too and sum(map(sum, sizes.values())) > _AT_ONCE:
        of_loss = loss_sites(program, inputs, sites, list(sizes), 0.5 * seconds)
        sizes = {k: of_site for k, of_site in sizes.items() if k not in of_loss}
    # What is too much is taken from what only names a value first, and from the largest first.
    heaviest = sorted(sizes, key=lambda k: (_rank(sites[k]), sum(sizes[k])))
    while heaviest and sum(map(sum, sizes.values())) > _MOST_UNKNOWNS:
        del sizes[heaviest.pop()]
    parts: list[Jacobian] = []
    ends = time.monotonic() + seconds
    refused: set[int] = set()
    for some in _at_once(sizes):
        part = _part_that_runs(program, inputs, recording, some, ends, shared, refused)
        if part is None:
            if not parts or time.monotonic() < ends:
                return None
            break  # what is known when the time is up is told
        parts.append(part)
    return _joined(parts)


def _at_once(sizes: dict[int, list[int]]) -> Iterator[dict[int, list[int]]]:
    """Give the sites in parts of so many unknowns as fit into one run."""
    some: dict[int, list[int]] = {}
    count = 0
    for k, of_site in sorted(sizes.items()):
        if some and count + sum(of_site) > _AT_ONCE:
            yield some
            some, count = {}, 0
        some[k] = of_site
        count += sum(of_site)
    yield some


def _joined(parts: list[Jacobian]) -> Jacobian:
    """Return the derivatives of several runs as those of one; those that are no numbers as none."""
    columns: dict[int, list[slice]] = {}
    count = 0
    for part in parts:
        for k, spans in part.columns.items():
            columns[k] = [slice(count + span.start, count + span.stop) for span in spans]
        count += part.matrix.shape[1]
    matrix = np.concatenate([part.matrix for part in parts], axis=1)
    matrix[:, ~np.isfinite(matrix).all(axis=0)] = 0  # a site of which nothing can be solved for
    return Jacobian(parts[0].rows, columns, matrix)


def _part_that_runs(
    program: Program,
    inputs: Inputs,
    recording: Recording,
    some: dict[int, list[int]],
    ends: float,
    shared: bool,
    refused: set[int],
) -> Jacobian | None:
    """Return the derivatives by some sites, but for `refused` ones, to which more are added.

    What is made of a value may take plain numbers only, such as the width of weights that are
    drawn, ``rng.normal(0, width)``: such a value is left out.
    """
    for _ in range(_MOST_REFUSALS):
        asked = {k: sizes for k, sizes in some.items() if k not in refused}
        try:
            return _part(program, inputs, recording, asked, ends - time.monotonic(), shared)
        except (TypeError, ValueError, AttributeError) as error:
            at = program.line_of(error)
            feeding = set() if at is None else _feeding(program, recording.sites, asked, *at)
            if not feeding:
                return None
            refused |= feeding
        except (Exception, TimeUp):
            return None
    return None


def _feeding(
    program: Program, sites: list[Site], among: dict[int, list[int]], file: str, line: int
) -> set[int]:
    """Return the sites of the variables that a line reads, or else all of its function."""
    source = program.sources[file]
    used = set(re.findall(r"[^\W\d]\w*", source.lines[line - 1]))
    unit = source.unit_at(line)
    here = [k for k in among if unit is not None and unit.holds(sites[k].file, sites[k].line)]
    return {k for k in here if sites[k].name in used} or set(here)


def _part(
    program: Program,
    inputs: Inputs,
    recording: Recording,
    sizes: dict[int, list[int]],
    seconds: float,
    shared: bool,
) -> Jacobian | None:
    """Return the derivatives by some sites, from one run."""
    sites = recording.sites
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
        shape = shape_of(value)
        unit = plain_zeros((span.stop - span.start, count))
        unit[np.arange(span.stop - span.start), np.arange(span.start, span.stop)] = 1
        if shape == ():
            value = value.item() if isinstance(value, np.ndarray) else value
            return value + Dual(0.0, unit[0])
        return changed(sites[k], value, value + duals(plain_zeros(shape), unit))

    program.state.restore()
    with (
        Probes(program, probe, shared),
        program.state.rebound(InOtherNumbers(duals)),
        dual_numpy(program.loss, program.backward, *program.functions),
        program.watchdog.limit(seconds),
    ):
        params, inputs_ = copied(inputs)
        outputs = dict(program.backward(_as_duals(params), _as_duals(inputs_)))
    rows, blocks, at = {}, [], 0
    floats = [one for v in recording.outputs.values() if (one := as_float_array(v)) is not None]
    size = min(1.0, max((float(np.max(np.abs(one), initial=0.0)) for one in floats), default=1.0))
    for name, base in recording.outputs.items():
        base = as_float_array(base)
        if base is None or name not in outputs or shape_of(outputs[name]) != base.shape:
            continue
        if not np.allclose(real(np.asarray(outputs[name], object)).astype(float), base,
                           rtol=1e-6, atol=1e-9 * size):  # fmt: skip
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
    before = program.value(inputs)
    found = set()
    until = time.monotonic() + seconds
    with shaken(program, sites) as shake:
        for k in among:
            if time.monotonic() > until:
                break
            shake(k)
            if program.value(inputs, 1.0) != before:
                found.add(k)
    return found


@contextlib.contextmanager
def shaken(program: Program, sites: list[Site]) -> Iterator[Callable[[int], None]]:
    """Give a function that lets one site, and no other, make other numbers, drawn at random."""
    active = -1
    rng = np.random.default_rng(0)

    def probe(k: int, _: Any, value: Any) -> Any:
        if k != active or not size_of(value):
            return value
        return changed(sites[k], value, value + rng.standard_normal(shape_of(value)))

    def shake(k: int) -> None:
        nonlocal active
        active = k

    with Probes(program, probe, False):
        yield shake


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
        moved = value + delta[turn - 1].reshape(shape_of(value))
        return changed(recording.sites[k], value, moved)

    found = set()
    until = time.monotonic() + seconds
    with Probes(program, probe, False):
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


def _near(moved: Any, before: Any, change: Array) -> bool:
    """Whether an output has moved by as much as was foretold."""
    moved, before = as_float_array(moved), np.asarray(before, dtype=float)
    size = 1 + float(np.max(np.abs(change), initial=0.0))
    foretold = before + change.reshape(before.shape)
    return moved is not None and np.allclose(moved, foretold, rtol=1e-6, atol=1e-8 * size)


def _sizes(seen: list[Execution]) -> list[int]:
    """Return the number of floats at each execution; none where there are others, or too many."""
    sizes = [size_of(execution.value) for execution in seen]
    return sizes if len(seen) < MOST_EXECUTIONS and all(sizes) else []


def _as_duals(group: Any) -> Any:
    for name in list(group):
        value = group[name]
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            group[name] = duals(value)
        elif isinstance(value, float):
            group[name] = Dual(value)
    return group
