"""The search: order the lines by evidence, try the catalogue on them, one fault after another."""

from __future__ import annotations

import ast
import contextlib
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger import probe as probing
from reference.debugger.cases import Case, Score, score, score_of
from reference.debugger.probe import Evidence, Jacobian, Recording
from reference.debugger.program import Program, Splice, as_float_array
from reference.debugger.repair import (
    Place,
    Rewrite,
    carry,
    common,
    loops,
    results,
    rich,
    statements,
)
from reference.debugger.sites import Site

_MOST_FAULTS = 5


@dataclass
class Step:
    """An edit that was accepted, and what was known when it was."""

    rewrite: Rewrite
    texts: dict[str, str]  # before the edit
    times: tuple[tuple[int, ...], tuple[int, ...]]  # where it changes a value; all there are


@dataclass
class Round:
    """What the probes say of the program as it stands."""

    recording: Recording
    jacobian: Jacobian | None
    evidence: list[Evidence]
    residual: dict[str, Array]

    def wanted(self, site: int) -> tuple[int, Array] | None:
        """Return the first execution whose value must change, and by how much, if that is known."""
        for e in self.evidence:
            if e.site == site and e.unique and e.explains > 1 - 1e-6 and e.steps:
                assert self.jacobian is not None
                spans = self.jacobian.columns[site]
                n, start = e.steps[0], spans[0].start
                return n, e.delta[spans[n].start - start : spans[n].stop - start]
        return None


Ranked = tuple[tuple[float, ...], Rewrite]


@dataclass
class Found:
    """A complete repair: the texts of all files, and the steps that led there."""

    texts: dict[str, str]
    steps: list[Step]
    cost: float


@dataclass
class Search:
    """One search on one program.

    Parameters
    ----------
    program : Program
    cases : list of Case
        The first is searched on; the others confirm.
    until : float
        Monotonic time at which it ends.
    accepts : callable, optional
        A further condition on a complete repair, such as the same answer from a second call.
    """

    program: Program
    cases: list[Case]
    until: float
    accepts: Callable[[], bool] = lambda: True
    progress: Callable[[str], None] | None = None
    steps: list[Step] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    first: Round | None = None
    order: list[tuple[str, int]] = field(default_factory=list)  # statements of the first round
    limit: float = 0.5

    def late(self) -> bool:
        """Return whether the budget is spent."""
        return time.monotonic() > self.until

    def search(self) -> None:
        """Repair the program as far as it goes; leaves it as repaired in memory."""
        case = self.cases[0]
        for _ in range(_MOST_FAULTS):
            start = time.monotonic()
            outcome = self.program.run(case.inputs, self.limit)
            self.limit = max(0.5, 50 * (time.monotonic() - start))
            base = score(outcome, case)
            if len(base.right) == len(case.oracle) and self.accepts():
                return
            now = Round(probing.record(self.program, case.inputs, 3.0), None, [], {})
            partial: list[Ranked] = []
            step = self._round(now, self._quickly(now, base), base, partial, False)
            if not self.found:
                now = self._probe(outcome, base)
                if self.first is None:
                    self.first = now
                ordered = self._statements(now, outcome)
                self.order = self.order or [(file, line) for file, line, _ in ordered]
                step = self._round(now, self._stages(now, ordered, base), base, partial, True)
            if step is None or self.late():
                return
            self.steps.append(step)
            if self.found:
                return

    def own_statements(self) -> list[tuple[str, int, float]]:
        """Return the statements that only the backward runs."""
        return self._all_statements()

    # One round: evidence, then candidates in the order of the evidence.

    def _probe(self, outcome: Any, base: Score) -> Round:
        case, program = self.cases[0], self.program
        recording = probing.record(program, case.inputs, 3.0)
        residual = {
            name: case.oracle[name] - value
            for name, output in recording.outputs.items()
            if name in case.oracle
            and (value := as_float_array(output)) is not None
            and value.shape == case.oracle[name].shape
        }
        jacobian, evidence = None, []
        if recording.error is None and residual:
            recording.outputs = {name: recording.outputs[name] for name in residual}
            for plain in (True, False):
                seconds = min(4.0, max(0.3, (self.until - time.monotonic()) / 4))
                jacobian = probing.jacobian(program, case.inputs, recording, seconds, plain)
                if jacobian is not None:
                    break
            if jacobian is not None:
                wrong = [name for name in residual if name not in base.right]
                evidence = probing.solve(jacobian, recording, residual, wrong)
        return Round(recording, jacobian, evidence, residual)

    def _round(
        self,
        now: Round,
        stages: Iterator[tuple[str, Iterable[Rewrite]]],
        base: Score,
        partial: list[Ranked],
        probed: bool,
    ) -> Step | None:
        best_cost, after = np.inf, 0
        for stage, candidates in stages:
            for rewrite in candidates:
                if self.late():
                    break
                if rewrite.cost > best_cost + 0.7 - 0.4 * after:
                    continue
                verdict = self._try(rewrite, base)
                if verdict is None:
                    continue
                complete, outputs, gain = verdict
                if complete:
                    self._keep(rewrite, now, 0.15 * after)
                    best_cost = min(best_cost, rewrite.cost)
                    if len(self.found) >= 6:
                        break
                else:
                    partial.append(((-outputs, rewrite.cost - 0.002 * gain), rewrite))
            if self.found and stage not in ("carry", "quick"):
                after += 1  # the next lines in the order of evidence may have a simpler mend
            if (
                self.late()
                or after > 2
                or (self.found and stage not in ("carry", "quick", "evident", "certain"))
            ):
                break
            if stage == "evident" and partial and min(partial, key=_first)[0][0] < 0:
                break  # a line that the probes name mends whole outputs: take it, and go on
        if self.found:
            return min(self.found, key=lambda found: found.cost).steps[-1]
        if not partial:
            return None
        if not probed:
            return None
        rewrite = min(partial, key=_first)[1]
        step = self._step(rewrite, now)
        self._install(rewrite)
        return step

    def _stages(
        self, now: Round, ordered: list[tuple[str, int, float]], base: Score
    ) -> Iterator[tuple[str, Iterable[Rewrite]]]:
        places = [self._place(now, file, line) for file, line, _ in ordered]
        weight = [w for _, _, w in ordered]
        evident = [p for p, w in zip(places, weight, strict=True) if p and w >= 2]
        certain = "certain" if any(w >= 3 for w in weight) else "evident"
        likely = [p for p, w in zip(places, weight, strict=True) if p and 1 <= w < 2]
        others = [p for p, w in zip(places, weight, strict=True) if p and w < 1]
        for place in evident[:6]:
            yield certain, self._filtered(now, base, common(place))
        for place in evident[:3]:
            yield certain, self._filtered(now, base, rich(place), 1.5)
        yield "evident", self._unfiltered(now, base, evident[:4])
        if certain == "certain":
            # No one line was enough: which lines explain single outputs wholly?
            for place in self._of_single_outputs(now, base)[:8]:
                yield "evident", self._filtered(now, base, common(place))
        for place in likely[:12]:
            yield "likely", self._filtered(now, base, common(place), 2.0)
        for place in others:
            yield "others", self._filtered(now, base, common(place), 1.0)
        yield "shared", self._shared()

    def _of_single_outputs(self, now: Round, base: Score) -> list[Place]:
        if now.jacobian is None:
            return []
        wrong = [name for name in now.residual if name not in base.right]
        evidence = probing.solve(now.jacobian, now.recording, now.residual, wrong, always=True)
        sites = now.recording.sites
        some = [e for e in evidence if e.outputs and e.explains <= 1 - 1e-6]
        some.sort(key=lambda e: (sites[e.site].plain, -len(e.outputs), e.rank))
        lines = dict.fromkeys((sites[e.site].file, sites[e.site].statement) for e in some)
        return [place for file, line in lines if (place := self._place(now, file, line))]

    def _quickly(self, now: Round, base: Score) -> Iterator[tuple[str, Iterable[Rewrite]]]:
        """Give what is tried before anything is probed."""
        if len(base.right) == len(self.cases[0].oracle):
            yield "conduct", self._conduct(now)
        else:
            yield "carry", self._loops(base)
            yield "quick", self._quick(now)

    def _loops(self, base: Score) -> Iterator[Rewrite]:
        """Edits of whole loops and results, in the units that only the backward runs."""
        for unit in self.program.live_units:
            if self.program.searched(unit):
                source = self.program.sources[unit.file]
                for function in _functions(unit.tree):
                    yield from carry.rewrites(source, function)
        missing = [name for name, entries in base.entries.items() if entries is None]
        if missing:
            shapes = {name: gradient.shape for name, gradient in self.cases[0].oracle.items()}
            recording = probing.record(self.program, self.cases[0].inputs, 2.0)
            now = Round(recording, None, [], {})
            for file, line, _ in self._all_statements():
                place = self._place(now, file, line)
                if place is not None:
                    yield from results.missing(place, missing, shapes)

    def _quick(self, now: Round) -> Iterator[Rewrite]:
        """Edits of whole statements that are few and often right, on every line."""
        for file, line, _ in self._all_statements():
            place = self._place(now, file, line)
            if place is not None:
                yield from (r for r in statements.rewrites(place) if r.cost <= 1.2)
                yield from (r for r in loops.rewrites(place) if r.cost <= 1.3)

    def _conduct(self, now: Round) -> Iterator[Rewrite]:
        """Edits for a backward whose gradients are right but which leaves something changed."""
        for file, line, _ in self._all_statements():
            place = self._place(now, file, line)
            if place is not None:
                yield from (r for r in statements.rewrites(place) if r.kind in _IN_FORWARD)
        for rewrite in self._shared():
            if rewrite.kind in _IN_FORWARD:
                yield rewrite

    def _shared(self) -> Iterator[Rewrite]:
        """Edits of what the loss runs too: they must leave the loss as it is."""
        recording = probing.record(self.program, self.cases[0].inputs, 3.0, shared=True)
        now = Round(recording, None, [], {})
        for unit in self.program.live_units:
            if self.program.only_in_backward(unit):
                continue
            for file, line, _ in self._all_statements(unit):
                place = self._place(now, file, line)
                if place is not None:
                    for rewrite in common(place):
                        if rewrite.kind in _IN_FORWARD:
                            yield rewrite

    def _all_statements(self, only: Any = None) -> list[tuple[str, int, float]]:
        program, found = self.program, set()

        def visit(node: ast.AST, file: str, active: bool) -> None:
            for child in ast.iter_child_nodes(node):
                inner = active
                if isinstance(child, ast.FunctionDef | ast.Lambda):
                    decorators = getattr(child, "decorator_list", [])
                    first = min([child.lineno, *(d.lineno for d in decorators)])
                    inner = only is not None or program.is_searched(file, first)
                    if isinstance(child, ast.Lambda) and inner:
                        found.add((file, child.lineno, 0.0))
                elif active and isinstance(child, ast.stmt) and not isinstance(child, _MUTE):
                    found.add((file, child.lineno, 0.0))
                visit(child, file, inner)

        for unit in program.live_units if only is None else [only]:
            if only is not None or program.searched(unit):
                visit(ast.Module([unit.tree], []), unit.file, False)
        return sorted(found)

    def _statements(self, now: Round, outcome: Any) -> list[tuple[str, int, float]]:
        """Order the statements by evidence, with a weight: 2 explains all, 1 something."""
        everything = self._all_statements()
        if outcome.error is not None and outcome.line is not None:
            file, line = outcome.line
            source = self.program.sources[file]
            inner = [
                n.lineno
                for n in ast.walk(source.tree)
                if isinstance(n, ast.stmt) and n.lineno <= line <= (n.end_lineno or line)
            ]
            at = (file, max(inner, default=line))
            near = [s for s in everything if s[:2] != at]
            near.sort(key=lambda s: (s[0] != file, abs(s[1] - line)))
            heads = [(file, n, 3.0) for n in sorted(inner, reverse=True)
                     if (file, n, 0.0) in everything]  # fmt: skip
            return heads + [(f, n, 1.0) for f, n, _ in near if (f, n) not in {h[:2] for h in heads}]
        ranked: dict[tuple[str, int], tuple[float, ...]] = {}
        for e in now.evidence:
            site = now.recording.sites[e.site]
            key = site.file, site.statement
            full = e.explains > 1 - 1e-6
            plumbing = site.plain or site.role in ("unpacked", "argument")
            first = now.recording.executions[e.site][0].order
            rank = (
                0.0 if full else 1.0,
                -len(e.outputs) if not full else 0.0,
                float(plumbing),
                round(e.rank, 2) if full else -round(e.explains, 2),
                float(first),
            )
            if key not in ranked or rank < ranked[key]:
                ranked[key] = rank
        ordered = sorted(ranked, key=lambda key: ranked[key])
        weighted = [
            (*key, 3.0 if ranked[key][0] == 0 else 2.0 if ranked[key][1] < 0 else 1.0)
            for key in ordered
        ]
        # Statements without a value of their own (loops, conditions): they are few and cheap.
        loops = [s for s in everything if s[:2] not in ranked]
        return weighted + loops

    def _place(self, now: Round, file: str, line: int) -> Place | None:
        source = self.program.sources[file]
        unit = source.unit_at(line)
        if unit is None:
            return None
        statement = next(
            (n for n in ast.walk(unit.tree) if isinstance(n, ast.stmt) and n.lineno == line), None
        )
        if statement is None:
            return None
        around = [
            f for f in _functions(unit.tree) if f.lineno <= line <= (f.end_lineno or f.lineno)
        ]
        function = max(around, key=lambda f: f.lineno, default=unit.tree)
        envs = self._envs(now, file, line, function)
        names = next(
            (f.__globals__ for f in self.program.functions if f.__code__.co_filename == file), {}
        )
        return Place(source, unit, function, statement, envs, names)

    def _envs(self, now: Round, file: str, line: int, function: ast.AST) -> list[dict[str, Any]]:
        """Return the variables at a statement, or at the nearest one after it in its function."""
        last = getattr(function, "end_lineno", line)
        nearest: tuple[int, int] | None = None
        for k, site in enumerate(now.recording.sites):
            if site.file != file or k not in now.recording.executions:
                continue
            if getattr(function, "lineno", 0) <= site.line <= last:
                far = abs(site.statement - line) * 2 + (site.statement < line)
                if nearest is None or far < nearest[0]:
                    nearest = far, k
        if nearest is None:
            return []
        return [execution.env for execution in now.recording.executions[nearest[1]]]

    # Candidates.

    def _filtered(
        self, now: Round, base: Score, found: Iterable[Rewrite], seconds: float = 5.0
    ) -> Iterator[Rewrite]:
        """Leave out what the probes say cannot help."""
        until = time.monotonic() + seconds
        for rewrite in found:
            if self.late() or time.monotonic() > until:
                return
            site = self._site_of(now, rewrite)
            if (
                site is None
                or self._feeds_back(rewrite)
                or self._predicted(now, base, rewrite, site)
            ):
                yield rewrite

    def _feeds_back(self, rewrite: Rewrite) -> bool:
        """Return whether an edit reads a name that depends on its own line one step earlier.

        The probes know the paths of the program as it stands, and this one is new.
        """
        source = self.program.sources[rewrite.file]
        for splice in rewrite.splices:
            old = set(_NAME.findall(source.data[splice.start : splice.end].decode()))
            new = set(_NAME.findall(splice.new)) - old
            if new & _carried(source.tree, rewrite.line):
                return rewrite.cost < 2.6
        return False

    def _unfiltered(
        self, now: Round, base: Score, places: list[Place], seconds: float = 2.0
    ) -> Iterator[Rewrite]:
        """Run what the probes left out: they are exact for values that enter linearly only."""
        until = time.monotonic() + seconds
        for place in places:
            for rewrite in common(place):
                if time.monotonic() > until:
                    return
                site = self._site_of(now, rewrite)
                if site is None or rewrite.cost >= 1.7 or self._feeds_back(rewrite):
                    continue
                if not self._predicted(now, base, rewrite, site):
                    yield rewrite

    def _site_of(self, now: Round, rewrite: Rewrite) -> int | None:
        if now.jacobian is None:
            return None
        start = min(s.start for s in rewrite.splices)
        end = max(s.end for s in rewrite.splices)
        best = None
        for k in now.jacobian.columns:
            site = now.recording.sites[k]
            if site.file != rewrite.file or site.span is None:
                continue
            if site.span[0] <= start <= end <= site.span[1]:
                size = site.span[1] - site.span[0]
                best = (size, k) if best is None else min(best, (size, k))
        return None if best is None else best[1]

    def _deltas(self, now: Round, rewrite: Rewrite, k: int) -> list[Array] | None:
        """Return how an edit inside a site changes its value at each execution."""
        site = now.recording.sites[k]
        assert site.span is not None
        data = self.program.sources[site.file].data
        start, end = site.span
        text = data[start:end]
        for splice in sorted(rewrite.splices, key=lambda s: -s.start):
            text = text[: splice.start - start] + splice.new.encode() + text[splice.end - start :]
        names = next(
            f.__globals__ for f in self.program.functions if f.__code__.co_filename == site.file
        )
        deltas = []
        try:
            code = compile(b"(" + text + b")", "", "eval")
            with np.errstate(all="ignore"):
                for execution in now.recording.executions[k]:
                    value = np.asarray(eval(code, names, execution.env), dtype=float)
                    old = np.asarray(execution.value)
                    deltas.append((np.broadcast_to(value, old.shape) - old).ravel())
        except Exception:
            return None
        return deltas

    def _predicted(self, now: Round, base: Score, rewrite: Rewrite, k: int) -> bool:
        deltas = self._deltas(now, rewrite, k)
        if deltas is None:
            return any(entries is None for entries in base.entries.values())
        assert now.jacobian is not None
        wanted = now.wanted(k)
        if wanted is not None:
            # Before the first wrong value nothing is spoilt, so there the edit must give it.
            n, delta = wanted
            return bool(np.allclose(deltas[n], delta, rtol=1e-5, atol=1e-7 * np.max(np.abs(delta))))
        change = now.jacobian.of(k) @ np.concatenate(deltas)
        outputs = {
            name: np.asarray(now.recording.outputs[name], float)
            + change[rows].reshape(np.shape(now.recording.outputs[name]))
            for name, rows in now.jacobian.rows.items()
        }
        predicted = score_of(outputs, self.cases[0])
        gained = 0
        for name, mine in predicted.entries.items():
            theirs = base.entries[name]
            if mine is None or theirs is None:
                continue
            if np.any(theirs & ~mine):
                return False
            gained += int(np.sum(mine & ~theirs))
        return gained > 0

    def _try(self, rewrite: Rewrite, base: Score) -> tuple[bool, int, int] | None:
        """Run an edit: (complete, outputs gained, entries gained), None where it is no good."""
        program, case = self.program, self.cases[0]
        source = program.sources[rewrite.file]
        unit = source.unit_at(_line_at(source, rewrite.splices[0].start))
        if unit is None:
            return None
        with contextlib.ExitStack() as stack:
            try:
                stack.callback(program.swap(unit, source.compiled(unit, rewrite.splices)))
            except (SyntaxError, ValueError):
                return None
            outcome = program.run(case.inputs, self.limit)
            if outcome.error is not None:
                return None
            now = score(outcome, case)
            gain = now.gain(base)
            if gain <= 0 and len(now.right) < len(case.oracle):
                return None
            if not program.only_in_backward(unit) and not self._same_loss():
                return None
            if len(now.right) == len(case.oracle):
                return (True, 0, 0) if self._confirmed() else None
            return False, len(now.right) - len(base.right), gain

    def _same_loss(self) -> bool:
        return all(
            abs(self.program.value(case.inputs) - case.loss) <= 1e-12 * (1 + abs(case.loss))
            for case in self.cases[:2]
        )

    def _confirmed(self) -> bool:
        """Return whether the program, as it stands, is right on all cases."""
        for case in self.cases[1:]:
            outcome = self.program.run(case.inputs, 20 * self.limit)
            if outcome.error or len(score(outcome, case).right) < len(case.oracle):
                return False
        return self.accepts()

    # Accepting.

    def _install(self, rewrite: Rewrite) -> None:
        source = self.program.sources[rewrite.file]
        self.program.install(rewrite.file, source.edited(rewrite.splices))

    def _step(self, rewrite: Rewrite, now: Round) -> Step:
        texts = {file: source.text for file, source in self.program.sources.items()}
        return Step(rewrite, texts, self._times(rewrite, now))

    def _keep(self, rewrite: Rewrite, now: Round, penalty: float) -> None:
        step = self._step(rewrite, now)
        source = self.program.sources[rewrite.file]
        texts = {**step.texts, rewrite.file: source.edited(rewrite.splices)}
        self.found.append(Found(texts, [*self.steps, step], rewrite.cost + penalty))
        if self.progress:
            self.progress(f"fix: line {rewrite.line}: {rewrite.why}")

    def _times(self, rewrite: Rewrite, now: Round) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the time steps at which an edit changes a value, and all time steps."""
        k = self._site_of(now, rewrite)
        if k is None:
            return (), ()
        deltas = self._deltas(now, rewrite, k)
        times = times_of(now.recording, k)
        if deltas is None or len(times) != len(deltas):
            return (), ()
        changed = {t for t, d in zip(times, deltas, strict=True) if np.any(np.abs(d) > 1e-12)}
        return tuple(sorted(changed)), tuple(sorted(set(times)))


_MUTE = (ast.ClassDef, ast.Import, ast.Pass)
_IN_FORWARD = {"aliasing", "index off by one", "overwritten too early", "carry lost", "wrong order",
               "argument changed", "state between calls"}  # fmt: skip


def _first(item: tuple[tuple[float, ...], Rewrite]) -> tuple[float, ...]:
    return item[0]


_NAME = re.compile(r"[A-Za-z_]\w*")


@lru_cache(maxsize=256)
def _carried(tree: ast.Module, line: int) -> frozenset[str]:
    """Return the names that a line may get from the step before."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.While) and node.lineno < line <= (node.end_lineno or 0):
            found |= {
                inner.id
                for inner in ast.walk(node)
                if isinstance(inner, ast.Name)
                and isinstance(inner.ctx, ast.Store)
                and inner.lineno >= line
            }
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0):
            found |= {a.arg for a in node.args.args if a.arg.startswith(("d", "grad", "g_"))}
    return frozenset(found)


@lru_cache(maxsize=256)
def _functions(tree: ast.AST) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def _line_at(source: Any, place: int) -> int:
    return source.data[:place].count(b"\n") + 1


def times_of(recording: Recording, k: int) -> list[int]:
    """Return the time step of each execution of a site: its loop's variable, or its turn."""
    site: Site = recording.sites[k]
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
    backwards = list(range(len(seen)))[::-1]
    return backwards


__all__ = ["Found", "Round", "Search", "Splice", "Step", "times_of"]
