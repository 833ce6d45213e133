"""A text with edits and stand-ins, in any choice: each is kept in places of the original."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from reference.debugger.faults.stand_ins import StandIns, without
from reference.debugger.repair import Rewrite
from reference.debugger.running.program import Program
from reference.debugger.running.sites import Site
from reference.debugger.running.source import Source, Splice
from reference.debugger.searching.repairs import Step
from reference.debugger.texts import overlay
from reference.debugger.values.given import Course

Texts = dict[str, str]
Standing = Mapping[int, tuple[Site, Course]]  # by their numbers in the original text
Edits = tuple[Rewrite, ...]  # of the original text: the first counts, others do the same

NONE: Standing = {}


@dataclass
class Layers:
    """A program as it was found, the edits that are known, and which stand-ins are in place.

    Parameters
    ----------
    program : Program
    edits : list of tuple of Rewrite
    """

    program: Program
    edits: list[Edits] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sources = dict(self.program.sources)
        self.stand_ins = StandIns(self.program)
        self._installed: Standing = NONE

    @property
    def chosen(self) -> list[Rewrite]:
        """The first edit of each line."""
        return [edits[0] for edits in self.edits]

    def made(self, edits: Iterable[Rewrite], standing: Standing = NONE) -> Texts | None:
        """Return the texts with edits and stand-ins, None where these overlap."""
        texts = {}
        for file, source in self.sources.items():
            splices = [s for edit in edits if edit.file == file for s in edit.splices]
            splices += self.stand_ins.splices(source, standing)
            text = overlay.made(source.data, splices)
            if text is None:
                return None
            texts[file] = text
        return texts

    def install(self, standing: Standing) -> bool:
        """Make the edits and put stand-ins in place; return whether they go together."""
        texts = self.made(self.chosen, standing)
        if texts is None:
            return False
        self._installed = standing
        try:
            self.program.restore_texts(texts)
        except (SyntaxError, ValueError):
            return False
        return True

    def number(self, site: Site, sites: list[Site]) -> int | None:
        """Return the number of a site of the original in the text as it is now."""
        source = self.sources[site.file]
        splices = [s for edit in self.chosen if edit.file == site.file for s in edit.splices]
        splices += self.stand_ins.splices(source, self._installed)
        start = source.at(site.statement) if site.span is None else site.span[0]
        at = overlay.to_edited(start, splices)
        line = self.program.sources[site.file].line_at(at)
        for k, other in enumerate(sites):
            same = (other.file, other.name, other.role) == (site.file, site.name, site.role)
            if same and (other.statement == line if other.span is None else other.span[0] == at):
                return k
        return None

    def in_original(self, before: Texts, rewrite: Rewrite) -> Rewrite | None:
        """Return an edit of texts, which may hold stand-ins, as one of the original."""
        file = rewrite.file
        old = without(before[file])
        new = without(Source(file, before[file]).edited(rewrite.splices))
        splice = overlay.difference(old, new)
        mine = [s for edit in self.chosen if edit.file == file for s in edit.splices]
        start, end = (overlay.to_original(place, mine) for place in (splice.start, splice.end))
        if start is None or end is None:
            return None
        moved = Splice(start, end, splice.new)
        if overlay.ordered([*mine, moved]) is None:
            return None
        shift = self.sources[file].line_at(start) - Source(file, old).line_at(splice.start)
        return replace(rewrite, splices=(moved,), line=rewrite.line + shift)

    def steps(self) -> list[Step]:
        """Return the edits, each as if made last: what it changes shows where all else is right."""
        found = []
        for edit in self.chosen:
            others = [other for other in self.chosen if other is not edit]
            texts = self.made(others)
            if texts is None:
                continue
            at = [s for other in others if other.file == edit.file for s in other.splices]
            splices = tuple(
                Splice(overlay.to_edited(s.start, at), overlay.to_edited(s.end, at), s.new)
                for s in edit.splices
            )
            now = Source(edit.file, texts[edit.file]).line_at(splices[0].start)
            line = edit.line + now - self.sources[edit.file].line_at(edit.splices[0].start)
            found.append(Step(replace(edit, splices=splices, line=line), texts, ((), ())))
        return found
