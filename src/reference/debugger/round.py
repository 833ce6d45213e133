"""`Round`: what the probes say of the program as it stands, and which edits can help by that."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.cases import Case, Score, score_of
from reference.debugger.evidence import Evidence
from reference.debugger.probe import Jacobian, Recording
from reference.debugger.program import Program
from reference.debugger.repair import Rewrite
from reference.debugger.source import Source


@dataclass
class Round:
    """What the probes say of the program as it stands."""

    recording: Recording
    jacobian: Jacobian | None = None
    evidence: list[Evidence] = field(default_factory=list)
    residual: dict[str, Array] = field(default_factory=dict)

    def evidence_of(self, site: int) -> Evidence | None:
        """Return what the solve for a site says."""
        return next((e for e in self.evidence if e.site == site), None)

    def wanted(self, site: int) -> Evidence | None:
        """Return what the solve says of a site whose right value is known."""
        e = self.evidence_of(site)
        return e if e is not None and e.linear and e.unique and e.outputs and e.steps else None

    def site_of(self, rewrite: Rewrite) -> int | None:
        """Return the site whose expression holds an edit."""
        if self.jacobian is None:
            return None
        start = min(s.start for s in rewrite.splices)
        end = max(s.end for s in rewrite.splices)
        best = None
        for k in self.jacobian.columns:
            site = self.recording.sites[k]
            if site.file != rewrite.file or site.span is None:
                continue
            if site.span[0] <= start <= end <= site.span[1]:
                size = site.span[1] - site.span[0]
                best = (size, k) if best is None else min(best, (size, k))
        return None if best is None else best[1]

    def text_of(self, source: Source, site: int) -> str:
        """Return the expression of a site as it is written."""
        span = self.recording.sites[site].span
        return source.data[span[0] : span[1]].decode() if span else ""

    def deltas(self, program: Program, rewrite: Rewrite, k: int) -> list[Array] | None:
        """Return how an edit inside a site changes its value at each execution."""
        site = self.recording.sites[k]
        assert site.span is not None
        data = program.sources[site.file].data
        start, end = site.span
        text = data[start:end]
        for splice in sorted(rewrite.splices, key=lambda s: -s.start):
            text = text[: splice.start - start] + splice.new.encode() + text[splice.end - start :]
        names = next(
            f.__globals__ for f in program.functions if f.__code__.co_filename == site.file
        )
        deltas = []
        try:
            code = compile(b"(" + text + b")", "", "eval")
            with np.errstate(all="ignore"):
                for execution in self.recording.executions[k]:
                    value = np.asarray(eval(code, names, execution.env), dtype=float)
                    old = np.asarray(execution.value)
                    deltas.append((np.broadcast_to(value, old.shape) - old).ravel())
        except Exception:
            return None
        return deltas

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
            + change[rows].reshape(np.shape(self.recording.outputs[name]))
            for name, rows in self.jacobian.rows.items()
        }
        predicted = score_of(outputs, case)
        gained = 0
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
        changed = {t for t, d in zip(times, deltas, strict=True) if np.any(np.abs(d) > 1e-12)}
        return tuple(sorted(changed)), tuple(sorted(set(times)))


def times_of(recording: Recording, k: int) -> list[int]:
    """Return the time step of each execution of a site: its loop's variable, or its turn."""
    site = recording.sites[k]
    seen = recording.executions[k]
    loops = [
        node
        for node in ast.walk(recording.trees[site.file])
        if isinstance(node, ast.For) and node.lineno <= site.line <= (node.end_lineno or 0)
    ]
    for loop in sorted(loops, key=lambda loop: loop.lineno):
        for target in ast.walk(loop.target):
            if isinstance(target, ast.Name):
                values = [execution.env.get(target.id) for execution in seen]
                if all(isinstance(value, int | np.integer) for value in values):
                    return [int(value) for value in values]  # type: ignore[arg-type]
    return list(range(len(seen)))[::-1]
