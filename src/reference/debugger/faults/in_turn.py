"""Several faults mended in the order of running, by exact adjoints alone.

A value of the backward that is none, though all that it is made of is right, is made by a line that
has a fault of its own, whatever is wrong elsewhere. What makes that value an adjoint, and those
that come after it as well, mends the line though no gradient is right yet; then the next value
that is none has its turn. A fault that makes no number wrong, as one of where a number is added,
is left to a search for one fault.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from reference.debugger.repair import Place, Rewrite, common, exchanged, quotients, statements
from reference.debugger.running.program import Program
from reference.debugger.running.recording import Recording, record
from reference.debugger.running.sites import Site
from reference.debugger.running.source import Splice
from reference.debugger.searching import by_operand, by_terms
from reference.debugger.searching.cases import Case, score_of
from reference.debugger.searching.makers import makers
from reference.debugger.searching.places import all_statements, place_at
from reference.debugger.searching.repairs import Found, Step, likeliest
from reference.debugger.searching.round import Round
from reference.debugger.searching.search import Search
from reference.debugger.values.adjoints import Adjoints
from reference.debugger.values.agreement import COMPLETES, KEEPS, MAKES, Agreement

_MOST_FAULTS = 8
_MOST_PASSED = 8  # values that are no adjoints, and that no edit makes one
_EACH = 16  # edits of a line that are run
_LINE = 0.7  # seconds for the edits of a line
_DEAREST = 2.6  # edits that cost more are not tried
_HANDED = 1.5  # seconds for what a line is given
_MOST_MOVED = 4  # lines
_MORE = 2.5  # seconds for the next line, at least, while one after the other is mended
_BETTER = 0.4  # seconds for a better edit than one that makes much right
_SHORTEST = 1.0  # seconds: less is not enough to search
_MOST_CHOICES = 40
_OTHER_NAMES, _HOLLOW = 0.6, 1.2
_NAME = re.compile(r"[A-Za-z_][\w.]*")


Key = tuple[str, int, str, str]


@dataclass
class _Link:
    """An edit that was made in its turn, and others that make as much right."""

    texts: dict[str, str]
    edits: list[Rewrite]
    right: int  # gradients, before it is made


@dataclass
class InTurn:
    """One look for faults in the order of running.

    Parameters
    ----------
    search : Search
        What mends everything is put into its `found`. Its program is left as it was.
    adjoints : Adjoints
    until : float
    rest_until : float
        The end of the search for what is wrong besides, if that is later.
    """

    search: Search
    adjoints: Adjoints
    until: float
    rest_until: float = 0.0
    links: list[_Link] = field(default_factory=list)
    passed: set[tuple[str, int]] = field(default_factory=set)

    @property
    def program(self) -> Program:
        """The program."""
        return self.search.program

    @property
    def case(self) -> Case:
        """The inputs that are looked at."""
        return self.search.cases[0]

    def run(self) -> None:
        """Mend one line after the other, and keep the edits if all is right in the end."""
        before = self.program.texts
        try:
            right = self._mend()
            if right == len(self.case.oracle):
                if len(self.links) > 1:
                    self._keep()
            elif self.links:
                self._search_rest(right)
        finally:
            self.program.restore_texts(before)

    def _mend(self) -> int:
        """Mend one line after the other as far as it goes; return how many gradients are right."""
        while True:
            now = self._look()
            right = 0 if now is None else self._right(now.recording)
            ended = len(self.links) >= _MOST_FAULTS or time.monotonic() > self.until
            if now is None or ended or right == len(self.case.oracle):
                return right
            found = self._next(now)
            if not found:
                return right
            self.links.append(_Link(self.program.texts, found, right))
            self.until = max(self.until, min(self.rest_until, time.monotonic() + _MORE))
            self._install(self.program.texts, found[0])

    def _search_rest(self, right: int) -> None:
        """Search what is wrong besides, once the edits are made that make gradients right."""
        counts = [*(link.right for link in self.links), right]
        useful = counts.index(max(counts))
        until = max(self.until, self.rest_until)
        if not useful or until - time.monotonic() < _SHORTEST:
            return
        links, (last, *_) = self.links[:useful], self.links[useful - 1].edits
        if not self._install(links[-1].texts, last):
            return
        rest = Search(self.program, self.search.cases, until, self.search.accepts, structure=1.0)
        rest.search()
        if rest.found:
            best = likeliest(rest.found)
            steps = [Step(link.edits[0], link.texts, ((), ())) for link in links]
            cost = max(best.cost, *(step.rewrite.cost for step in steps))
            self.search.found.append(replace(best, steps=[*steps, *best.steps], cost=cost))

    def _look(self) -> Round | None:
        recording = record(self.program, self.case.inputs, 3.0)
        if recording.error is not None:
            return None
        now = Round(recording)
        now.agreement = Agreement(self.adjoints, recording, self.program.sources)
        return now

    def _next(self, now: Round) -> list[Rewrite]:
        """Return the edits of the first line that makes something wrong of what is right."""
        assert now.agreement is not None
        asked = False  # what gives the first of them another adjoint than the one it needs
        for key in (*now.agreement.hollow, *now.agreement.doubtful):
            if time.monotonic() > self.until or len(self.passed) > _MOST_PASSED:
                return []
            place = place_at(self.program, now, *key)
            if key in self.passed or place is None:
                continue
            own = itertools.islice(self._edits(now, place), _EACH)
            before = itertools.islice(self._before(now, place), 2 * _EACH)
            handed = iter(()) if asked else by_operand.rewrites(self.program, now, _HANDED)
            moved = self._moved(now, place)
            found = self._best(now, place, itertools.chain(own, before, handed, moved))
            asked = True
            if found:
                return found
            self.passed.add(key)
        return []

    def _edits(self, now: Round, place: Place) -> Iterator[Rewrite]:
        """Give the edits of a line that make its first wrong value an adjoint."""
        assert now.agreement is not None
        until = min(self.until, time.monotonic() + _LINE)
        yield from by_terms.rewrites(now, place)
        making = []
        for rewrite in common(place):
            if time.monotonic() > until or rewrite.cost > _DEAREST:
                break
            if now.change(self.program, rewrite) == MAKES:
                making.append(rewrite)
        yield from self._in_turns(now, place, making)
        yield from self._factors(now, place, until)

    def _in_turns(self, now: Round, place: Place, edits: list[Rewrite]) -> Iterator[Rewrite]:
        """Give edits in such an order that those with other values come first.

        A factor that is zero at the first step does there what no factor does; of all edits with
        the same first value those with no other names are likeliest.
        """
        alike: dict[bytes, list[Rewrite]] = {}
        for rewrite in edits:
            k = now.executed_site_of(rewrite)
            deltas = None if k is None else now.deltas(self.program, rewrite, k)
            first = next((d for d in deltas or () if np.any(d)), np.zeros(0))
            alike.setdefault(np.round(first, 9).tobytes(), []).append(rewrite)
        for several in alike.values():
            several.sort(key=lambda rewrite: _plainness(place, rewrite))
        for some in itertools.zip_longest(*alike.values()):
            yield from (rewrite for rewrite in some if rewrite is not None)

    def _factors(self, now: Round, place: Place, until: float) -> Iterator[Rewrite]:
        assert now.agreement is not None
        for k, of_site in now.agreement.at_sites.items():
            site = now.recording.sites[k]
            if (site.file, site.statement) != (place.source.file, place.statement.lineno):
                continue
            pair = next((p for p in place.nodes if place.source.span(p[0]) == site.span), None)
            if False not in of_site or pair is None or time.monotonic() > until:
                continue
            execution = now.recording.executions[k][of_site.index(False)]
            value = np.asarray(execution.value, dtype=float)
            wanted = now.agreement.lacking(value.shape)
            made = quotients.rewrites(place, *pair, value, wanted, execution.env, most=2)
            for rewrite in made:
                if time.monotonic() > until:
                    return
                yield rewrite

    def _before(self, now: Round, place: Place) -> Iterator[Rewrite]:
        """Give the edits of what a line reads: what lacks a part is right as far as it goes."""
        until = min(self.until, time.monotonic() + _LINE)
        for other in self._makers(now, place):
            found = (
                rewrite
                for rewrite in common(other)
                if rewrite.cost <= _DEAREST
                and now.change(self.program, rewrite) in (COMPLETES, KEEPS)
            )
            for rewrite in itertools.islice(found, _EACH // 2):
                if time.monotonic() > until:
                    return
                yield rewrite

    def _makers(self, now: Round, place: Place) -> Iterator[Place]:
        around = [
            other
            for file, line, _ in all_statements(self.program)
            if (other := place_at(self.program, now, file, line)) is not None
        ]
        return makers(place, around)

    def _moved(self, now: Round, place: Place) -> Iterator[Rewrite]:
        """Give the line, and those that write what it reads, at other places."""
        until = min(self.until, time.monotonic() + _LINE)
        for other in itertools.islice(
            itertools.chain([place], self._makers(now, place)), _MOST_MOVED
        ):
            for family in (exchanged.rewrites, statements.rewrites):
                for rewrite in itertools.islice(family(other), _EACH):
                    if time.monotonic() > until:
                        return
                    if len(rewrite.splices) > 1:  # taken away, and put elsewhere
                        yield rewrite

    def _best(self, now: Round, place: Place, edits: Iterable[Rewrite]) -> list[Rewrite]:
        """Return the edit with which values are right for longest, and others that do the same."""
        assert now.agreement is not None
        sites = now.recording.sites
        silent = {_key(sites[k]) for k in now.agreement.silent}
        skipped = self._skipped(now.recording, silent)
        reached, first = now.agreement.ahead(skipped), now.agreement.first_wrong(skipped)
        right = self._right(now.recording)
        best: tuple[int, int] = (right, reached + 1)
        found: list[Rewrite] = []
        run: set[tuple[Splice, ...]] = set()
        until = self.until
        for rewrite in edits:
            if time.monotonic() > until:
                break
            if rewrite.splices in run:
                continue
            run.add(rewrite.splices)
            after = self._after(rewrite)
            if after is None or after.score <= now.agreement.score:
                continue
            reach = (
                self._right(after.recording),
                after.ahead(self._skipped(after.recording, silent)),
            )
            if reach < best or reach[0] < right:
                continue
            if reach == (right, reached + 1) and not (
                first and _is_new(now.agreement, after, _key(sites[first[0]]), first[1])
            ):
                continue
            if reach > best:
                found = []
            if after.score > now.agreement.score + now.agreement.wrong:  # about half is right by it
                until = min(until, time.monotonic() + _BETTER)
            best = reach
            found.append(rewrite)
            if reach[0] == len(self.case.oracle):
                break
        return sorted(found, key=lambda rewrite: _plainness(place, rewrite))

    def _right(self, recording: Recording) -> int:
        return len(score_of(recording.outputs, self.case).right)

    def _skipped(self, recording: Recording, silent: set[Key]) -> set[int]:
        """Return the sites whose values need be no adjoints: of lines that were passed, slopes."""
        return {
            k
            for k, site in enumerate(recording.sites)
            if (site.file, site.statement) in self.passed or _key(site) in silent
        }

    def _after(self, rewrite: Rewrite) -> Agreement | None:
        before = self.program.texts
        try:
            if not self._install(before, rewrite):
                return None
            recording = record(self.program, self.case.inputs, 2.0, around=False)
            after = Agreement(self.adjoints, recording, self.program.sources)
            return None if recording.error else after
        finally:
            self.program.restore_texts(before)

    def _install(self, texts: dict[str, str], rewrite: Rewrite) -> bool:
        try:
            self.program.restore_texts(texts)
            source = self.program.sources[rewrite.file]
            self.program.install(rewrite.file, source.edited(rewrite.splices))
        except (SyntaxError, ValueError):
            return False
        return True

    def _keep(self) -> None:
        """Keep the edits if all is right on other inputs too; the last may be one of several."""
        last = self.links[-1]
        for edit in last.edits[:_MOST_CHOICES]:
            if self._install(last.texts, edit) and self.search.confirmed(self.search.cases):
                chosen = [*(link.edits[0] for link in self.links[:-1]), edit]
                steps = [
                    Step(one, link.texts, ((), ()))
                    for one, link in zip(chosen, self.links, strict=True)
                ]
                cost = max(one.cost for one in chosen)
                self.search.found.append(Found(self.program.texts, steps, cost))
                return
            if time.monotonic() > self.until:
                return


def _plainness(place: Place, rewrite: Rewrite) -> float:
    """Return what an edit costs, more if it brings in other names, or what is zero at first."""
    known = set(_NAME.findall(place.text(place.statement)))
    names = {name for splice in rewrite.splices for name in _NAME.findall(splice.new)}
    values = (place.value(name, place.envs[0]) for name in names if place.envs)
    hollow = any(isinstance(value, np.ndarray) and not np.any(value) for value in values)
    return rewrite.cost + (_HOLLOW if hollow else _OTHER_NAMES if names - known else 0.0)


def _key(site: Site) -> Key:
    """Return what a site is known by when another edit has given it another number."""
    return site.file, site.statement, site.name, site.role


def _is_new(before: Agreement, after: Agreement, key: Key, turn: int) -> bool:
    """Return whether a value that was wrong is an adjoint now that nothing else has been.

    Of an adjoint that stands elsewhere already, only what is made of it tells whether it is the
    right one.
    """
    sites = after.recording.sites
    k = next((k for k in after.recording.executions if _key(sites[k]) == key), None)
    seen = [] if k is None else after.recording.executions[k]
    return turn < len(seen) and not before.has_made(seen[turn].value)
