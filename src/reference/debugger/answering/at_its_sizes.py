"""What smaller sizes show: fixes, tried at the program's own, and proofs of what is right."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.diagnosis import Diagnosis, Edit, Fix, Suspect
from reference.debugger.judging.along import along
from reference.debugger.judging.differences import slope_of
from reference.debugger.judging.oracle import moved
from reference.debugger.judging.verdict import TOO_LARGE
from reference.debugger.naming.patterns import pattern_of_runs
from reference.debugger.naming.turns import turns
from reference.debugger.running.doubles import in_doubles
from reference.debugger.running.program import Inputs, Program, as_float_array, copied
from reference.debugger.running.shapes import shape_of
from reference.debugger.running.timebox import TimeUp
from reference.debugger.searching.question import Question
from reference.debugger.searching.smaller import Smaller, made_smaller
from reference.debugger.texts.literals import carried_over
from reference.exact import prove

Slopes = dict[tuple[float, str, bytes], float]
"""Slopes of the loss by its value, the array that is moved, and the way."""

_PROOF = 2.0  # seconds
_TO_LOOK = 1.0  # seconds for the steps at which a line is wrong


def tried_at_its_sizes(question: Question, found: Diagnosis, smaller: Smaller) -> Diagnosis:
    """Return what was found at smaller sizes, with the fixes that hold at the given ones.

    Parameters
    ----------
    question : Question
    found : Diagnosis
        Its fixes passed at the smaller sizes.
    smaller : Smaller
    """
    program = question.program
    originals = program.texts
    found = _with_own_numbers(found, originals)
    reasons = [
        f"the arrays are large: the line was looked for with {_told(question.given, smaller)}"
    ]
    fixes: list[Fix] = []
    slopes: Slopes = {}
    for fix in found.fixes:
        (file,) = {edit.file for edit in fix.edits}
        try:
            program.restore_texts({file: fix.apply_to(originals[file])})
            holds = _holds(program, question.given, question.names, question.until, slopes)
        finally:
            program.restore_texts(originals)
        if holds is None:
            verified = f"{fix.verified} at smaller sizes; there was no time to try it at these"
        else:
            verified = f"{fix.verified} at smaller sizes, and the given ones"
        if holds is not False:
            fixes.append(replace(fix, verified=verified))
    if fixes and fixes[0].edits == found.fixes[0].edits:
        found = at_its_steps(program, question.given, found, fixes[0])
    if len(fixes) < len(found.fixes):
        reasons.append("what mends it at smaller sizes doesn't at these: a size may be written "
                       "as a number")  # fmt: skip
    return replace(found, fixes=tuple(fixes), reasons=(*found.reasons, *reasons))


def at_its_steps(program: Program, given: Inputs, found: Diagnosis, fix: Fix) -> Diagnosis:
    """Return a diagnosis that says "t=0" of the first line only if that holds of the given inputs.

    Where few letters are left, a target is the same as the input at most steps of a short text.
    """
    first, *others = found.suspects
    if first.pattern != "t=0" or first.line not in fix.lines:
        return found
    try:
        until = time.monotonic() + _TO_LOOK
        texts = fix.source, fix.apply_to(fix.source)
        seen = turns(program, given, first.file, *texts, until)
        pattern, steps = pattern_of_runs(first.kind, *texts, [(seen, given)])
    except (Exception, TimeUp):  # what was seen at smaller sizes stands
        return found
    first = replace(first, pattern=pattern, steps=steps if seen is not None else ())
    return replace(found, suspects=(first, *others))


def _with_own_numbers(found: Diagnosis, originals: Mapping[str, str]) -> Diagnosis:
    """Return what was found in texts of smaller numbers as said of the texts as they are."""
    twins = {file: text.splitlines() for file, text in found.sources.items()}
    own = {file: text.splitlines() for file, text in originals.items()}
    if twins == own:
        return found

    def edit(one: Edit) -> Edit:
        lines = slice(one.first - 1, one.last)
        ours, small = own[one.file][lines], twins[one.file][lines]
        new = carried_over("\n".join(ours), "\n".join(small), "\n".join(one.new))
        return replace(one, old=tuple(ours), new=tuple(new.split("\n")) if one.new else ())

    def suspect(one: Suspect) -> Suspect:
        if not one.line or one.file not in own:
            return one
        ours, small = own[one.file][one.line - 1], twins[one.file][one.line - 1]
        should = carried_over(ours.strip(), small.strip(), one.should_be) if one.should_be else ""
        return replace(one, text=ours.strip(), should_be=should)

    fixes = [
        replace(fix, edits=tuple(map(edit, fix.edits)), source=originals[fix.edits[0].file])
        for fix in found.fixes
    ]
    return replace(
        found,
        fixes=tuple(fixes),
        suspects=tuple(map(suspect, found.suspects)),
        sources=dict(originals),
    )


def proved_at_smaller_sizes(question: Question, diagnosis: Diagnosis, seed: int) -> Diagnosis:
    """Return a diagnosis with the proof that arrays too large for it were lacking, if there is one.

    Of what exact arithmetic refutes nothing is said: at other sizes it may be another program.
    """
    program, given = question.program, in_doubles(question.given)
    with made_smaller(
        program, given, question.names, seed, 0.5 * (question.until - time.monotonic()),
        question.goes_wrong_alike,
    ) as smaller:  # fmt: skip
        if smaller is None:
            return diagnosis
        program.state.restore()
        left = min(_PROOF, question.until - time.monotonic())
        try:
            with program.watchdog.limit(max(0.1, left)):
                proof = prove(program.loss, program.backward, *copied(smaller.drawn[0]), seed=seed)
        except (Exception, TimeUp):
            return diagnosis
    if proof.verdict != "proved":
        return diagnosis
    reasons = [f"proved at smaller sizes: with {_told(given, smaller)}"]
    reasons += [reason for reason in diagnosis.reasons if reason != TOO_LARGE]
    return replace(
        diagnosis, evidence={**diagnosis.evidence, "proved": True}, reasons=tuple(reasons)
    )


def _told(given: Inputs, smaller: Smaller) -> str:
    """Return the smaller sizes of a few arrays that show all of them."""
    left, told = set(smaller.sizes), []
    for now, then in zip(smaller.drawn[0], given, strict=True):
        for name, value in now.items():
            shape, before = shape_of(value), shape_of(then[name])
            if left & set(before) and shape != before:
                left -= set(before)
                told.append(f"{name} {_by(shape)} in place of {_by(before)}")
    return ", ".join(told)


def _by(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _holds(
    program: Program, inputs: Inputs, names: list[str], until: float, slopes: Slopes
) -> bool | None:
    """Return whether gradients agree with the loss along a few directions; None out of time.

    Most of the time goes to slopes of the loss: a fix that leaves it as it is has those of others.
    """
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
            asked = here, name, way.tobytes()
            if asked not in slopes:
                slopes[asked] = slope_of(
                    lambda h: program.value(moved(inputs, {name: way}, h), 5.0)
                )
            return slopes[asked]

        # Where a kink or rounding hides the slope nothing speaks against it.
        if not isinstance(along(name, manual, slope, here), str | None):
            return False
    return True
