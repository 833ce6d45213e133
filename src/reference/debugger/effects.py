"""`watch`: arrays that are overwritten while they are needed, arguments changed, state kept.

These faults leave every formula right. The forward's value may be right too; what is wrong is
that something that was kept for the backward is no longer what it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from manual_lstm.checks import Array
from reference.debugger.copies import Mended, is_wrong, mended_by_copies
from reference.debugger.diagnosis import Suspect
from reference.debugger.kept import kept_between_calls
from reference.debugger.memory import Line, Memory
from reference.debugger.place import at
from reference.debugger.program import Inputs, Program
from reference.debugger.state import State
from reference.debugger.timebox import Watchdog
from reference.user_code import functions_reached

_SHOWN = 3


def watch(
    loss: Callable[[Any, Any], Any],
    backward: Callable[[Any, Any], Mapping[str, Any]],
    params: Mapping[str, Any],
    inputs: Mapping[str, Any],
    *,
    reference: Mapping[str, Array] | None = None,
    sources: Iterable[Any] | None = None,
    seconds: float = 5.0,
) -> list[Suspect]:
    """Return faults of memory, the likeliest first; meant for a backward that is wrong.

    Parameters
    ----------
    loss, backward, params, inputs
        As in `reference.debugger.verdict.judge`; nothing is changed.
    reference : mapping of str to ndarray, optional
        The right gradients at these arguments; by default `judge` is asked.
    sources : iterable of paths or modules, optional
        Look only in these files.
    seconds : float
        When the time is up, what is known is returned.

    Returns
    -------
    list of Suspect
        Of the kinds "aliasing", "argument changed" and "state between calls". Empty for a right
        program: a buffer that is filled row by row, an accumulator and a running state written in
        place are no faults.
    """
    until = time.monotonic() + seconds
    if reference is None:
        from reference.debugger.verdict import judge

        judgement = judge(loss, backward, params, inputs, seconds=seconds)
        params, inputs = judgement.params or params, judgement.inputs or inputs
        reference = judgement.reference
    with Watchdog() as watchdog:
        program = Program(loss, backward, watchdog, sources)
        state = State([loss, backward, *functions_reached(loss), *functions_reached(backward)])
        program.discover((params, inputs), max(seconds / 4, 0.1))
        state.restore()  # discovery has called both functions
        program.state = state
        try:
            return _watched(program, (params, inputs), reference, until)
        finally:
            program.restore()


def _watched(
    program: Program, inputs: Inputs, reference: Mapping[str, Array], until: float
) -> list[Suspect]:
    memory = Memory(program)
    memory.run(inputs, program.backward, max((until - time.monotonic()) / 3, 0.1))
    found = [
        _suspect(line, name, "argument changed", 0.9,
                 f"the line changes {name}, which belongs to the caller: an operation in place on "
                 "the array itself or on a view into it",
                 f"a new array, such as {name} + ... in place of {name} += ...")
        for name, line in memory.changed.items()
    ]  # fmt: skip
    with program.quiet():
        found += kept_between_calls(program, inputs, until)
        mended = mended_by_copies(program, inputs, reference, until) if reference else []
    found += [suspect for one in mended[:_SHOWN] for suspect in _alias(one)]
    wrong = bool(reference) and is_wrong(program, inputs, reference)
    if wrong and not any(one.wholly for one in mended):
        found += _overwritten(memory)
    return _ranked(found)


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
) -> Suspect:
    file, number, text, _ = at(*line, function)
    return Suspect(
        file, number, text, function, variable, steps, kind=kind, why=why, should_be=should_be,
        confidence=confidence, engines=("memory",),
    )  # fmt: skip


def _ranked(found: list[Suspect]) -> list[Suspect]:
    best: dict[tuple[str, int, str], Suspect] = {}
    for suspect in sorted(found, key=lambda suspect: -suspect.confidence):
        best.setdefault((suspect.file, suspect.line, suspect.kind), suspect)
    return list(best.values())
