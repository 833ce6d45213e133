"""What an answer says besides its lines: remarks and advice; and what it need not say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from reference.debugger.answering.advice import SIZES, advice
from reference.debugger.answering.left_behind import as_known
from reference.debugger.answering.limits import unmasked, unreached
from reference.debugger.answering.mends import LEFT_BEHIND
from reference.debugger.answering.remarks import remarks
from reference.debugger.diagnosis import Diagnosis, Suspect
from reference.debugger.judging.examples import Examples
from reference.debugger.judging.verdict import TOO_LARGE, Judgement
from reference.debugger.running.program import Inputs

_VOTERS = ("tangents", "complex step", "JAX")
_FACTOR = re.compile(r" (is|are) (\S+ times|twice) (what is right|too (large|small))$")
_MENDED = 0.95
_PAIR = 2  # of turns: rather layers or directions than time, where anything is longer
_SEVERAL = "what mends it at smaller sizes doesn't at these"  # one of three fixes, perhaps
_DEPTH = 2  # of lists within lists
_PROVED = "proved right at the smallest sizes"  # each call of a program that keeps something
_NO_PROOF = "not proved: "


def finished(
    diagnosis: Diagnosis,
    judgement: Judgement,
    given: Inputs,
    seconds: float,
    backward: Callable[..., Any] | None = None,
    example: Examples | None = None,
) -> Diagnosis:
    """Return a diagnosis with all that helps to judge and to act; the rest goes to its details.

    Parameters
    ----------
    diagnosis : Diagnosis
    judgement : Judgement
    given : (params, inputs)
    seconds : float
        The budget.
    backward : callable, optional
        Of a right one the clipping is told that has changed nothing.
    example : Examples, optional
        The masks are told that let everything pass in all that it draws.
    """
    if diagnosis.verdict == "right":
        notes = (unreached(backward) if backward else "", unmasked(given, example))
        diagnosis = replace(diagnosis, reasons=(*diagnosis.reasons, *filter(None, notes)))
    if diagnosis.verdict == "wrong":
        try:
            diagnosis = as_known(diagnosis, given[0])
            if not diagnosis.remarks:
                diagnosis = replace(diagnosis, remarks=remarks(judgement))
        except Exception as error:  # a fault of ours: the rest of the answer stands
            left_out = f"the answer was left as found ({type(error).__name__}: {error})"
            diagnosis = replace(diagnosis, details=(*diagnosis.details, left_out))
    suspects = [_in_time(_as_sure_as_its_fix(s, diagnosis), given) for s in diagnosis.suspects]
    diagnosis = replace(diagnosis, suspects=tuple(suspects))
    diagnosis = _parted(diagnosis)
    return replace(diagnosis, advice=advice(diagnosis, given, seconds))


def at_other_sizes(found: Diagnosis, sizes: Mapping[int, int]) -> Diagnosis:
    """Return what was found at other sizes without the numbers of steps that are not the program's.

    What a pattern says in words, such as "all but the last", holds at any size.
    """

    def told(suspect: Suspect) -> Suspect:
        suspect = replace(suspect, why=_without_factors(suspect.why))
        if suspect.pattern == "t=0":
            return suspect
        counted = suspect.pattern.startswith("t=")
        return replace(suspect, steps=(), pattern="" if counted else suspect.pattern)

    return replace(
        found,
        suspects=tuple(map(told, found.suspects)),
        evidence={**found.evidence, SIZES: dict(sizes)},
    )


def _without_factors(why: str) -> str:
    """Return a sentence without by how much gradients are off: that hangs on the sizes.

    Examples
    --------
    >>> _without_factors("B is used where T belongs. W is 5.25 times what is right; U is zero")
    'B is used where T belongs. U is zero'
    >>> _without_factors("dh lacks the factor f. W is twice too large")
    'dh lacks the factor f'
    """
    sentences = why.split(". ")
    kept = "; ".join(p for p in sentences[-1].split("; ") if not _FACTOR.search(p))
    return ". ".join([*sentences[:-1], *([kept] if kept else [])])


def _as_sure_as_its_fix(suspect: Suspect, diagnosis: Diagnosis) -> Suspect:
    """Return a suspect on a line that the first fix changes as surely at fault as that.

    What it should be is not told where that is what it is.
    """
    if suspect.should_be.strip() == suspect.text.strip():
        suspect = replace(suspect, should_be="")  # it is to be elsewhere: the fix shows where
    for fix in diagnosis.fixes[:1]:
        if suspect.file in {edit.file for edit in fix.edits} and suspect.line in fix.lines:
            return replace(suspect, confidence=max(suspect.confidence, _MENDED))
    return suspect


def _in_time(suspect: Suspect, given: Inputs) -> Suspect:
    """Return a suspect without numbers of steps that cannot be time steps of what was given.

    They number calls, nodes of a tape or layers: no argument is as long.
    """
    sizes = set(_lengths(given[1]))
    if not sizes or not suspect.steps or suspect.steps == (0,):
        return suspect
    whole = {"all": len(suspect.steps), "all but t=0": len(suspect.steps) + 1,
             "all but the last": len(suspect.steps) + 1}.get(suspect.pattern)  # fmt: skip
    is_long = suspect.steps[-1] > max(sizes)
    of_none = whole is not None and (
        not {whole - 1, whole, whole + 1} & sizes or (whole == _PAIR and max(sizes) > _PAIR)
    )
    if not (is_long or of_none):
        return suspect
    counted = suspect.pattern.startswith("t=")
    return replace(suspect, steps=(), pattern="" if counted else suspect.pattern)


def _lengths(value: Any, depth: int = 0) -> Iterator[int]:
    """Give the sizes of arrays and the lengths of lists, and whole numbers, which may be either."""
    if isinstance(value, np.ndarray):
        yield from value.shape
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _lengths(inner, depth)
    elif isinstance(value, list | tuple | str):
        yield len(value)
        for inner in value if depth < _DEPTH and not isinstance(value, str) else ():
            yield from _lengths(inner, depth + 1)
    elif isinstance(value, int | np.integer) and not isinstance(value, bool) and not depth:
        yield int(value)


def _parted(diagnosis: Diagnosis) -> Diagnosis:
    """Return a diagnosis whose reasons are those that matter.

    Which of the ways to tell a derivative does not work on a program is no affair of its author,
    as long as another one does; of a proof it is enough to say that there is none.
    """
    is_kept = any(suspect.kind in LEFT_BEHIND for suspect in diagnosis.suspects)
    reasons: list[str] = []
    details: list[str] = []
    for reason in diagnosis.reasons:
        who = reason.partition(": ")[0]
        if (
            who in _VOTERS
            or (is_kept and reason.startswith(_PROVED))
            or (reason.startswith(_NO_PROOF) and diagnosis.verdict != "right")
            or (reason.startswith(_SEVERAL) and diagnosis.fixes)
        ):
            details.append(reason)
        elif reason.startswith(_NO_PROOF) and reason != TOO_LARGE:
            details.append(reason)
            reasons.append("not proved: it does not run in exact arithmetic, or not in time")
        else:
            reasons.append(reason)
    if diagnosis.verdict == "inconclusive" and not reasons:
        reasons, details = details, []  # all that there is to say
    return replace(
        diagnosis, reasons=tuple(dict.fromkeys(reasons)), details=(*diagnosis.details, *details)
    )
