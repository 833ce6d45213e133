"""`aliasing`: what is kept for the backward is overwritten before the backward has read it.

Such a fault leaves every formula right. The forward's value may be right too; what is wrong is
that something that was kept is no longer what it was.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

from manual_lstm.checks import Array
from reference.debugger.diagnosis import Suspect
from reference.debugger.judging.copies import Mended, is_wrong, mended_by_copies
from reference.debugger.running.changes import loops_around
from reference.debugger.running.memory import Line, Memory
from reference.debugger.running.place import at
from reference.debugger.running.program import Inputs, Program

_SHOWN = 3
_SURE = 0.9  # confidence from which what is seen needs no other evidence
# Kinds that are seen, not inferred: they hold whatever an edit of the line is called.
_SURE_OF = {"aliasing", "argument changed", "state between calls", "wrong name", "never returned",
            "wrong dtype"}  # fmt: skip


def aliasing(
    program: Program, inputs: Inputs, reference: Mapping[str, Array], seconds: float = 5.0
) -> list[Suspect]:
    """Return where memory is shared that is overwritten later, the likeliest first.

    Parameters
    ----------
    program : Program
        After its discovery.
    inputs : (params, inputs)
        Never changed.
    reference : mapping of str to ndarray
        The right gradients there.
    seconds : float
        When the time is up, what is known is returned.

    Returns
    -------
    list of Suspect
        Empty for a right program: a buffer that is filled row by row, an accumulator and a
        running state written in place are no faults.
    """
    until = time.monotonic() + seconds
    memory = Memory(program)
    memory.run(inputs, program.backward, max(seconds / 3, 0.1))
    with program.quiet():
        wrong = is_wrong(program, inputs, reference)
        mended = mended_by_copies(program, inputs, reference, until) if wrong else []
    found = [suspect for one in mended[:_SHOWN] for suspect in _alias(one)]
    if wrong and not any(one.wholly for one in mended):
        found += _overwritten(memory)
    return _ranked(found)


def combined(
    suspects: Iterable[Suspect], found: Iterable[Suspect], *, first: bool = False
) -> list[Suspect]:
    """Return suspects with what was seen at the same lines, and then at other lines.

    With `first`, what was seen comes first as it is: no gradient is wrong, so that an edit which
    passes may only hide it.
    """
    suspects = list(suspects)
    found = [one for one in found if one.line and one.kind in _SURE_OF]
    if first:
        lines = {(one.file, one.line) for one in found}
        return [*found, *(s for s in suspects if (s.file, s.line) not in lines)]
    at_line = {(one.file, one.line): one for one in reversed(found)}
    both = []
    for suspect in suspects:
        one = at_line.get((suspect.file, suspect.line))
        # What only gets better by it says less than an edit that makes all right.
        weak = one is not None and one.confidence < _SURE and "repair" in suspect.engines
        if one is not None and suspect.kind != one.kind and not weak:
            engines = dict.fromkeys((*suspect.engines, *one.engines))
            suspect = replace(suspect, kind=one.kind, why=one.why, engines=tuple(engines))
            if one.pattern:
                suspect = replace(suspect, pattern=one.pattern, steps=one.steps)
        both.append(suspect)
    lines = {(suspect.file, suspect.line) for suspect in suspects}
    others = [one for one in found if (one.file, one.line) not in lines]
    sure = [one for one in others if one.confidence >= _SURE]
    repaired = bool(both) and "repair" in both[0].engines
    return [*both, *others] if repaired else [*sure, *both, *(o for o in others if o not in sure)]


def _alias(mended: Mended) -> list[Suspect]:
    site, writer = mended.site, mended.writer
    confidence = 0.95 if mended.wholly else 0.4
    names = ", ".join(mended.names)
    later = f"; line {writer[1]} overwrites it" if writer else "; it is overwritten later"
    suspects = [
        _suspect(
            (site.file, site.statement), site.name, "aliasing", confidence,
            f"what is kept here is no copy but shares memory{later}, before the backward has read "
            f"it: with a copy in its place {names} "
            f"{'become' if len(mended.names) > 1 else 'becomes'} "
            f"{'right' if mended.wholly else 'better'}",
            f"a copy: {site.name}.copy()", mended.steps, site.function,
            "" if loops_around(site.file, site.statement) else "all",
        )
    ]  # fmt: skip
    if writer and writer != (site.file, site.statement):
        suspects.append(
            _suspect(
                writer, site.name, "aliasing", confidence / 2,
                f"the line writes over an array that line {site.statement} keeps for the backward",
                "a write into memory of its own",
            )
        )  # fmt: skip
    return suspects


def _overwritten(memory: Memory) -> list[Suspect]:
    suspects = []
    for one in memory.overwritten[:_SHOWN]:
        why = (
            f"{one.name} holds here what line {one.read[1]} reads; line {one.wrote[1]} overwrites "
            f"it later, and line {one.again[1]} reads the same place in the backward"
        )
        should = "a place that nothing overwrites: a buffer of one more row, or a copy"
        suspects.append(_suspect(one.put, one.name, "aliasing", 0.5, why, should))
        suspects.append(_suspect(one.again, one.name, "aliasing", 0.3, why, should))
    return suspects


def _suspect(
    line: Line,
    variable: str,
    kind: str,
    confidence: float,
    why: str,
    should_be: str,
    steps: tuple[int, ...] = (),
    function: str = "",
    pattern: str = "",
) -> Suspect:
    file, number, text, _ = at(*line, function)
    return Suspect(
        file, number, text, function, variable, steps, pattern, kind=kind, why=why,
        should_be=should_be, confidence=confidence, engines=("memory",),
    )  # fmt: skip


def _ranked(found: list[Suspect]) -> list[Suspect]:
    best: dict[tuple[str, int, str], Suspect] = {}
    for suspect in sorted(found, key=lambda suspect: -suspect.confidence):
        best.setdefault((suspect.file, suspect.line, suspect.kind), suspect)
    return list(best.values())
