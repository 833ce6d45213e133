"""One edit run in memory: which gradients it mends, and whether it holds on other cases too."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from typing import NamedTuple

from reference.debugger.repair import Rewrite
from reference.debugger.running.program import Program
from reference.debugger.searching.cases import Case, Score, score, settled

_MORE_TIME = 20  # for other cases, which may be larger than the first


class Gained(NamedTuple):
    """What an edit mends: everything, on all cases; or outputs and their entries in the first."""

    all: bool
    outputs: int = 0
    entries: int = 0


def of(
    rewrite: Rewrite,
    program: Program,
    cases: list[Case],
    base: Score,
    seconds: float,
    accepts: Callable[[], bool],
) -> Gained | None:
    """Run an edit for some seconds at most and return what it gains on `base`, None if nothing."""
    case, others = cases[0], cases[1:] or cases
    source = program.sources[rewrite.file]
    unit = source.unit_at(source.line_at(rewrite.splices[0].start))
    if unit is None:
        return None
    with contextlib.ExitStack() as stack:
        try:
            stack.callback(program.swap(unit, source.compiled(unit, rewrite.splices)))
        except (SyntaxError, ValueError):
            return None
        outcome = program.run(case.inputs, seconds)
        if outcome.error is not None:
            return None
        now = score(outcome, case)
        gain = now.gain(base)
        if gain <= 0 and len(now.right) < len(case.oracle):
            return None
        if not program.only_in_backward(unit) and not _has_same_loss(program, cases[:2]):
            return None
        if len(now.right) == len(case.oracle):
            return Gained(True) if is_right(program, others, seconds) and accepts() else None
        return Gained(False, len(now.right) - len(base.right), gain)


def _has_same_loss(program: Program, cases: Iterable[Case]) -> bool:
    return all(case.is_loss(program.value(case.inputs), 1e-12) for case in cases)


def is_right(program: Program, cases: Iterable[Case], seconds: float) -> bool:
    """Return whether the program, as it stands, is right on all the cases."""
    return all(settled(program.run(case.inputs, _MORE_TIME * seconds), case) for case in cases)
