"""`debug` of a cell: on dense inputs first, then on the kind of problem that `check` finds wrong.

Most faults show on a short dense sequence, where they are easiest to look for. Those that do not,
show with lengths that leave one row, with sizes of one, or where large numbers take another branch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from reference.cell_question import Question, question_of
from reference.checker import check
from reference.debugger.debug import debug
from reference.debugger.diagnosis import Diagnosis
from reference.report.record import Report
from reference.report.text import mismatch_lines

_LEAST = 5.0  # seconds for a second search


class _TimeIsUp(Exception):
    """The check has no more time; nothing of the cell's own raised it."""


def debug_cell(
    cell: Any,
    *,
    report: Report | None = None,
    sources: Iterable[Any] | None = None,
    seconds: float = 20.0,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Diagnosis:
    """Say whether the backward of a cell, a class of cells or a layer is right, and if not where.

    Parameters
    ----------
    cell : Cell, class of cells, or Layer
    report : Report, optional
        What `check` says of it. Without it `check` is asked, where dense inputs show nothing.
    sources, seconds, seed, progress
        As for `reference.debug`.

    Raises
    ------
    TypeError
        If it is no cell.
    """
    started = time.monotonic()

    def asked(question: Question, least: float = 0.0) -> Diagnosis:
        left = max(least, seconds - (time.monotonic() - started)) if least else seconds
        return debug(
            *question[:4], example=question.example, sources=sources, seconds=left, seed=seed,
            progress=progress,
        )  # fmt: skip

    def told(diagnosis: Diagnosis, *reasons: str) -> Diagnosis:
        return replace(
            diagnosis,
            reasons=(*reasons, *diagnosis.reasons),
            seconds=time.monotonic() - started,
        )

    diagnosis = asked(question_of(cell, seed))
    if diagnosis.verdict != "right":
        return diagnosis
    if report is None:
        if progress is not None:
            progress("dense inputs show nothing: lengths and other sizes")
        try:
            report = _checked(cell, seed, started + seconds)
        except _TimeIsUp:
            return told(diagnosis, "looked at dense inputs alone: there was no time for others")
    if report.verdict != "wrong":
        return told(diagnosis)
    if report.failing is not None:
        again = asked(question_of(cell, seed, report.failing), _LEAST)
        if again.verdict == "wrong":
            return told(again, f"dense inputs do not show it; {report.failing!r} does")
    found = mismatch_lines(report.mismatches[0])[0] if report.mismatches else report.reasons[0]
    unseen = f"`check` finds it wrong, where the debugger sees nothing: {found}"
    return told(replace(diagnosis, verdict="inconclusive"), unseen)


def _checked(cell: Any, seed: int, until: float) -> Report:
    """Return what `check` says, in time."""

    def watch(_done: int, _total: int) -> None:
        if time.monotonic() > until:
            raise _TimeIsUp

    return check(cell, seed=seed, progress=watch)
