"""One edit run in memory: which gradients it mends, and whether it holds on other cases too."""

from __future__ import annotations

import ast
import contextlib
import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from reference.debugger.repair import Rewrite
from reference.debugger.running.program import Program
from reference.debugger.running.source import Source
from reference.debugger.searching.cases import Case, Score, score, settled

_MORE_TIME = 20  # for other cases, which may be larger than the first


class Gained(NamedTuple):
    """What an edit mends: everything, on all cases; or outputs and their entries in the first."""

    all: bool
    outputs: int = 0
    entries: int = 0


def unbroken(rewrites: Iterable[Rewrite], broken: list[Exception]) -> Iterator[Rewrite]:
    """Give edits as far as they can be made; a fault of ours in one sort is noted, no more."""
    try:
        yield from rewrites
    except Exception as error:  # the other sorts are tried all the same
        broken.append(error)


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
    if len(base.right) == len(case.oracle) and stops_a_hand_over(rewrite, source):
        return None
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


def stops_a_hand_over(rewrite: Rewrite, source: Source) -> bool:
    """Return whether an edit takes out ``last["h"], last["c"] = h, c``, or moves what makes it.

    Where the gradients are right that is no fault of theirs. Before the new values are made, what
    was there at first would be handed on for ever: the second call gives the first one's answer
    again, and nothing is trained.
    """
    put = [splice.new for splice in rewrite.splices if splice.start == splice.end]
    cut = [
        source.data[splice.start : splice.end].decode()
        for splice in rewrite.splices
        if not splice.new.strip()
    ]
    if len(put) == len(cut) == 1 and len(rewrite.splices) == 2:
        value = getattr(_statement(put[0]), "value", None)
        return not isinstance(value, ast.Call | ast.Dict | ast.List | ast.Constant)
    return any(_hands_over(_statement(text)) for text in cut)


def _statement(text: str) -> ast.stmt | None:
    try:
        body = ast.parse(textwrap.dedent(text).strip()).body
    except SyntaxError:
        return None
    return body[0] if len(body) == 1 else None


def _hands_over(statement: ast.stmt | None) -> bool:
    """Whether variables are put into an object or a container."""
    if not isinstance(statement, ast.Assign):
        return False
    pairs = [(statement.targets[0], statement.value)]
    if all(isinstance(side, ast.Tuple) for side in pairs[0]):
        pairs = list(zip(*(side.elts for side in pairs[0]), strict=False))  # type: ignore[attr-defined]  # tuples
    return all(
        isinstance(to, ast.Subscript | ast.Attribute) and isinstance(what, ast.Name)
        for to, what in pairs
    )


def _has_same_loss(program: Program, cases: Iterable[Case]) -> bool:
    return all(case.is_loss(program.value(case.inputs), 1e-12) for case in cases)


def is_right(program: Program, cases: Iterable[Case], seconds: float) -> bool:
    """Return whether the program, as it stands, is right on all the cases."""
    return all(settled(program.run(case.inputs, _MORE_TIME * seconds), case) for case in cases)
