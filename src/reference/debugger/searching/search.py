"""The search: order the lines by evidence, try the catalogue on them, one fault after another."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from operator import itemgetter

import numpy as np

from reference.debugger.diagnosis import Suspect
from reference.debugger.repair import Rewrite, common, rich
from reference.debugger.running.program import Outcome, Program
from reference.debugger.running.recording import record
from reference.debugger.running.source import Splice
from reference.debugger.running.timebox import for_seconds
from reference.debugger.searching import (
    added_later,
    by_adjoints,
    by_groups,
    by_operand,
    candidates,
    guards,
    known_value,
    quick,
    repairs,
    structure,
    trial,
    wanted,
)
from reference.debugger.searching.beside import Beside
from reference.debugger.searching.cases import Case, Score, score
from reference.debugger.searching.patience import Patience
from reference.debugger.searching.places import ordered_statements, places_of
from reference.debugger.searching.repairs import Found, Ranked, Step, Weighed, likeliest, made_of
from reference.debugger.searching.round import Round, probed
from reference.debugger.values.adjoints import Adjoints
from reference.debugger.values.agreement import Agreement
from reference.debugger.values.divided import adjoints_of_sum

_MOST_FAULTS = 8
_QUICK = (*quick.NAMES, "handed on", "structure", "lacking")  # these say nothing of other lines
_LINES = ("alone", "adjoints", "guards")
_MOST_BEGINNINGS = 3
_FIRST_LINES = 2  # after these whatever no value tells of is tried, before those that follow
_STRUCTURE = 2.5  # seconds for edits that no line's value tells of
_PLAIN, _FAR_FETCHED = 1.4, 1.8  # what costs more is looked for on, though all is right with it
_TELLING = 0.05  # of the wrong entries, the part that an edit must mend to be worth anything


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
    several : callable, optional
        Is asked once, where no line alone explains all: looks for several faults at once.
    beside : Beside, optional
        A second search, for several faults; what it finds ends this one.
    apart : list of Step
        What it finds edits of, where it does not of all.
    standing : list of Suspect
        What it finds no edit of.
    structure : float
        Seconds that are left for edits of blocks, orders and copies.
    short : bool
        Whether the cases are too few, or of too few steps, for a right value to be no chance.
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
    several: Callable[[Search], None] | None = None
    beside: Beside | None = None
    apart: list[Step] = field(default_factory=list)
    standing: list[Suspect] = field(default_factory=list)
    structure: float = _STRUCTURE
    short: bool = False
    broken: list[Exception] = field(default_factory=list)  # faults of ours, one sort of edits each
    patience: Patience = field(default_factory=Patience)
    _refused: set[tuple[Splice, ...]] = field(default_factory=set)
    _known: list[Adjoints | None] = field(default_factory=list)  # once they have been asked for

    def spent(self) -> bool:
        """Return whether the time is up; a repair that is known may be made simpler till then."""
        return time.monotonic() > self.until

    def late(self) -> bool:
        """Return whether the time is up, or a repair is known, or known from elsewhere."""
        beside, first = self.beside, self.first
        # A second search has mended several faults, and one is not enough.
        elsewhere = bool(beside and first and beside.has_found() and not first.explained)
        known = bool(self.found) and self.patience.is_over(repairs.least_cost(self.found))
        return elsewhere or known or self.spent()

    def search(self) -> None:
        """Repair the program as far as it goes; leaves it as repaired in memory."""
        originals = self.program.texts
        best: list[Step] = []
        for _ in range(_MOST_BEGINNINGS):
            self._follow()
            best = max(best, self.steps, key=len)
            if self.found or self.late() or not self.steps:
                break
            # It led nowhere: begin again with another edit than the first.
            self._refused.add(self.steps[0].rewrite.splices)
            self.steps = []
            self.program.restore_texts(originals)
        if not self.found:
            self.steps = list(itertools.takewhile(lambda step: step.telling, best))

    def _follow(self) -> None:
        """Accept one edit after another until all is right or none helps."""
        case = self.cases[0]
        for _ in range(_MOST_FAULTS):
            start = time.monotonic()
            outcome = self.program.run(case.inputs, self.limit)
            self.limit = max(0.5, 50 * (time.monotonic() - start))
            base = score(outcome, case)
            if len(base.right) == len(case.oracle) and self.confirmed(self.cases[1:] or self.cases):
                if self.steps and not self.found:
                    self.found.append(made_of(self.steps, self.program))
                return
            step = self._step_from(outcome, base)
            if step is None or self.late():
                return
            self.steps.append(step)
            if self.found:
                return

    def _step_from(self, outcome: Outcome, base: Score) -> Step | None:
        now = Round(record(self.program, self.cases[0].inputs, 3.0))
        given = self.program, self.cases[0], now, base, self.short, self.adjoints, outcome.error
        first = quick.stages(*given)  # where it raises, all that runs would seem a gain
        part: list[Ranked] = []  # taken where nothing mends all
        step = self.round(now, first, base, part, complete=True)
        all_right = len(base.right) == len(self.cases[0].oracle)
        if not self._is_plain() and not (step and all_right):
            step = self._handed_on(now, outcome, base) or step
        if step is None and outcome.error is None:
            step = self.round(now, iter(()), base, part)
        if step is not None and (self._is_plain() or not self.found or all_right):
            return step
        if self.beside is not None and outcome.error is None:
            self.beside.begin()
        now = probed(self.program, self.cases[0], base, self.until, self.adjoints())
        self.first = self.first or now
        ordered = ordered_statements(self.program, now, outcome)
        self.order = self.order or [statement[:2] for statement in ordered]
        places, partial = places_of(self.program, now, ordered), []
        if step is None and not outcome.error and not now.explained:
            step = self.round(now, self._structure(now), base, [])
            if step is not None and (self._is_plain() or not self.found):
                return step
        several = None if self.found else self._by_several(now, outcome)
        step = several or self.round(now, self._stages(now, places, base), base, partial) or step
        far_fetched = min((found.cost for found in self.found), default=0.0) > _FAR_FETCHED
        if far_fetched and not self.program.shared_too:
            shared = candidates.of_shared(self.program, self.cases[0])  # what it keeps may be wrong
            step = self.round(now, iter([("shared", for_seconds(shared, 2.0))]), base, []) or step
        return (
            step
            or (self._group(now, base) if self.short else None)  # of few steps numbers say less
            or self._advance(now, places)
            or self._group(now, base)
            or self.round(now, self._partly(now, places, base), base, partial)
            or self.round(now, self._rest(places), base, partial, whole=False)
        )

    def _by_several(self, now: Round, outcome: Outcome) -> Step | None:
        """Look for several faults at once, where the probes say that one is not enough."""
        if self.several is None or outcome.error or now.explained:
            return None
        several, self.several = self.several, None
        started = time.monotonic()
        several(self)
        self.until += 0.7 * (time.monotonic() - started)  # a look for one after the other stays
        return self.found[0].steps[-1] if self.found else None

    def _is_plain(self) -> bool:
        """Return whether a repair is known that is not far-fetched."""
        return min((found.cost for found in self.found), default=np.inf) <= _PLAIN

    def _handed_on(self, now: Round, outcome: Outcome, base: Score) -> Step | None:
        """Look for what gives the first wrong line another adjoint than the one it needs."""
        adjoints = self.adjoints() if outcome.error is None else None
        if adjoints is None:
            return None
        now.agreement = Agreement(adjoints, now.recording, self.program.sources)
        found = by_operand.rewrites(self.program, now, 2.5)
        return self.round(now, iter([("handed on", found)]), base, [], complete=True)

    def adjoints(self) -> Adjoints | None:
        """Return what the loss says of every number; the loss stays what it is."""
        if not self._known:
            left = min(3.0, max(0.3, (self.until - time.monotonic()) / 4))
            self._known.append(adjoints_of_sum(self.program, self.cases[0].inputs, left))
        return self._known[0]

    def round(
        self,
        now: Round,
        stages: Iterator[tuple[str, Iterable[Rewrite]]],
        base: Score,
        partial: list[Ranked],
        whole: bool = True,
        complete: bool = False,
    ) -> Step | None:
        """Try edits; return the best that mends all, else one that mends `whole` outputs or more.

        If `complete`, only the former: that is kept in `found`, and the other is made in memory.
        """
        best_cost, after = np.inf, 0
        for stage, rewrites in stages:
            for rewrite in trial.unbroken(rewrites, self.broken):
                if self.late():
                    break
                if rewrite.cost > best_cost + 0.7 - 0.4 * after:
                    continue
                verdict = self._try(rewrite, base)
                if verdict is None:
                    continue
                if verdict.all:
                    self._keep(rewrite, now, 0.1 * after)
                    best_cost = min(best_cost, rewrite.cost)
                    if len(self.found) >= 6:
                        break
                elif verdict.outputs <= 0 and verdict.entries < _TELLING * base.wrong:
                    continue  # a few entries are right by luck
                elif stage != "lookup" and (self.steps or rewrite.splices not in self._refused):
                    order = (-verdict.outputs, rewrite.cost - 0.002 * verdict.entries)
                    partial.append((order, rewrite))
            likely = any(found.cost <= _FAR_FETCHED for found in self.found)
            if likely and stage not in _QUICK:  # the next lines may have a simpler mend
                after += (0.5 if stage in _LINES else 1) * (1 if best_cost < 1.5 else 0.4)
            if self.late() or after > 2 or (self.found and stage in ("any", "shared")):
                break
            if stage == "some" and partial and min(partial, key=itemgetter(0))[0][0] < 0:
                break  # a line that the probes name mends whole outputs: take it, and go on
        if self.found:
            return likeliest(self.found).steps[-1]
        # Where nothing ran, much may be right that was made before: little of it tells anything.
        few = sum(near is None for near in base.entries.values()) / 2
        for (outputs, _), rewrite in () if complete else sorted(partial, key=itemgetter(0)):
            if whole and outputs >= 0:
                break
            if step := self._accepted(rewrite, now, telling=outputs < -few):
                return step
        return None

    def _accepted(self, rewrite: Rewrite, now: Round, telling: bool = True) -> Step | None:
        """Make an edit in memory; None where the file with it is none."""
        step = replace(self._step(rewrite, now), telling=telling)
        source = self.program.sources[rewrite.file]
        try:
            self.program.install(rewrite.file, source.edited(rewrite.splices))
        except (SyntaxError, ValueError):
            return None
        return step

    def _advance(self, now: Round, places: list[Weighed]) -> Step | None:
        """Make the edit with which more numbers of the backward are adjoints of the loss."""
        if now.agreement is None or self.late():
            return None
        lines = [place for place, _ in places]
        found = by_adjoints.agreeing(self.program, now, lines, 4.0, more=True)
        best = by_adjoints.advance(self.program, self.cases[0], now, found)
        if best is None or (best.splices in self._refused and not self.steps):
            return None
        return self._accepted(best, now)

    def _group(self, now: Round, base: Score) -> Step | None:
        """Make one of two or three edits that only together make a gradient right."""
        refused = set() if self.steps else self._refused
        edit = by_groups.edit(self.program, now, base, refused, self.late)
        return None if edit is None else self._accepted(edit, now)

    def _stages(
        self, now: Round, places: list[Weighed], base: Score
    ) -> Iterator[tuple[str, Iterable[Rewrite]]]:
        """Give what is tried in the order of the evidence, line by line."""
        alone = [place for place, weight in places if weight >= 3]
        some = [place for place, weight in places if 2 <= weight < 3]
        lines = [place for place, _ in places]
        yield "adjoints", by_adjoints.agreeing(self.program, now, lines, 2.0, late=self.late)
        yield "guards", guards.rewrites(now, lines)
        for n, place in enumerate(alone[:10]):
            yield "structure", structure.at(place)
            few = sum(rewrite.cost <= _PLAIN for rewrite in common(place))  # they are the first
            yield "alone", self._filtered(now, base, common(place)[:few])
            yield "alone", wanted.rewrites(self.program, now, place)
            yield "alone", self._filtered(now, base, common(place)[few:])
            if n == min(_FIRST_LINES, len(alone) - 1):
                yield "lacking", added_later.lacking(self.program, now, alone[:4], 1.5)
            if n == _FIRST_LINES and now.explained:
                yield from self._structure(now)
        for place in alone[:3] if now.explained else ():
            found = known_value.by_course(self.program, self.cases[0].inputs, now, place)
            yield "alone", for_seconds(found, 1.5)
        for place in alone[:3]:
            yield "alone", self._filtered(now, base, rich(place), 1.5)
        yield "alone", candidates.left_out(self.program, self.cases[0], now, base, alone[:4])
        yield "alone", candidates.of_insertions(self.program, now, alone[:3], 2.0)
        if now.explained and len(alone) <= _FIRST_LINES:
            yield from self._structure(now)
        for place in some[:3]:
            yield "some", self._filtered(now, base, common(place), 2.0)
        yield "siblings", for_seconds(candidates.of_siblings(self.program, now), 2.0)
        yield "siblings", candidates.of_carries(self.program, now, 1.5)

    def _structure(self, now: Round) -> Iterator[tuple[str, Iterable[Rewrite]]]:
        """Give edits of how the program is put together, of which no line's value tells."""
        if self.structure > 0 and not self._is_plain():
            started = time.monotonic()
            found = structure.rewrites(self.program, self.cases[0], now)
            near = itertools.takewhile(self._is_no_dearer, found)
            yield "structure", for_seconds(near, self.structure)
            self.structure -= time.monotonic() - started

    def _is_no_dearer(self, rewrite: Rewrite) -> bool:
        """Return whether an edit is about as likely as what has been found: those come in order."""
        return rewrite.cost <= min((found.cost for found in self.found), default=np.inf) + 0.25

    def _partly(
        self, now: Round, places: list[Weighed], base: Score
    ) -> Iterator[tuple[str, Iterable[Rewrite]]]:
        """Give what is tried on lines that explain some outputs, where no pair explains all."""
        some = [place for place, weight in places if 2 <= weight < 3]
        for place in some[3:8]:
            yield "some", self._filtered(now, base, common(place), 2.0)
        for place in some[:2]:
            yield "some", self._filtered(now, base, rich(place), 1.0)
        yield "some", candidates.of_insertions(self.program, now, some[:3], 2.0)

    def _rest(self, places: list[Weighed]) -> Iterator[tuple[str, Iterable[Rewrite]]]:
        """Give what is tried where the evidence has led nowhere."""
        others = (place for place, weight in places if weight < 3)
        yield "any", candidates.cheapest(others, self.until - time.monotonic())
        yield "shared", candidates.of_shared(self.program, self.cases[0])

    def _filtered(
        self, now: Round, base: Score, found: Iterable[Rewrite], seconds: float = 4.0
    ) -> Iterator[Rewrite]:
        """Leave out what the probes say cannot help."""
        until = time.monotonic() + seconds
        for rewrite in found:
            if self.late() or time.monotonic() > until:
                return
            if now.may_help(self.program, self.cases[0], base, rewrite):
                yield rewrite

    def _try(self, rewrite: Rewrite, base: Score) -> trial.Gained | None:
        return trial.of(rewrite, self.program, self.cases, base, self.limit, self.accepts)

    def confirmed(self, cases: list[Case]) -> bool:
        """Return whether the program, as it stands, is right on some cases."""
        return trial.is_right(self.program, cases, self.limit) and self.accepts()

    def _step(self, rewrite: Rewrite, now: Round) -> Step:
        return Step(rewrite, self.program.texts, now.times(self.program, rewrite))

    def _keep(self, rewrite: Rewrite, now: Round, penalty: float) -> None:
        step = self._step(rewrite, now)
        source = self.program.sources[rewrite.file]
        texts = {**step.texts, rewrite.file: source.edited(rewrite.splices)}
        more = by_adjoints.plausible(self.program, now, rewrite, self.adjoints())
        cost = rewrite.cost + penalty + more
        wrong = by_adjoints.left_wrong(self.program, self.cases[0], now, rewrite)
        if cost < min((found.cost for found in self.found), default=np.inf):
            self.patience.note()
        self.found.append(Found(texts, [*self.steps, step], cost, wrong, max(0.0, -more)))
        if self.progress:
            self.progress(f"fix: line {rewrite.line}: {rewrite.why}")
