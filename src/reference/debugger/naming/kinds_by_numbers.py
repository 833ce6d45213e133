"""What a line for which no fix was found has wrong: the edit that would give the right value.

The edit is no fix, since the gradients stay wrong with it: there may be another fault besides. But
the value that the line should have had is known, or at least that it is to be an adjoint of the
loss, and what turns the one into the other has a name.
"""

from __future__ import annotations

import ast
import itertools
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.naming.kinds import kind_of
from reference.debugger.naming.kinds_by_neighbours import by_neighbours
from reference.debugger.naming.kinds_by_structure import after_the_loop, repeats, told_by_structure
from reference.debugger.naming.kinds_by_values import (
    Said,
    Wrong,
    constants,
    divided,
    said_of_scale,
    told_by_values,
)
from reference.debugger.naming.patterns import pattern_of_edit, seen_in
from reference.debugger.naming.scales import scale_of
from reference.debugger.naming.standing import reads_another
from reference.debugger.naming.steps_by_numbers import unchanged
from reference.debugger.naming.telling import told
from reference.debugger.naming.turns import turns
from reference.debugger.repair import Place, Rewrite, common, quotients
from reference.debugger.running.program import Inputs, Program
from reference.debugger.running.recording import record
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.source import Source, Splice
from reference.debugger.searching.places import TELLING, place_at
from reference.debugger.searching.round import Round
from reference.debugger.texts.tidy import tidied
from reference.debugger.values.agreement import MAKES, Agreement
from reference.debugger.values.evidence import Evidence

_A_LINE = 0.6  # seconds
_TRIED = 12  # edits of a line that are run
_SLOPE = re.compile(r"\b1(\.0?)? - |deriv|prime|slope|d_?(tanh|sigm)", re.I)


class Numbers:
    """Names what is wrong with a line from the values that it made and those it should have made.

    Parameters
    ----------
    program : Program
        With its original texts.
    inputs : (params, inputs)
        What the probes ran on.
    now : Round
        What the probes said of it.
    originals : mapping
        File to text.
    until : float
        Monotonic time at which no line is looked at any more.
    """

    def __init__(
        self,
        program: Program,
        inputs: Inputs,
        now: Round,
        originals: Mapping[str, str],
        until: float,
    ) -> None:
        self.program, self.inputs, self.now = program, inputs, now
        self.originals, self.until = originals, until
        self._said: dict[tuple[str, int], Said] = {}

    @cached_property
    def _usable(self) -> bool:
        """Whether the round was of the original text: the search may have edited before it."""
        trees = self.now.recording.trees
        return all(
            file in trees and ast.dump(trees[file]) == ast.dump(ast.parse(text))
            for file, text in self.originals.items()
        )

    def of(self, file: str, line: int, e: Evidence) -> Said:
        """Return what is wrong with a line, as far as the numbers tell."""
        if (file, line) not in self._said:
            if time.monotonic() > self.until:
                return Said()
            try:
                self._said[file, line] = self._read(file, line, e)
            except Exception:  # a fault of ours: the line is to blame whatever it is called
                self._said[file, line] = Said()
        return self._said[file, line]

    def is_sure(self, file: str, line: int) -> bool:
        """Return whether a line is at fault for certain: an operand of it should be another one."""
        return reads_another(self.now, self._of_line(file, line)) is not None

    def _of_line(self, file: str, line: int) -> list[Evidence]:
        mine = set(self._sites(file, line))
        return [e for e in self.now.evidence if e.site in mine]

    def makes_wrong(self, file: str, line: int) -> bool:
        """Return whether a line, at some time, makes what is no adjoint of what is right."""
        agreement = self.now.agreement
        place = place_at(self.program, self.now, file, line) if self._usable else None
        if agreement is None or place is None:
            return False
        read = _read_by(place)
        return any(
            right is False
            and not any(agreement.of(place.value(text, execution.env)) is False for text in read)
            for k in self._sites(file, line)
            for right, execution in zip(
                agreement.at_sites[k], self.now.recording.executions[k], strict=True
            )
        )

    def _sites(self, file: str, line: int) -> list[int]:
        sites = self.now.recording.sites
        return [k for k in self.now.recording.executions
                if (sites[k].file, sites[k].statement) == (file, line)]  # fmt: skip

    def _read(self, file: str, line: int, e: Evidence) -> Said:
        if not self._usable:
            return Said()
        place = place_at(self.program, self.now, file, line)
        if place is None:
            return Said()
        one_line = unchanged(self.now.recording, file, line)
        habit = repeats(one_line.statement, place.envs)
        if habit is not None:  # whatever else is wrong, parts are lost there
            return habit
        full = [other for other in self._of_line(file, line) if other.full]
        beside = next(filter(None, (by_neighbours(self.now, place, one) for one in full)), None)
        if beside is not None:
            return beside
        until = min(self.until, time.monotonic() + _A_LINE)
        wrong = list(self._wrong(file, line, e))
        alone = e.full and e.rank < TELLING  # what explains anything is not alone at fault
        for one in wrong:
            for rewrite in self._by_effect(self._edits(place, one, until), one, alone):
                said = self._named(rewrite)
                if said.kind:
                    return said
        seen = self.now.recording
        mine = self._sites(file, line)
        structure = told_by_structure(one_line.statement, one_line.around_old, place.envs)
        said_of = structure or self._scaled(place, mine)
        if said_of is not None:
            return said_of
        wrong += [later for one in wrong if (later := self._settled(one)) is not None]
        names = {one.site: seen.sites[one.site].name for one in wrong}
        envs = {(one.site, one.n): seen.executions[one.site][one.n].env for one in wrong}
        said_of = told_by_values(place, wrong, self.now.agreement, names, envs, self.inputs)
        if said_of is None or said_of.kind == "missing path":
            said_of = after_the_loop(one_line.statement, one_line.around_old) or said_of
        if said_of is not None:
            return said_of
        has_slope = _SLOPE.search(" ".join(place.text(head) for head in place.heads))
        known = any(one.wanted is not None for one in wrong)
        if has_slope and (known or self.makes_wrong(file, line)):
            return Said("wrong derivative", "the derivative that it multiplies by is another")
        return self._of_operand(place, e) or Said()

    def _of_operand(self, place: Place, e: Evidence) -> Said | None:
        """Name a line that has another value of the loss than it should, where no more is known."""
        sites = self.now.recording.sites
        another = reads_another(self.now, self._of_line(place.source.file, place.statement.lineno))
        if another is not None:
            name = sites[another.site].name
            return Said("wrong operand", f"{name} should be another value of the loss")
        is_sum = isinstance(place.statement, ast.AugAssign) and sites[e.site].role == "added"
        if not (is_sum and e.full and e.rank < TELLING) or self.now.agreement is None:
            return None
        if False not in self.now.agreement.at_sites[e.site]:
            return None
        env = self.now.recording.executions[e.site][0].env
        if any(self.now.agreement.of(place.value(text, env)) for text in _read_by(place)):
            name = sites[e.site].name
            return Said("wrong operand", f"what is added to {name} is made of another operand")
        return None

    def _scaled(self, place: Place, sites: Iterable[int]) -> Said | None:
        """Name a value that, times one number, makes whole gradients right."""
        for k in sites:
            numbers = constants(place, self.now.recording.executions[k][0].env, self.inputs)
            found = scale_of(self.now, k)
            if found is not None and found.factor:
                name = self.now.recording.sites[k].name
                said = said_of_scale(place, name, numbers, 1 / found.factor)
                return said or divided(place.statement, name, found.factor)
        return None

    def _by_effect(self, found: Iterable[Rewrite], one: Wrong, alone: bool) -> list[Rewrite]:
        """Return some edits, those first with which most numbers of the whole backward are right.

        Many edits of a wrong number make some adjoint of it, and few the one that belongs there.
        Of a line that is `alone` at fault, only those with which it makes nothing wrong any more.
        """
        if self.now.agreement is None:
            return list(itertools.islice(found, 1))
        ranked = []
        least = self.now.agreement.entries + (one.evidence is None)
        alone = alone and self.now.recording.sites[one.site].role != "scaled"  # by a factor
        for rewrite in itertools.islice(found, _TRIED):
            after = self._after(rewrite)
            if after is None or after.entries < least:
                continue
            same = len(after.recording.sites) == len(self.now.recording.sites)
            if not (alone and same and False in after.at_sites.get(one.site, [])):
                ranked.append((-after.entries, rewrite))
        return [rewrite for _, rewrite in sorted(ranked, key=lambda pair: pair[0])]

    def _after(self, rewrite: Rewrite) -> Agreement | None:
        """Return the agreement of the program with an edit, or None where it does not run."""
        assert self.now.agreement is not None
        text = self.originals[rewrite.file]
        try:
            source = Source(rewrite.file, text)
            self.program.install(rewrite.file, source.edited(rewrite.splices))
            recording = record(self.program, self.inputs, 1.0)
        except (SyntaxError, ValueError):
            return None
        finally:
            self.program.install(rewrite.file, text)
        adjoints = self.now.agreement.adjoints
        return None if recording.error else Agreement(adjoints, recording, {source.file: source})

    def _wrong(self, file: str, line: int, e: Evidence) -> Iterator[Wrong]:
        """Give the values of a line that are wrong, the best known first."""
        sites = self.now.recording.sites
        mine = self._sites(file, line)
        mine.sort(key=lambda k: (k != e.site, sites[k].plain))
        later = []
        for k in mine:
            seen = self.now.recording.executions[k]
            known = self.now.wanted(k)
            if known is not None:
                n = known.steps[0]
                made = np.asarray(seen[n].value, float)
                delta = self.now.first_delta(known).reshape(made.shape)
                yield Wrong(k, n, made, made + delta, known)
                continue
            if k == e.site and e.steps and e.outputs:
                n = e.steps[0]
                yield Wrong(k, n, np.asarray(seen[n].value, float), None, e)
            if self.now.agreement is not None and False in self.now.agreement.at_sites[k]:
                n = self.now.agreement.at_sites[k].index(False)
                later.append(Wrong(k, n, np.asarray(seen[n].value, float), None, None))
        yield from later

    def _settled(self, one: Wrong) -> Wrong | None:
        """Return the same of what a variable holds in the end, if parts are added to it later."""
        seen, site = self.now.recording, self.now.recording.sites[one.site]
        mine = seen.executions[one.site]
        if one.wanted is None or not site.name.isidentifier():
            return None
        start = mine[one.n].order
        end = mine[one.n + 1].order if one.n + 1 < len(mine) else float("inf")
        later = [
            (execution.order, execution.env[site.name])
            for k, executions in seen.executions.items()
            if (seen.sites[k].file, seen.sites[k].function) == (site.file, site.function)
            for execution in executions
            if start < execution.order < end and site.name in execution.env
        ]
        if not later:
            return None
        last = np.asarray(max(later, key=lambda pair: pair[0])[1])
        if last.shape != one.made.shape or np.array_equal(last, one.made):
            return None
        return Wrong(one.site, one.n, last, one.wanted + last - one.made, one.evidence)

    def _edits(self, place: Place, one: Wrong, until: float) -> Iterator[Rewrite]:
        """Give the edits of a line with which it gives the right value, the simple ones first."""
        yield from self._added(place, one)
        for rewrite in common(place):
            if time.monotonic() > until:
                return
            if self._gives(rewrite, one):
                yield rewrite
        site = self.now.recording.sites[one.site]
        found = next((p for p in place.nodes if place.source.span(p[0]) == site.span), None)
        if found is None or time.monotonic() > until:
            return
        env = self.now.recording.executions[one.site][one.n].env
        yield from quotients.rewrites(place, *found, one.made, self._targets(one), env, most=2)

    def _targets(self, one: Wrong) -> list[Array]:
        if one.wanted is not None:
            return [one.wanted]
        assert self.now.agreement is not None
        return self.now.agreement.adjoints.of_shape(one.made.shape)

    def _gives(self, rewrite: Rewrite, one: Wrong) -> bool:
        if one.evidence is None:
            return self.now.change(self.program, rewrite) == MAKES
        if self.now.site_of(rewrite) != one.site:
            return False
        if one.wanted is not None:
            return self.now.gives(self.program, rewrite, one.evidence)
        deltas = self.now.deltas(self.program, rewrite, one.site)
        return deltas is not None and self._explains(np.concatenate(deltas), one.evidence)

    def _explains(self, delta: Array, e: Evidence) -> bool:
        """Return whether other values of a site make right what they can, and spoil nothing."""
        jacobian = self.now.jacobian
        assert jacobian is not None
        change = jacobian.of(e.site) @ delta
        size = float(np.max(np.abs(change), initial=0.0))
        return size > 0 and all(
            np.allclose(change[rows], left, rtol=1e-5, atol=1e-7 * size)
            for name, rows in jacobian.rows.items()
            if (left := self.now.residual[name].ravel()) is not None
            and (name in e.outputs or np.max(np.abs(left), initial=0.0) < 1e-6 * size)
        )

    def _right(self, value: Array, one: Wrong) -> bool:
        """Return whether a value is the one that a line should have made."""
        if one.wanted is not None:
            size = float(np.max(np.abs(one.wanted - one.made)))
            return np.allclose(value, one.wanted, rtol=1e-6, atol=1e-7 * size)
        assert self.now.agreement is not None
        return self.now.agreement.of(value) is True

    def _added(self, place: Place, one: Wrong) -> Iterator[Rewrite]:
        """Give ``x += y`` for ``x = y`` where what x held is just what lacks."""
        statement = place.statement
        if not isinstance(statement, ast.Assign) or isinstance(statement.targets[0], ast.Tuple):
            return
        target, value = place.text(statement.targets[0]), place.text(statement.value)
        env = self.now.recording.executions[one.site][one.n].env
        held = place.value(target, env)
        if shape_of(held) == one.made.shape and np.any(held) and self._right(one.made + held, one):
            splice = Splice(*place.source.span(statement), f"{target} += {value}")
            yield place.splice([splice], "= for +=", "added, not assigned")

    def _named(self, rewrite: Rewrite) -> Said:
        before = self.originals[rewrite.file]
        try:
            after = tidied(Source(rewrite.file, before).edited(rewrite.splices), before)
            until = min(time.monotonic() + 0.5 * _A_LINE, self.until)
            seen = turns(self.program, self.inputs, rewrite.file, before, after, until)
            kind = kind_of(before, after, seen_in(seen)) or rewrite.kind
            why = told(kind, before, after).wrong
            pattern, steps = "", ()
            if seen is not None and seen.matters:
                pattern, steps = pattern_of_edit(kind, before, after, seen, self.inputs)
        except (SyntaxError, ValueError):
            return Said()
        lines = [line.strip() for line in after.splitlines()]
        gone = set(before.splitlines())
        new = [
            line for line, whole in zip(lines, after.splitlines(), strict=True) if whole not in gone
        ]
        return Said(kind, why, "\n".join(new), pattern, steps, rewrite)


def _read_by(place: Place) -> list[str]:
    """Return the variables that a statement reads, with their indices."""
    inside = {
        id(n)
        for node, _ in place.loaded
        if isinstance(node, ast.Subscript | ast.Attribute)
        for n in ast.walk(node)
        if n is not node
    }
    return [
        place.text(node)
        for node, _ in place.loaded
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and id(node) not in inside
    ]
