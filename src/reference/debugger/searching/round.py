"""`Round`: what the probes say of the program as it stands, and which edits can help by that."""

from __future__ import annotations

import ast
import re
import time
import types
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.repair import Place, Rewrite
from reference.debugger.running.kept import kept
from reference.debugger.running.program import Program, as_float_array
from reference.debugger.running.recording import Recording, record
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.source import Source
from reference.debugger.searching.beginning import carried, may_begin
from reference.debugger.searching.by_name import becomes_its_own
from reference.debugger.searching.cases import Case, Score, scale_of, score_of
from reference.debugger.texts.clock import score_of as score_of_loop
from reference.debugger.values.adjoints import Adjoints
from reference.debugger.values.agreement import UNKNOWN, Agreement
from reference.debugger.values.evidence import Evidence, solve
from reference.debugger.values.probe import Jacobian, jacobian, linear_sites

_ALONE = 0.6  # a line with more freedom than that, over the number of entries, explains anything


@dataclass
class Round:
    """What the probes say of the program as it stands."""

    recording: Recording
    jacobian: Jacobian | None = None
    evidence: list[Evidence] = field(default_factory=list)
    residual: dict[str, Array] = field(default_factory=dict)
    places: dict[tuple[str, int], Place | None] = field(default_factory=dict)  # as they are made
    agreement: Agreement | None = None
    bases: dict[tuple[int, int], Array] = field(default_factory=dict)  # of what sites can change
    numbers: Any = None  # what naming has found them to tell of the lines, once it was asked
    _spans: dict[tuple[str, bool], list[tuple[int, int, int, int]]] = field(default_factory=dict)

    @cached_property
    def nothing(self) -> float:
        """What is nothing of a gradient: what rounding leaves beside the largest one."""
        return 1e-9 * scale_of([np.asarray(self.recording.outputs[name], float) + lacking
                                for name, lacking in self.residual.items()])  # fmt: skip

    def evidence_of(self, site: int) -> Evidence | None:
        """Return what the solve for a site says."""
        return next((e for e in self.evidence if e.site == site), None)

    def wanted(self, site: int) -> Evidence | None:
        """Return what the solve says of a site whose right value is known."""
        e = self.evidence_of(site)
        return e if e is not None and e.linear and e.unique and e.outputs and e.steps else None

    @property
    def explained(self) -> bool:
        """Whether a line alone explains all that is wrong."""
        return any(e.full and e.linear and e.rank < _ALONE for e in self.evidence)

    def site_of(self, rewrite: Rewrite) -> int | None:
        """Return the probed site whose expression holds an edit."""
        return None if self.jacobian is None else self._around(rewrite, self.jacobian.columns)

    def executed_site_of(self, rewrite: Rewrite) -> int | None:
        """Return the site that ran whose expression holds an edit."""
        return self._around(rewrite, self.recording.executions)

    def _around(self, rewrite: Rewrite, among: Collection[int]) -> int | None:
        return next(self._all_around(rewrite, among), None)

    def _all_around(self, rewrite: Rewrite, among: Collection[int]) -> Iterator[int]:
        start = min(s.start for s in rewrite.splices)
        end = max(s.end for s in rewrite.splices)
        key = rewrite.file, among is self.recording.executions
        if key not in self._spans:  # the smallest first
            sites = ((k, self.recording.sites[k]) for k in among)
            self._spans[key] = sorted(
                (s.span[1] - s.span[0], k, *s.span)
                for k, s in sites
                if s.file == rewrite.file and s.span is not None
            )
        return (k for _, k, first, last in self._spans[key] if first <= start <= end <= last)

    def _named_around(self, rewrite: Rewrite) -> int | None:
        """Return the site around an edit that makes a value, not one that hands it to a call."""
        around = self._all_around(rewrite, self.recording.executions)
        return next((k for k in around if self.recording.sites[k].role != "argument"), None)

    def site_at(self, file: str, line: int, name: str) -> int | None:
        """Return the site that assigns to a variable on a line."""
        sites = self.recording.sites
        return next(
            (
                e.site
                for e in self.evidence
                if (sites[e.site].file, sites[e.site].statement, sites[e.site].name)
                == (file, line, name)
            ),
            None,
        )

    def first_delta(self, wanted: Evidence) -> Array:
        """Return by how much the first value that has to change must change, as a row."""
        assert self.jacobian is not None
        spans, n = self.jacobian.columns[wanted.site], wanted.steps[0]
        start = spans[0].start
        return wanted.delta[spans[n].start - start : spans[n].stop - start]

    def text_of(self, source: Source, site: int) -> str:
        """Return the expression of a site as it is written."""
        span = self.recording.sites[site].span
        return source.data[span[0] : span[1]].decode() if span else ""

    def deltas(self, program: Program, rewrite: Rewrite, k: int) -> list[Array] | None:
        """Return how an edit inside a site changes its value at each execution."""
        try:
            return list(self._each_delta(program, rewrite, k))
        except Exception:
            return None

    def _each_delta(self, program: Program, rewrite: Rewrite, k: int) -> Iterator[Array]:
        site = self.recording.sites[k]
        assert site.span is not None
        text = program.sources[site.file].between(*site.span, rewrite.splices)
        names = next(
            f.__globals__ for f in program.functions if f.__code__.co_filename == site.file
        )
        code = _expression(text)
        for execution in self.recording.executions[k]:
            with np.errstate(all="ignore"):
                value = as_float_array(eval(code, names, execution.env))
                if value is None:
                    raise TypeError("no numbers")
                old = np.asarray(execution.value)
                if value.shape != old.shape:
                    value = np.broadcast_to(value, old.shape)
                delta = (value - old).ravel()
            yield delta

    def change(self, program: Program, rewrite: Rewrite) -> str:
        """Say what becomes of the first value that an edit changes; see `Agreement.change`."""
        if self.agreement is None:
            return UNKNOWN
        # What is handed to a function may be no adjoint: then what is made of it says more.
        around = list(self._all_around(rewrite, self.recording.executions))
        telling = [k for k in around if k not in self.agreement.silent]
        site = next(iter(telling or around), None)
        if site is None:
            return UNKNOWN
        try:
            return self.agreement.change(site, self._each_delta(program, rewrite, site))
        except Exception:  # of an edit that does not run there
            return UNKNOWN

    def names(self, program: Program, rewrite: Rewrite) -> bool:
        """Return whether an edit makes a variable the adjoint of what it is called after."""
        site = self._named_around(rewrite)
        deltas = None if site is None else self.deltas(program, rewrite, site)
        if site is None or deltas is None or self.agreement is None:
            return False
        name, seen = self.recording.sites[site].name, self.recording.executions[site]
        n = next((n for n, delta in enumerate(deltas) if np.any(delta)), None)
        if n is None:
            return False
        before = np.asarray(seen[n].value, dtype=float)
        after = before + deltas[n].reshape(before.shape)
        return becomes_its_own(name, before, after, seen[n].env, self.agreement.adjoints)

    def parts_from_loss(self, program: Program, rewrite: Rewrite) -> bool:
        """Return whether an edit changes what the loss makes, too, into what it does not make.

        Of a variable: an operand of something else may well be replaced by another number.
        """
        site = self._named_around(rewrite)
        if site is None or self.agreement is None:
            return False
        deltas = self.deltas(program, rewrite, site)
        if deltas is None or self.recording.sites[site].role != "assigned":
            return False
        is_of_loss = self.agreement.adjoints.is_of_loss
        for execution, delta in zip(self.recording.executions[site], deltas, strict=False):
            before = np.ravel(np.asarray(execution.value, dtype=float))
            if np.any(delta):
                some = np.unique(before[delta != 0])
                told = len(some) >= _TELLING and bool(np.all(is_of_loss(some)))
                return told and not bool(np.any(is_of_loss((before + delta)[delta != 0])))
        return False

    def may_help(self, program: Program, case: Case, base: Score, rewrite: Rewrite) -> bool:
        """Return False for an edit that, by what the probes know, makes nothing right."""
        site = self.site_of(rewrite)
        e = None if site is None else self.evidence_of(site)
        if site is None or (e is not None and not e.linear):
            return True
        if self._feeds_back(program, rewrite, site):
            return True
        return self.predicted(program, case, base, rewrite, site)

    def _feeds_back(self, program: Program, rewrite: Rewrite, site: int) -> bool:
        """Return whether an edit's value depends on what its own line gave one step earlier.

        The probes know the paths of the program as it stands: a name that is new in the edit is a
        new path, and where no value is known that the line should have had, old ones count too.
        """
        source = program.sources[rewrite.file]
        names: set[str] = set()
        for splice in rewrite.splices:
            old = set(_NAME.findall(source.data[splice.start : splice.end].decode()))
            names |= set(_NAME.findall(splice.new)) - old
        if self.wanted(site) is None:
            names |= set(_NAME.findall(self.text_of(source, site)))
        return rewrite.cost < 2.6 and bool(names & carried(source.tree, rewrite.line))

    def predicted(
        self, program: Program, case: Case, base: Score, rewrite: Rewrite, k: int
    ) -> bool:
        """Return whether an edit makes entries right and none wrong, by what the probes know."""
        deltas = self.deltas(program, rewrite, k)
        if deltas is None:
            return any(entries is None for entries in base.entries.values())
        assert self.jacobian is not None
        wanted = self.wanted(k)
        if wanted is not None:
            return self._agrees(deltas, wanted)
        change = self.jacobian.of(k) @ np.concatenate(deltas)
        outputs = {
            name: np.asarray(self.recording.outputs[name], float)
            + change[rows].reshape(shape_of(self.recording.outputs[name]))
            for name, rows in self.jacobian.rows.items()
        }
        e = self.evidence_of(k)
        if e is not None and may_begin(self.jacobian, self.residual, e, deltas):
            return True
        predicted, gained = score_of(outputs, case), 0
        for name, mine in predicted.entries.items():
            theirs = base.entries[name]
            if mine is None or theirs is None:
                continue
            if np.any(theirs & ~mine):
                return False
            gained += int(np.sum(mine & ~theirs))
        return gained > 0

    def gives(self, program: Program, rewrite: Rewrite, wanted: Evidence) -> bool:
        """Return whether an edit inside a site gives the value that it should have had."""
        deltas = self.deltas(program, rewrite, wanted.site)
        return deltas is not None and self._agrees(deltas, wanted)

    def _agrees(self, deltas: list[Array], wanted: Evidence) -> bool:
        """Whether changes are those wanted, up to the first execution that has to change.

        After that nothing is as it was recorded.
        """
        assert self.jacobian is not None
        spans = self.jacobian.columns[wanted.site]
        start, size = spans[0].start, float(np.max(np.abs(wanted.delta)))
        return all(
            np.allclose(
                deltas[n],
                wanted.delta[spans[n].start - start : spans[n].stop - start],
                rtol=1e-5,
                atol=1e-7 * size,
            )
            for n in range(wanted.steps[0] + 1)
        )

    def times(self, program: Program, rewrite: Rewrite) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the time steps at which an edit changes a value, and all time steps."""
        k = self.site_of(rewrite)
        if k is None:
            return (), ()
        deltas = self.deltas(program, rewrite, k)
        times = times_of(self.recording, k)
        if deltas is None or len(times) != len(deltas):
            return (), ()
        least = 1e-12 * scale_of(deltas)
        changed = {t for t, d in zip(times, deltas, strict=True) if np.any(np.abs(d) > least)}
        return tuple(sorted(changed)), tuple(sorted(set(times)))


@kept(64)
def loops_of(tree: ast.AST) -> list[ast.For | ast.While]:
    """Return the loops in a tree, kept: each line asks in which of them it stands."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While)]


def times_of(recording: Recording, k: int) -> list[int]:
    """Return the time step of each execution of a site: its loop's variable, or its turn."""
    site = recording.sites[k]
    seen = recording.executions[k]
    loops = [
        loop
        for loop in loops_of(recording.trees[site.file])
        if isinstance(loop, ast.For) and loop.lineno <= site.line <= (loop.end_lineno or 0)
    ]
    for loop in sorted(loops, key=lambda loop: (-score_of_loop(loop), loop.lineno)):
        for target in ast.walk(loop.target):
            if isinstance(target, ast.Name):
                values = [execution.env.get(target.id) for execution in seen]
                if all(isinstance(value, int | np.integer) for value in values):
                    return [int(value) for value in values]  # type: ignore[arg-type]  # all are integers
    return list(range(len(seen)))[::-1]


@kept(4096)
def _expression(text: bytes) -> types.CodeType:
    """Return an expression compiled, kept: the same edit is asked about more than once."""
    return compile(b"(" + text + b")", "", "eval")


_TELLING = 3  # numbers that are values of the loss by no chance
_NAME = re.compile(r"[A-Za-z_]\w*")


def residual_of(recording: Recording, case: Case) -> dict[str, Array]:
    """Return what gradients lack, of those that have the shape of their parameter.

    One that is a plain 0 is all zeros: nothing was ever added to what it began with.
    """
    for name, output in recording.outputs.items():
        shape = np.shape(case.oracle.get(name, 0.0))
        if shape and isinstance(output, int | float) and not output:
            recording.outputs[name] = np.zeros(shape)
    return {
        name: case.oracle[name] - value
        for name, output in recording.outputs.items()
        if name in case.oracle
        and (value := as_float_array(output)) is not None
        and value.shape == case.oracle[name].shape
        and np.all(np.isfinite(value))  # of what is no number nothing can be solved for
    }


def probed(
    program: Program, case: Case, base: Score, until: float, adjoints: Adjoints | None = None
) -> Round:
    """Run the probes, and solve for every site that they see."""
    recording = record(program, case.inputs, 3.0)
    residual = residual_of(recording, case)
    now = Round(recording, residual=residual)
    now.agreement = None if adjoints is None else Agreement(adjoints, recording, program.sources)
    if recording.error is not None or not residual:
        return now
    recording.outputs = {name: recording.outputs[name] for name in residual}
    results = "element", "returned"
    for plain in (None, ("assigned", "stored", *results), ("stored", *results), results):
        seconds = min(4.0, max(0.3, (until - time.monotonic()) / 4))
        now.jacobian = jacobian(program, case.inputs, recording, seconds, plain)
        if now.jacobian is not None:
            wrong = [name for name in residual if name not in base.right]
            linear = linear_sites(program, case.inputs, recording, now.jacobian, 1.0)
            now.evidence = solve(now.jacobian, residual, wrong, linear)
            break
    return now
