"""Several faults mended one by one: each line alone, while values stand in for all others.

`Apart` says what the lines at fault should have had. With these values in the places of all but one
of them, this one is the only fault that is left, and is searched as such.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from reference.debugger.answering.by_evidence import suspect_of
from reference.debugger.diagnosis import Suspect
from reference.debugger.faults.apart import Apart
from reference.debugger.faults.in_turn import InTurn
from reference.debugger.faults.layers import NONE, Layers, Standing
from reference.debugger.faults.stand_ins import without
from reference.debugger.naming.kinds_by_numbers import Numbers
from reference.debugger.repair import Rewrite, common
from reference.debugger.running.program import Program
from reference.debugger.running.recording import record
from reference.debugger.running.sites import Site
from reference.debugger.searching.by_adjoints import writers
from reference.debugger.searching.cases import score
from reference.debugger.searching.known_value import Known, known
from reference.debugger.searching.places import all_statements, place_at
from reference.debugger.searching.repairs import Found, Step
from reference.debugger.searching.search import Search
from reference.debugger.texts.tidy import original_line
from reference.debugger.values.given import Course

_ROUNDS = 4
_PART = 0.3  # of the time, if another search waits for it
_LONGEST = 30.0  # seconds, however long a search may take: then short sequences may say more
_TO_TELL = 0.4  # of this, the part for telling faults apart
_IN_TURN = 0.5  # of the time, the part for mending one after the other
_REST = 0.8  # of the time, if something is wrong besides
_EACH = 1.5  # seconds for the edits of a line whose right value is known
_SHORTEST = 1.0  # seconds: less is not enough to search
_OTHERS = 4  # edits that do the same on the first inputs
_MOST_CHOICES = 200
_PLAIN = 1.8  # what costs more is not tried there


def told_apart(search: Search, end: float, part: float = _PART) -> None:
    """Look for several faults in a part of the time that is left, and leave the program as it is.

    With fewer faults more can be told: once some lines are mended, the others are looked at again.
    """
    until = time.monotonic() + min(_LONGEST, part * (end - time.monotonic()))
    before, steps = search.program.texts, list(search.steps)
    search.found = _in_turn(search, until)
    if search.found:
        return
    without_edit: set[tuple[object, ...]] = set()
    try:
        for _ in range(_ROUNDS):
            several = Several(search, until, steps, without_edit)
            several.run()
            texts = several.layers.made(several.layers.chosen)
            if search.found or not several.layers.edits or texts is None or several.late():
                break
            steps = [*steps, *several.layers.steps()]
            search.program.restore_texts(texts)
    finally:
        search.program.restore_texts(before)


def _in_turn(search: Search, until: float) -> list[Found]:
    """Return what mends all, one line after the other; `search` is left as it is."""
    adjoints = search.adjoints()
    if adjoints is None:
        return []
    now = time.monotonic()
    with contextlib.suppress(Exception):  # a fault of ours: the rest is looked for all the same
        InTurn(search, adjoints, now + _IN_TURN * (until - now), now + _REST * (until - now)).run()
    found, search.found = search.found, []
    return found


@dataclass
class Several:
    """One look for several faults, and for an edit of each.

    Parameters
    ----------
    search : Search
        What mends everything is put into its `found`; else what is known into `apart` and
        `standing`. Its program is left as it was.
    until : float
    before : list of Step
        The edits that led to the program as it is.
    without_edit : set
        Sites that nothing was found for when all else was right, and is not looked for again.
    standing : dict
        The lines that no edit is known of, by their sites, with what they should give.
    """

    search: Search
    until: float
    before: list[Step]
    without_edit: set[tuple[object, ...]] = field(default_factory=set)
    standing: dict[int, tuple[Site, Course]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.layers = Layers(self.program)

    @property
    def program(self) -> Program:
        """The program."""
        return self.search.program

    def late(self) -> bool:
        """Return whether the time is up."""
        return time.monotonic() > self.until

    def run(self) -> None:
        """Tell the faults apart and mend what can be; by a search only where nothing else can."""
        adjoints = self.search.adjoints()
        if adjoints is None:
            return
        now = time.monotonic()
        end = now + _TO_TELL * (self.until - now)
        apart = Apart(self.program, self.search.cases[0], adjoints, end)
        seen = apart.search()
        if seen is None:
            return
        self.adjoints, self.equals, self.sites = apart.summed, apart.equals, seen.recording.sites
        self.standing = {k: (self.sites[k], course) for k, course in apart.given.items()}
        order = {k: seen.recording.executions[k][0].order for k in self.standing}
        try:
            with self.layers.stand_ins:
                self.right = self._right_with(self.standing)
                for k in sorted(self.standing, key=order.__getitem__):
                    if not self.late():
                        self._mend(k)
                self._drop_needless()
                if not self.layers.edits:
                    self._mend_by_search()
                    self._drop_needless()
                if not self.standing and self.right == self.search.cases[0].oracle.keys():
                    self._keep()
                whole = self.right == self.search.cases[0].oracle.keys()
                if not self.search.found and (
                    whole or len(self.before) + len(self.layers.edits) > 1
                ):
                    self.search.apart = [*self.before, *self.layers.steps()]
                    self.search.standing = list(self._suspects())
        finally:
            sources = self.layers.sources
            self.program.restore_texts({file: source.text for file, source in sources.items()})

    def _right_with(self, standing: Standing) -> frozenset[str]:
        return self._right() if self.layers.install(standing) else frozenset()

    def _right(self) -> frozenset[str]:
        case = self.search.cases[0]
        return score(self.program.run(case.inputs, self.search.limit), case).right

    def _without(self, k: int) -> dict[int, tuple[Site, Course]]:
        return {q: at for q, at in self.standing.items() if q != k}

    def _drop_needless(self) -> None:
        """Take away stand-ins that change no gradient any more, now that other lines are mended."""
        for k in list(self.standing):
            if self._right_with(self._without(k)) >= self.right:
                del self.standing[k]

    def _mend(self, k: int) -> None:
        """Mend a line of which the right value is known, while the others have stand-ins.

        Or another line, of which as much is right with another value.
        """
        site = self.standing[k][0]
        once = dict(reversed(self.equals[k])) | {k: self.standing[k][1]}
        new = [q for q in once if self._key(q) not in self.without_edit]
        if not new or not self.layers.install(self._without(k)):
            return
        # Where nothing is wrong without its value either, no gradient tells what the line gives.
        exact = self._right() >= self.right
        until = min(self.until, time.monotonic() + _EACH)
        found: list[Rewrite] = []
        for q in sorted(new, key=lambda q: q != k):
            found = self._edits(self.sites[q], once[q], exact, until)
            if found or time.monotonic() > until:
                break
        if not found and not exact and k in new:
            found = self._edits_before(site, self.standing[k][1])
        if found:
            self.layers.edits.append(tuple(found))
            del self.standing[k]
        else:
            self.without_edit |= {self._key(q) for q in new}

    def _key(self, k: int) -> tuple[object, ...]:
        site = self.sites[k]
        return site.file, site.function, site.name, site.role, self._text(site)

    def _text(self, site: Site) -> bytes:
        return b"" if site.span is None else self.layers.sources[site.file].data[slice(*site.span)]

    def _edits(self, site: Site, course: Course, exact: bool, until: float) -> list[Rewrite]:
        """Return the edits of a line with which as much is right as with its stand-in."""
        line = self._known(site, course)
        if line is None:
            return []
        return self._that_mend(line.edits(self.program, self.adjoints, until, exact), until)

    def _edits_before(self, site: Site, course: Course) -> list[Rewrite]:
        """Return the edits of the lines that write what a line reads, if the fault is there.

        What they give may be right by its numbers, and stand in the wrong place.
        """
        line = self._known(site, course)
        if line is None:
            return []
        around = [
            place
            for file, number, _ in all_statements(self.program)
            if (place := place_at(self.program, line.now, file, number)) is not None
        ]
        near = sorted(
            writers(line.place, around),
            key=lambda place: abs(place.statement.lineno - line.place.statement.lineno),
        )
        until = min(self.until, time.monotonic() + 0.5 * _EACH)
        edits = (edit for place in near for edit in common(place) if edit.cost < _PLAIN)
        return self._that_mend(edits, until)

    def _that_mend(self, edits: Iterable[Rewrite], until: float) -> list[Rewrite]:
        found: list[Rewrite] = []
        for rewrite in edits:
            if time.monotonic() > until or len(found) > _OTHERS:
                break
            if self._mends(rewrite):
                original = self.layers.in_original(self.program.texts, rewrite)
                if original is not None:
                    found.append(original)
                    until = min(until, time.monotonic() + 0.2)
        return found

    def _known(self, site: Site, course: Course) -> Known | None:
        inputs = self.search.cases[0].inputs
        sites = record(self.program, inputs, 2.0, around=False).sites
        k = self.layers.number(site, sites)
        return None if k is None else known(self.program, inputs, k, course)

    def _mends(self, rewrite: Rewrite) -> bool:
        source = self.program.sources[rewrite.file]
        try:
            self.program.install(rewrite.file, source.edited(rewrite.splices))
        except (SyntaxError, ValueError):
            return False
        try:
            return self._right() >= self.right
        finally:
            self.program.install(rewrite.file, source.text)

    def _mend_by_search(self) -> None:
        """Search what has no simple edit like any other program.

        First what is wrong besides the lines with stand-ins, then these lines, then each alone.
        """
        if self.right != self.search.cases[0].oracle.keys():
            self.layers.install(self.standing)
            self._search_alone(0.4)
            self.right = self._right_with(self.standing)
        if not self.standing or self.layers.edits:
            return
        several = len(self.standing) > 1
        if self.layers.install(NONE) and self._search_alone(0.7 if several else 1.0):
            self.standing = {}
        for n, k in enumerate(list(self.standing) if several else ()):
            if self.layers.install(self._without(k)) and self._search_alone(1 / (n + 1)):
                del self.standing[k]

    def _search_alone(self, part: float) -> bool:
        """Search the program as it stands, in a part of the time that is left."""
        left = part * (self.until - time.monotonic())
        if left < _SHORTEST:
            return False
        until = time.monotonic() + left
        alone = Search(self.program, self.search.cases[:1], until, progress=self.search.progress,
                       structure=0.0, short=True)  # fmt: skip
        alone.search()
        found = min(alone.found, key=lambda found: found.cost, default=None)
        before = len(self.layers.edits)
        for step in found.steps if found is not None else alone.steps:
            edit = self.layers.in_original(step.texts, step.rewrite)
            if edit is None:
                del self.layers.edits[before:]
                return False
            self.layers.edits.append((edit,))
        return found is not None

    def _keep(self) -> None:
        """Keep a choice of edits with which all is right on other inputs too."""
        counts = (range(len(edits)) for edits in self.layers.edits)
        choices = list(itertools.islice(itertools.product(*counts), 20 * _MOST_CHOICES))
        for choice in sorted(choices, key=sum)[:_MOST_CHOICES]:
            chosen = [edits[n] for n, edits in zip(choice, self.layers.edits, strict=True)]
            texts = self.layers.made(chosen)
            if texts is None:
                continue
            self.program.restore_texts(texts)
            if self.search.confirmed(self.search.cases):
                self.layers.edits = [(edit,) for edit in chosen]
                steps = [*self.before, *self.layers.steps()]
                cost = max(step.rewrite.cost for step in steps)
                self.search.found.append(Found(texts, steps, cost))
            if self.search.found or self.late():
                return

    def _suspects(self) -> Iterator[Suspect]:
        """Give the lines that no edit is known of, each as the only one at fault."""
        inputs = self.search.cases[0].inputs
        for k, (site, course) in self.standing.items():
            line = self._known(site, course) if self.layers.install(self._without(k)) else None
            if line is None:
                continue
            held = self.program.texts
            texts = {file: without(text) for file, text in held.items()}
            numbers = Numbers(self.program, inputs, line.now, held, time.monotonic() + _EACH)
            at, (evidence,) = line.place.statement.lineno, line.now.evidence
            said = numbers.of(site.file, at, evidence)
            suspect = suspect_of(line.now, inputs, texts, site.file, at, evidence, said)
            original = original_line(self.layers.sources[site.file].text, texts[site.file], at)
            yield replace(suspect, line=original, should_be=_without(suspect.should_be))


def _without(fragment: str) -> str:
    """Return a line without stand-ins; nothing where it is no whole statement."""
    try:
        return without(fragment)
    except SyntaxError:
        return ""
