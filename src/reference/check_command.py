"""``manual-lstm check``: from arguments to reports."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.progress import Progress

from reference.campaigns.command import reports_of
from reference.cell_debug import debug_cell
from reference.everything import everything, report_on
from reference.load import load_cell
from reference.report.lines import head, report_line, summary, width_of
from reference.report.record import Report
from reference.report.table import report_table
from reference.subject import subject_of
from reference.unusable import UnusableInputError

SEARCH = 15.0  # seconds in which the debugger looks for the line of a cell that is wrong


def run(arguments: Namespace) -> int:
    """Check cells and print their reports; return the exit status."""
    asked = asked_in(arguments)
    if arguments.jobs is None and arguments.journal is None and not arguments.resume:
        reports = one_by_one(asked, arguments)
    else:
        # A worker loads a cell of the user's itself, from its place.
        shared = list(asked) if arguments.cells else list(asked.values())
        reports = [
            located(report, cell, arguments)
            for report, cell in zip(reports_of(shared, arguments), asked.values(), strict=True)
        ]
    if arguments.json:
        print(json.dumps([report.to_json() for report in reports], indent=2))
    else:
        tell(reports, verbose=arguments.verbose)
    return status_of(reports)


def one_by_one(asked: dict[str, Any], arguments: Namespace) -> list[Report]:
    """Return the reports of cells that are checked one after the other."""
    options = {"seed": arguments.seed}
    if arguments.cases is not None:
        options["cases"] = arguments.cases
    console = Console(stderr=True)
    reports = []
    with Progress(console=console, transient=True, disable=not console.is_interactive) as bar:
        for name, cell in asked.items():
            task = bar.add_task(name)

            def show(done: int, total: int, task: Any = task) -> None:
                bar.update(task, completed=done, total=total)

            report = report_on(cell, progress=show, **options)
            if report.verdict == "wrong":
                bar.update(task, description=f"{name}: looking for the line")
            reports.append(located(report, cell, arguments))
            bar.update(task, visible=len(asked) == 1)  # of many, the one that runs
    return reports


def located(report: Report, cell: Any, arguments: Namespace) -> Report:
    """Let the debugger look for the line, where somebody's cell is wrong."""
    if report.verdict != "wrong" or not arguments.cells:
        return report
    diagnosis = debug_cell(cell, report=report, seconds=SEARCH, seed=arguments.seed)
    return replace(report, diagnosis=diagnosis)


def tell(reports: list[Report], *, verbose: bool = False) -> None:
    """Print a line for each right cell, one alone as a table, and what is not right in full."""
    console = Console(highlight=False)
    verbose = verbose or len(reports) == 1
    lined = [report for report in reports if report.verdict == "right" and not verbose]
    before = ""  # what was printed last: nothing, a line, or a whole report
    for report in reports:
        now = "line" if report in lined else "whole"
        if before and (before, now) != ("line", "line"):
            console.print()
        if now == "line":
            if before != "line":
                console.print(head(lined), markup=False, soft_wrap=True)
            line = report_line(report, width_of(lined))
            console.print(line, markup=False, soft_wrap=True)
        elif report.verdict == "right":
            console.print(report_table(report))
        else:
            console.print(str(report), markup=False, soft_wrap=True)
        before = now
    if len(reports) > 1:
        console.print(f"\n{summary(reports)}", markup=False, soft_wrap=True)


def status_of(reports: list[Report]) -> int:
    """Return 1 if any cell is wrong, else 2 if any is inconclusive, else 0."""
    verdicts = {report.verdict for report in reports}
    if "wrong" in verdicts:
        return 1
    return 0 if verdicts == {"right"} else 2


def asked_in(arguments: Namespace) -> dict[str, Any]:
    """Return each cell asked for by its place, or what is checked where nothing is named.

    All cells are looked at before the first is checked: a slip in the last name costs no waiting.
    """
    if not arguments.cells:
        return everything()
    asked = {}
    for place in arguments.cells:
        asked[place] = load_cell(place)
        try:
            subject_of(asked[place])
        except TypeError as error:
            raise UnusableInputError(str(error)) from error
    return asked
