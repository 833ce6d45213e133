"""``manual-lstm check --jobs K``: reports, then many random problems, by several processes."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing import active_children
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from manual_lstm import CharLM, checks
from reference.campaigns.campaign import CellResult, campaign
from reference.campaigns.handing_out import computed
from reference.campaigns.workers import Workers
from reference.everything import report_on
from reference.report.record import Report
from reference.unusable import UnusableInputError

# Problems of a cell that one process looks at, with the proofs and step by step; those beyond are
# shared out in chunks.
TOGETHER = 256
TOLD = 5  # failures in a report; the journal has them all


def reports_of(cells: Sequence[Any], arguments: Namespace) -> list[Report]:
    """Check cells and the like by several processes; each is as for `reference.everything`.

    Beyond the first problems, the character model is not part of a campaign.
    """
    cases, seed = arguments.cases or TOGETHER, arguments.seed
    must_be_usable(arguments.journal, arguments.resume)
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    )  # fmt: skip
    console = Console(stderr=True)
    with (
        Progress(
            *columns, console=console, transient=True, disable=not console.is_interactive
        ) as bar,
        Workers(arguments.jobs or 1) as workers,
    ):
        try:
            task = bar.add_task("cells", total=len(cells))
            questions = [
                Question(n, cell, min(cases, TOGETHER), seed) for n, cell in enumerate(cells)
            ]
            found = {}
            for question, report in computed(answer, questions, workers):
                found[question.number] = report
                bar.advance(task)
            reports = [found[n] for n in range(len(cells))]
            right = [n for n, report in enumerate(reports)
                     if report.verdict == "right" and cells[n] is not CharLM]  # fmt: skip
            if cases <= TOGETHER or not right:
                return reports
            task = bar.add_task("random problems")
            result = campaign(
                [cells[n] for n in right], cases - TOGETHER, workers, seed=seed,
                journal=arguments.journal,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
        except BaseException:  # do not wait for what nobody will look at
            for process in active_children():
                process.terminate()
            raise
    for n, cell in zip(right, result.cells, strict=True):
        reports[n] = joined(reports[n], cell)
    return reports


@dataclass(frozen=True)
class Question:
    """What one process is asked for a report on; `cell` is as for `report_on`."""

    number: int
    cell: Any
    cases: int
    seed: int


def answer(question: Question) -> Report:
    """Return the report."""
    return report_on(question.cell, cases=question.cases, seed=question.seed)


def joined(report: Report, result: CellResult) -> Report:
    """Return a report with what a campaign has added to it."""
    evidence = replace(report.evidence, sampled=report.evidence.sampled + result.compared)
    names = [*report.worst, *(name for name in result.worst if name not in report.worst)]
    worst = {
        name: max(found.get(name, 0.0) for found in (report.worst, result.worst)) for name in names
    }
    report = replace(report, evidence=evidence, worst=worst, verdict=result.verdict)
    if not result.failures:
        return report
    number = len(result.failures)
    told = [f"{failure}; {failure.note}" for failure in result.failures[:TOLD] if failure.note]
    return replace(report, reasons=(f"{number:,} of the random problems failed", *told))


def must_be_usable(journal: Path | None, resume: bool) -> None:
    """Refuse to write over a journal, or to continue none."""
    if resume and journal is None:
        checks.fail("--resume", "no file", "with --journal FILE", "the file says what is done",
                    error=UnusableInputError)  # fmt: skip
    if journal is None or journal.exists() == resume:
        return
    if resume:
        checks.fail("--journal", f"the value {journal}", "a file that exists",
                    "the campaign goes on from it", error=UnusableInputError)  # fmt: skip
    checks.fail("--journal", f"the value {journal}, which exists", "a new file",
                "a journal is never written over (--resume continues it)",
                error=UnusableInputError)  # fmt: skip
