"""What to do next, where no line or no fix was found, or no verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from reference.debugger.answering.remarks import CLIPPED
from reference.debugger.answering.unread import NOT_READ
from reference.debugger.diagnosis import Diagnosis
from reference.debugger.running.program import Inputs
from reference.debugger.searching.smaller import is_large
from reference.report.words import listed

SIZES = "sizes"  # of the evidence: which were made smaller for the search
_USED_UP = 0.7  # of the time: then the search did not come to its end
_MOST = 6  # a size up to this is easily that of something else, too
_SMALL = "let example(rng) draw small arrays, such as 4 steps, 3 rows and 5 units"
_WRITTEN = "; sizes that are written as numbers in the functions have to be small, too"


def advice(diagnosis: Diagnosis, given: Inputs, seconds: float) -> tuple[str, ...]:
    """Return what was not found and what to do about it, as far as it would help.

    Parameters
    ----------
    diagnosis : Diagnosis
        With the seconds that it took.
    given : (params, inputs)
    seconds : float
        The budget.
    """
    if diagnosis.verdict == "inconclusive":
        return tuple(_for_a_verdict(diagnosis, given, seconds))
    if diagnosis.verdict == "right" or diagnosis.fixes or diagnosis.advice:
        return diagnosis.advice
    if any(remark.startswith(NOT_READ) for remark in diagnosis.remarks):
        return ()  # that is all there is to mend
    named = [suspect for suspect in diagnosis.suspects if suspect.line]
    if not diagnosis.sources:
        if named:
            return ()
        return (
            "no line is named: the source of the functions is not to be had, as after exec() or "
            "in a console; put them into a file or into a notebook's cell",
        )
    what = "no fix was found that passes"
    if not named:
        what = "no line was found"
    elif all(suspect.confidence <= 0.5 for suspect in named):
        what += ": the lines above are guesses, the likeliest first"
    if any(CLIPPED in remark for remark in diagnosis.remarks):
        return (what,)  # the remark says what to do
    return what, *_for_a_line(diagnosis, given, seconds)


def _for_a_verdict(diagnosis: Diagnosis, given: Inputs, seconds: float) -> Iterator[str]:
    told = " ".join(diagnosis.reasons)
    if "float32" in told or _is_short(given):
        yield (
            "the program computes with floats of seven digits (float32): for the check hand over "
            "params and inputs as float64, as by astype(float), and let its buffers follow them"
        )
    late = "end in time" in told or "takes too long" in told
    if is_large(given) and (late or "kink" in told or "too rough" in told):
        yield f"for a verdict {_SMALL}{_WRITTEN}"
    if late and "more time" not in told:
        yield _longer(seconds)


def _for_a_line(diagnosis: Diagnosis, given: Inputs, seconds: float) -> Iterator[str]:
    large = is_large(given)
    if large and SIZES not in diagnosis.evidence:
        yield (f"the arrays are large to search on, and were not made smaller: {_SMALL}{_WRITTEN}")
    elif large:
        yield f"at sizes of your own choice more may be found: {_SMALL}"
    if diagnosis.seconds >= _USED_UP * seconds:
        yield _longer(seconds)
    alike = [] if large else _alike(given)
    if alike:
        yield f"let all sizes differ, so that what is what can be told: {listed(alike, 3)} are one"


def _is_short(given: Inputs) -> bool:
    return any(
        isinstance(value, np.ndarray) and value.dtype in (np.float32, np.float16)
        for group in given
        for value in group.values()
    )


def _longer(seconds: float) -> str:
    more = f"{3 * seconds:g}"
    return f"give it more time: --seconds {more}, or seconds={more} of debug"


def _alike(given: Inputs) -> list[str]:
    """Return axes of one input that have the same small size: steps and batch, perhaps."""
    return next(
        (
            [f"{name}.shape[{axis}]" for axis, n in enumerate(value.shape) if n == size]
            for name, value in given[1].items()
            if isinstance(value, np.ndarray)
            for size in _twice(value)
        ),
        [],
    )


def _twice(value: Any) -> list[int]:
    return [n for n in dict.fromkeys(value.shape) if 1 < n <= _MOST and value.shape.count(n) > 1]
