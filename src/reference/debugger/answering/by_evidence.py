"""Suspects where no fix was found: the lines in the order of the evidence, with what it says."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from reference.debugger.diagnosis import Suspect
from reference.debugger.naming.kinds_by_numbers import Numbers, Said
from reference.debugger.naming.kinds_by_structure import loses_parts
from reference.debugger.naming.standing import (
    SURE,
    WEAK,
    makes_what_is_right,
    only_begins,
    only_hands_on,
)
from reference.debugger.naming.steps_by_numbers import pattern_of, unchanged
from reference.debugger.repair import Rewrite
from reference.debugger.running.program import Inputs, Program
from reference.debugger.running.shapes import entries, shape_of
from reference.debugger.running.sites import Site
from reference.debugger.running.source import Source
from reference.debugger.searching.cases import score
from reference.debugger.searching.places import all_statements, ordered_statements, place_at
from reference.debugger.searching.round import Round, probed
from reference.debugger.searching.search import Search
from reference.debugger.texts.roles import loops_in
from reference.debugger.texts.tidy import original_line
from reference.debugger.values.adjoints import adjoints_of
from reference.debugger.values.evidence import Evidence

_SECONDS = 2.0  # for naming what is wrong, all lines together
_LEAST = 0.7  # of that for the program as it is
_MOST = 8
_AS_ANY_OTHER = 0.25  # how sure a line is that would explain whatever is wrong
_NOISE = 1e-9  # of the largest entry: what rounding leaves of zero
_LONGEST = 50  # characters of a value as it is written
_CUT = 30  # to which the name of an element is cut
_FEW = 4  # entries that are told in full


def from_evidence(program: Program, search: Search, originals: dict[str, str]) -> list[Suspect]:
    """Return the lines that the probes name: of the program as far as it was mended, then at all.

    Parameters
    ----------
    program : Program
        Left with its original texts.
    search : Search
    originals : dict
        File to text.
    """
    program.restore_texts(originals)
    found: list[Suspect] = []
    until = time.monotonic() + _SECONDS
    if search.steps and not search.found:
        try:
            found = _after_steps(program, search, originals, until)
        finally:
            program.restore_texts(originals)
    if search.first is not None:
        inputs = search.cases[0].inputs
        # Beside a fix they are the less likely ones: to name them all would take longer than it.
        end = None if search.found else max(until, time.monotonic() + _LEAST)
        found += _in_order(program, inputs, search.first, search.order, originals, end)
    return found


def try_what_is_known(search: Search, originals: dict[str, str], seconds: float) -> None:
    """Try, on all cases, the edits with which the first lines give what they should have given.

    To tell what is wrong with a line is to know such an edit: it may be a fix that there was no
    time to come to.
    """
    now, case, program = search.first, search.cases[0], search.program
    if now is None:
        return
    program.restore_texts(originals)
    search.until = time.monotonic() + seconds
    base = score(program.run(case.inputs, search.limit), case)
    now.numbers = numbers = Numbers(program, case.inputs, now, originals, search.until)
    best = _best(now)

    def known() -> Iterator[Rewrite]:
        for file, line in [key for key in search.order if key in best and best[key].full][:_MOST]:
            said = numbers.of(file, line, best[file, line])
            if said.edit is not None:
                yield said.edit

    step = search.round(now, iter([("told", known())]), base, [], complete=True)
    if step is not None and search.found:
        search.steps = [step]


def named_by(evidence: Iterable[Suspect], others: Iterable[Suspect]) -> list[Suspect]:
    """Return other suspects, with what the evidence says of their lines where that has a name."""
    told = {(s.file, s.line): s for s in evidence if s.kind not in WEAK}
    return [told.get((s.file, s.line), s) for s in others]


def _after_steps(
    program: Program, search: Search, originals: dict[str, str], until: float
) -> list[Suspect]:
    """Return what is named once those faults are out of the way that edits were found for."""
    last = search.steps[-1]
    source = Source(last.rewrite.file, last.texts[last.rewrite.file])
    texts = {**last.texts, last.rewrite.file: source.edited(last.rewrite.splices)}
    program.restore_texts(texts)
    case = search.cases[0]
    outcome = program.run(case.inputs, 2.0)
    adjoints = adjoints_of(program, case.inputs, 1.0)
    now = probed(program, case, score(outcome, case), until, adjoints)
    order = [(file, line) for file, line, _ in ordered_statements(program, now, outcome)]
    found = []
    for suspect in _in_order(program, case.inputs, now, order, texts, until):
        line = original_line(originals[suspect.file], texts[suspect.file], suspect.line)
        text = _text_of(originals[suspect.file], line)
        found.append(replace(suspect, line=line, text=text))
    return found


def _in_order(
    program: Program,
    inputs: Inputs,
    now: Round,
    order: list[tuple[str, int]],
    originals: Mapping[str, str],
    until: float | None,
) -> list[Suspect]:
    """Return the statements in the order in which a round's probes put them.

    Without a time, without what their values and their structure say of them.
    """
    best = _best(now)
    numbers = now.numbers or Numbers(program, inputs, now, originals, 0.0)
    numbers.until = until or 0.0
    sure, full, begins, some = [], [], [], []
    for file, line in order:
        e = best.get((file, line))
        if e is None or not (e.full or e.outputs) or makes_what_is_right(now, file, line):
            continue
        if len(sure) + len(full) + len(begins) + len(some) == _MOST:
            break
        explained = "every wrong gradient" if e.full else ", ".join(e.outputs)
        said = numbers.of(file, line, e)
        suspect = suspect_of(now, inputs, originals, file, line, e, said)
        why = suspect.why or f"another value here explains {explained}"
        is_sure = numbers.is_sure(file, line)
        begun = only_begins(now, e, said) or only_hands_on(program, inputs, now, e, said)
        group = sure if is_sure else begins if begun else full if e.full else some
        sureness = _AS_ANY_OTHER if begun and not is_sure else suspect.confidence
        group.append(replace(suspect, why=why, confidence=sureness))
    if until is None:
        return sure + full + some + begins
    full.sort(key=lambda suspect: suspect.kind in WEAK)  # what has a name of its own comes first
    habits = list(_by_habit(program, now, originals))
    sure += [habit for habit in habits if habit.kind == SURE]
    local = list(_local(now, numbers, originals, best))
    named = [suspect for suspect in local if suspect.kind][:_MOST]
    found = _each_once(sure + full + named + some)
    habits = [s for s in _each_once(found + habits) if s not in found]
    first = max(len(full), _MOST - len(habits))  # what is told by its structure has a place, too
    found = found[:first] + habits + found[first:]
    return _each_once(found + local + begins)


def _best(now: Round) -> dict[tuple[str, int], Evidence]:
    """Return what says most of each line."""
    best: dict[tuple[str, int], Evidence] = {}
    for e in now.evidence:
        site = now.recording.sites[e.site]
        key = site.file, site.statement
        if key not in best or (e.explains, -e.rank) > (best[key].explains, -best[key].rank):
            best[key] = e
    return best


def _each_once(found: list[Suspect]) -> list[Suspect]:
    """Return the suspects without those of a line that comes before."""
    kept: dict[tuple[str, int], Suspect] = {}
    for suspect in found:
        kept.setdefault((suspect.file, suspect.line), suspect)
    return list(kept.values())


def _by_habit(program: Program, now: Round, originals: Mapping[str, str]) -> Iterator[Suspect]:
    """Give the lines that lose what they add, whatever else is wrong: their structure says so."""
    for file, line, _ in all_statements(program):
        place = place_at(program, now, file, line)
        one = unchanged(now.recording, file, line)
        said = None
        if place is not None and one.statement.lineno == line:
            said = loses_parts(one.statement, one.around_old, place.envs)
        if place is not None and said is not None:
            yield Suspect(
                file=file,
                line=line,
                text=_text_of(originals[file], line),
                function=getattr(place.function, "name", ""),
                variable=place.variable,
                steps=(),
                pattern=said.pattern or ("all" if loops_in(one.around_old) else "none"),
                kind=said.kind,
                why=said.why,
                should_be="",
                confidence=0.3,
                engines=("probe",),
            )


def _local(
    now: Round,
    numbers: Numbers,
    originals: Mapping[str, str],
    best: Mapping[tuple[str, int], Evidence],
) -> Iterator[Suspect]:
    """Give the lines that make something wrong of what is right.

    However many faults there are, these have one of their own.
    """
    for file, line in now.agreement.doubtful if now.agreement is not None else ():
        if (file, line) not in best or makes_what_is_right(now, file, line):
            continue
        if numbers.makes_wrong(file, line):
            e = best[file, line]
            said = numbers.of(file, line, e)
            yield suspect_of(now, numbers.inputs, originals, file, line, e, said)


def suspect_of(
    now: Round,
    inputs: Inputs,
    originals: Mapping[str, str],
    file: str,
    line: int,
    e: Evidence,
    said: Said,
) -> Suspect:
    """Return a line with what its numbers say."""
    site = now.recording.sites[e.site]
    pattern, steps = said.pattern, said.steps
    if not pattern:
        pattern, steps = pattern_of(now, e, inputs)
    return Suspect(
        file=file,
        line=line,
        text=_text_of(originals[file], line),
        function=site.function,
        variable=_name_of(site, originals[file]),
        steps=steps,
        pattern=pattern,
        kind=said.kind,
        why=said.why,
        should_be=said.should_be or _told(now.recording, e),
        confidence=0.5 if e.full else 0.4 if said.kind else 0.3,
        engines=("probe",),
    )


def _name_of(site: Site, text: str) -> str:
    """Return what a value is called; an element, and what is given to a function, as written."""
    if site.span is None:
        return site.name
    written = text.encode()[slice(*site.span)].decode()
    is_cut = written.startswith(site.name) and len(site.name) == _CUT
    if site.role != "argument" and not is_cut:
        return site.name
    if len(written) <= _LONGEST and "\n" not in written:
        return written
    return f"{site.name} ..." if is_cut else site.name


def _told(recording: Any, e: Evidence) -> str:
    """Tell the value that explains most at its first wrong execution."""
    seen = recording.executions[e.site]
    sizes = [entries(execution.value) for execution in seen]
    if not e.steps:
        return ""
    n = e.steps[0]
    start = sum(sizes[:n])
    delta = e.delta[start : start + sizes[n]].reshape(shape_of(seen[n].value))
    wanted = np.asarray(seen[n].value) + delta
    return value_in_words(np.asarray(seen[n].value, dtype=float), np.asarray(wanted, dtype=float))


def value_in_words(made: Any, wanted: Any) -> str:
    """Return a value that should have been; of a large one the entry that is off most.

    Examples
    --------
    >>> value_in_words(np.zeros(2), np.array([0.25, 1e-18]))
    '[0.25 0.  ]'
    >>> value_in_words(np.zeros((3, 4)), np.arange(12.0).reshape(3, 4))
    '11 at [2, 3], where it is 0'
    >>> value_in_words(np.ones((3, 4)), np.zeros((3, 4)))
    '0 throughout'
    """
    off = np.abs(wanted - made)
    largest = max(float(np.abs(side).max(initial=0.0)) for side in (made, wanted))
    wanted = np.where(np.abs(wanted) <= _NOISE * largest, 0.0, wanted)
    if not wanted.any() and wanted.size > 1:
        return "0 throughout"
    if wanted.size <= _FEW:
        return np.array2string(wanted, precision=4).replace("\n", " ")
    at = np.unravel_index(int(off.argmax()), off.shape)
    index = ", ".join(str(int(k)) for k in at)
    return f"{wanted[at] + 0.0:.4g} at [{index}], where it is {made[at] + 0.0:.4g}"


def _text_of(text: str, line: int) -> str:
    lines = text.splitlines()
    return lines[line - 1].strip() if 0 < line <= len(lines) else ""
