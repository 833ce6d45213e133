"""One edit run in memory: which gradients it mends, and whether it holds on other cases too."""

from __future__ import annotations

import ast
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
    if len(base.right) == len(case.oracle) and moves_what_is_handed_on(rewrite):
        return None
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


def moves_what_is_handed_on(rewrite: Rewrite) -> bool:
    """Return whether an edit moves a line that makes nothing new: ``last["h"], c = h, cs[-1]``.

    Before these are made, what was there at first would be handed on for ever: the second call
    gives the first one's answer again, and nothing is trained.
    """
    put = [splice.new.strip() for splice in rewrite.splices if splice.start == splice.end]
    if len(rewrite.splices) != 2 or len(put) != 1:
        return False
    try:
        body = ast.parse(put[0]).body
    except SyntaxError:
        return False
    if len(body) != 1 or not isinstance(body[0], ast.Assign):
        return False
    value = body[0].value
    values = value.elts if isinstance(value, ast.Tuple) else [value]
    return all(isinstance(one, ast.Name | ast.Attribute | ast.Subscript) for one in values)


def _has_same_loss(program: Program, cases: Iterable[Case]) -> bool:
    return all(
        abs(program.value(case.inputs) - case.loss) <= 1e-12 * (1 + abs(case.loss))
        for case in cases
    )


def is_right(program: Program, cases: Iterable[Case], seconds: float) -> bool:
    """Return whether the program, as it stands, is right on all the cases."""
    return all(settled(program.run(case.inputs, _MORE_TIME * seconds), case) for case in cases)
