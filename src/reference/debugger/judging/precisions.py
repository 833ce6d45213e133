"""The verdict on programs of seven digits: as they are, and in double precision."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reference.debugger.judging.examples import Examples
from reference.debugger.judging.verdict import Judgement, judge
from reference.debugger.running.doubles import doubled, in_doubles, may_be_short
from reference.debugger.running.program import Inputs


def judge_in_double_too(
    loss: Callable[..., Any],
    backward: Callable[..., Any],
    given: Inputs,
    example: Examples | None,
    seed: int,
    seconds: float,
) -> Judgement:
    """Judge two functions as they are; in double precision, too, where seven digits hide much.

    Parameters
    ----------
    loss, backward : callable
    given : (params, inputs)
    example : Examples, optional
    seed : int
    seconds : float
        The budget of the whole answer, of which a verdict may take half.

    Returns
    -------
    Judgement
        In double precision only if it decides what is not decided, or finds wrong what seemed
        right.

    Raises
    ------
    TypeError, ValueError
        As `reference.debugger.judging.verdict.judge` does.
    """
    started = time.monotonic()
    judgement = judge(
        loss, backward, *given, example=example, seed=seed, seconds=max(1.0, seconds / 2)
    )
    if judgement.verdict == "wrong" or not may_be_short(loss, backward, *given):
        return judgement
    left = max(1.0, seconds / 2 - (time.monotonic() - started))
    try:
        with doubled(loss, backward):
            drawn = None if example is None else Examples(lambda rng: in_doubles(example(rng)))
            other = judge(
                loss, backward, *in_doubles(given), example=drawn, seed=seed, seconds=left
            )
    except (TypeError, ValueError):  # it computes with floats of seven digits alone
        return judgement
    if other.verdict == "inconclusive" or other.verdict == judgement.verdict:
        return judgement
    return replace(other, reasons=(*other.reasons, "told in double precision"))
