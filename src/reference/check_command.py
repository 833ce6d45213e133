"""``manual-lstm check``: from arguments to reports."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from rich.console import Console
from rich.progress import Progress

from reference.campaigns.command import reports_of
from reference.cell_question import question_of
from reference.cells import TWINS
from reference.char_lm_check import check_char_lm
from reference.checker import check
from reference.debugger.debug import debug
from reference.load import load_cell
from reference.report.record import Report
from reference.report.table import report_table
from reference.subject import subject_of
from reference.unusable import UnusableInputError

SEARCH = 15.0  # seconds in which the debugger looks for the line of a cell that is wrong


def run(arguments: Namespace) -> int:
    """Check cells and print their reports; return the exit status."""
    checkers = checkers_of(arguments)
    if arguments.jobs is None and arguments.journal is None and not arguments.resume:
        reports = one_by_one(checkers, arguments)
    else:
        reports = [
            located(report, checker, arguments)
            for report, checker in zip(reports_of(arguments), checkers.values(), strict=True)
        ]
    if arguments.json:
        print(json.dumps([report.to_json() for report in reports], indent=2))
    else:
        tell(reports)
    return status_of(reports)


def one_by_one(checkers: dict[str, Callable[..., Report]], arguments: Namespace) -> list[Report]:
    """Return the reports of cells that are checked one after the other."""
    options = {"seed": arguments.seed}
    if arguments.cases is not None:
        options["cases"] = arguments.cases
    console = Console(stderr=True)
    reports = []
    with Progress(console=console, transient=True, disable=not console.is_interactive) as bar:
        for name, checker in checkers.items():
            task = bar.add_task(name)

            def show(done: int, total: int, task: Any = task) -> None:
                bar.update(task, completed=done, total=total)

            report = checker(progress=show, **options)
            if report.verdict == "wrong":
                bar.update(task, description=f"{name}: looking for the line")
            reports.append(located(report, checker, arguments))
    return reports


def located(report: Report, checker: Callable[..., Report], arguments: Namespace) -> Report:
    """Let the debugger look for the line, where somebody's cell is wrong."""
    if report.verdict != "wrong" or not arguments.cells or not isinstance(checker, partial):
        return report
    question = question_of(checker.args[0], arguments.seed)
    diagnosis = debug(*question[:4], example=question.example, seconds=SEARCH)
    return replace(report, diagnosis=diagnosis)


def tell(reports: list[Report]) -> None:
    """Print right cells as tables, and what is not right in full."""
    console = Console(highlight=False)
    for number, report in enumerate(reports):
        if number:
            console.print()
        if report.verdict == "right":
            console.print(report_table(report))
        else:
            console.print(str(report), markup=False, soft_wrap=True)


def status_of(reports: list[Report]) -> int:
    """Return 1 if any cell is wrong, else 2 if any is inconclusive, else 0."""
    verdicts = {report.verdict for report in reports}
    if "wrong" in verdicts:
        return 1
    return 0 if verdicts == {"right"} else 2


def checkers_of(arguments: Namespace) -> dict[str, Callable[..., Report]]:
    """Return a check for each cell asked for, or for every built-in cell and the model.

    All cells are looked at before the first is checked: a slip in the last name costs no waiting.
    """
    if not arguments.cells:
        built_in = {cell.__name__: partial(check, cell) for cell in TWINS}
        return {**built_in, "CharLM": check_char_lm}
    checkers = {}
    for place in arguments.cells:
        cell = load_cell(place)
        try:
            subject_of(cell)
        except TypeError as error:
            raise UnusableInputError(str(error)) from error
        checkers[place] = partial(check, cell)
    return checkers
