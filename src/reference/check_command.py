"""``manual-lstm check``: from arguments to reports."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from rich.console import Console
from rich.progress import Progress

from reference.cells import TWINS
from reference.checker import check
from reference.load import load_cell
from reference.report.record import Report
from reference.subject import subject_of
from reference.unusable import UnusableInputError


def run(arguments: Namespace) -> int:
    """Check cells and print their reports; return the exit status."""
    options = {"seed": arguments.seed}
    if arguments.cases is not None:
        options["cases"] = arguments.cases
    console = Console(stderr=True)
    reports = []
    with Progress(console=console, transient=True, disable=not console.is_interactive) as bar:
        for cell in cells_of(arguments):
            task = bar.add_task(cell.__name__ if isinstance(cell, type) else repr(cell))

            def show(done: int, total: int, task: Any = task) -> None:
                bar.update(task, completed=done, total=total)

            reports.append(check(cell, progress=show, **options))
    if arguments.json:
        print(json.dumps([report.to_json() for report in reports], indent=2))
    else:
        print("\n\n".join(map(str, reports)))
    return status_of(reports)


def status_of(reports: list[Report]) -> int:
    """Return 1 if any cell is wrong, else 2 if any is inconclusive, else 0."""
    verdicts = {report.verdict for report in reports}
    if "wrong" in verdicts:
        return 1
    return 0 if verdicts == {"right"} else 2


def cells_of(arguments: Namespace) -> list[Any]:
    """Return the cells asked for, or every built-in class, each keeping the contract.

    All are looked at before the first is checked: a slip in the last name costs no waiting.
    """
    cells = [load_cell(place) for place in arguments.cells] or list(TWINS)
    for cell in cells:
        try:
            subject_of(cell)
        except TypeError as error:
            raise UnusableInputError(str(error)) from error
    return cells
