"""A fix that was found at smaller sizes, tried at the program's own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.diagnosis import Diagnosis, Fix
from reference.debugger.judging.along import along
from reference.debugger.judging.oracle import moved
from reference.debugger.judging.voters import differences
from reference.debugger.running.program import Inputs, Program, as_float_array
from reference.debugger.searching.question import Question


def tried_at_its_sizes(question: Question, found: Diagnosis, sizes: Mapping[int, int]) -> Diagnosis:
    """Return what was found at smaller sizes, with the fixes that hold at the given ones.

    Parameters
    ----------
    question : Question
    found : Diagnosis
        Its fixes passed at the smaller sizes.
    sizes : dict
        Each size of an array, and what it was made.
    """
    program = question.program
    originals = {file: source.text for file, source in program.sources.items()}
    reasons = [
        "the arrays are large: the line was looked for with "
        + ", ".join(f"{small} for {size}" for size, small in sizes.items() if small != size)
    ]
    fixes: list[Fix] = []
    for fix in found.fixes:
        (file,) = {edit.file for edit in fix.edits}
        try:
            program.restore_texts({file: fix.apply_to(originals[file])})
            holds = _holds(program, question.given, question.names, question.until)
        finally:
            program.restore_texts(originals)
        if holds is None:
            verified = f"{fix.verified} at smaller sizes; there was no time to try it at these"
        else:
            verified = f"{fix.verified} at smaller sizes, and the given ones"
        if holds is not False:
            fixes.append(replace(fix, verified=verified))
    if len(fixes) < len(found.fixes):
        reasons.append("what mends it at smaller sizes doesn't at these: a size may be written "
                       "as a number")  # fmt: skip
    return replace(found, fixes=tuple(fixes), reasons=(*found.reasons, *reasons))


def _holds(program: Program, inputs: Inputs, names: list[str], until: float) -> bool | None:
    """Return whether gradients agree with the loss along a few directions; None out of time."""
    here = program.value(inputs, 5.0)
    outcome = program.run(inputs, 5.0)
    if outcome.error is not None:
        return False
    flat = dict(inputs[1]) | dict(inputs[0])
    for name in names:
        if time.monotonic() > until:
            return None
        manual = as_float_array(outcome.outputs.get(name))
        if manual is None or manual.shape != np.shape(flat[name]):
            return False

        def slope(way: Array, name: str = name) -> float:
            return differences(lambda h: program.value(moved(inputs, {name: way}, h), 5.0))

        # Where a kink or rounding hides the slope nothing speaks against it.
        if not isinstance(along(name, manual, slope, here), str | None):
            return False
    return True
