"""``manual-lstm check``: from arguments to reports."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from rich.console import Console
from rich.progress import Progress

from reference.cells import TWINS
from reference.checker import check
from reference.load import SIZES, load_cell

STATUS = {"right": 0, "wrong": 1, "inconclusive": 2}


def run(arguments: Namespace) -> int:
    """Check cells; return 1 if any is wrong, else 2 if any is inconclusive, else 0."""
    if arguments.cells:
        cells = {place: load_cell(place) for place in arguments.cells}
    else:
        cells = built_in_cells()
    options = {"seed": arguments.seed}
    if arguments.cases is not None:
        options["cases"] = arguments.cases
    console = Console(stderr=True)
    reports = []
    with Progress(console=console, transient=True, disable=not console.is_interactive) as bar:
        for name, cell in bar.track(cells.items(), description="checking"):
            bar.update(bar.task_ids[0], description=name)
            reports.append(check(cell, **options))
    if arguments.json:
        print(json.dumps([report.to_json() for report in reports], indent=2))
    else:
        print("\n\n".join(str(report) for report in reports))
    statuses = {STATUS[report.verdict] for report in reports}
    return 1 if 1 in statuses else max(statuses)


def built_in_cells() -> dict[str, Any]:
    """Return every built-in cell, in every variant, by its name."""
    cells = [kind(**SIZES, **variant) for kind, twin in TWINS.items() for variant in twin.variants]
    return {repr(cell): cell for cell in cells}
