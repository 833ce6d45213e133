"""The verdict on programs of seven digits: in double precision, or else as they are."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from reference.debugger.judging.examples import Examples
from reference.debugger.judging.verdict import Judgement, judge
from reference.debugger.running.arguments import checked
from reference.debugger.running.doubles import doubled, in_doubles, may_be_short
from reference.debugger.running.program import Inputs

_TOLD = "the program computes with float32 or float16: it was judged with doubles in their place"
_ENOUGH = 0.5  # of the budget: what a verdict may take where a line is to be looked for
_MOST = 0.9  # of the budget: what it may take where nothing is known yet
_IN_DOUBLES = 0.7  # of that, where it may have to be asked a second time


def judge_in_double_too(
    loss: Callable[..., Any],
    backward: Callable[..., Any],
    given: Inputs,
    example: Examples | None,
    seed: int,
    seconds: float,
) -> Judgement:
    """Judge two functions; those that may compute with seven digits, in double precision first.

    There the differences of a loss tell a slope, where otherwise they are noise, and a mistake
    does not hide in rounding.

    Parameters
    ----------
    loss, backward : callable
    given : (params, inputs)
    example : Examples, optional
    seed : int
    seconds : float
        The budget of the whole answer, of which a verdict takes half, if it is known by then.

    Returns
    -------
    Judgement
        Of the functions as they are where double precision decides nothing.

    Raises
    ------
    TypeError, ValueError
        As `reference.debugger.judging.verdict.judge` does.
    """
    started = time.monotonic()
    checked(*given)
    in_double = None
    if may_be_short(loss, backward, *given):
        with suppress(TypeError, ValueError), doubled(loss, backward):
            drawn = None if example is None else Examples(lambda rng: in_doubles(example(rng)))
            in_double = judge(
                loss, backward, *in_doubles(given), example=drawn, seed=seed,
                seconds=_IN_DOUBLES * _MOST * seconds, enough=_IN_DOUBLES * _ENOUGH * seconds,
            )  # fmt: skip
        if in_double is not None and in_double.error is not None:
            in_double = None  # it may be about the doubles alone
        if in_double is not None and in_double.verdict != "inconclusive":
            is_short = may_be_short(loss, backward, *given, surely=True)
            return replace(in_double, reasons=(*in_double.reasons, *([_TOLD] if is_short else [])))
    spent = time.monotonic() - started
    judgement = judge(
        loss, backward, *given, example=example, seed=seed,
        seconds=max(1.0, _MOST * seconds - spent), enough=max(1.0, _ENOUGH * seconds - spent),
    )  # fmt: skip
    if in_double is None or judgement.verdict != "inconclusive":
        return judgement
    return in_double if len(in_double.right) >= len(judgement.right) else judgement
