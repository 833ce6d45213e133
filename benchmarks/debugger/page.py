"""What the measurements write into docs/debugger.md, between markers of their own."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

PAGE = Path(__file__).resolve().parents[2] / "docs" / "debugger.md"

_ORDINALS = ("first", "second", "third", "fourth")


def put(name: str, text: str) -> None:
    """Replace what stands between the markers `name` of the page by `text`."""
    begin, end = f"<!-- written by {name} -->\n", f"<!-- end of {name} -->\n"
    page = PAGE.read_text()
    for marker in (begin, end):
        if page.count(marker) != 1:
            message = f"{PAGE.name} has the marker {marker!r} {page.count(marker)} times, not once"
            raise ValueError(message)
    head, rest = page.split(begin)
    _, tail = rest.split(end)
    PAGE.write_text(f"{head}{begin}\n{text.strip()}\n\n{end}{tail}")


def made_by(script: str, half: str, kinds: str, limit: int | None, jobs: int) -> str:
    """Say which command a table is from, and on what it ran."""
    options = f"--half {half} --kind {kinds}"
    options += f" --limit {limit}" if limit is not None else ""
    options += f" --jobs {jobs}" if jobs != 1 else ""
    trial = half != "report" or limit is not None
    warning = (
        "**A trial run, on a few cases or on the wrong half: not the result.** " if trial else ""
    )
    return warning + (
        f"Written by `python benchmarks/debugger/{script} {options} --docs`; Python "
        f"{platform.python_version()}, NumPy {np.__version__}, {os.cpu_count()} cores."
    )


def fenced(table: str) -> str:
    """Return a table as it is printed."""
    return f"```text\n{table}\n```"


def shortfalls(record: dict[str, Any], budget: float) -> list[str]:
    """Say in which respects, and why, an answer of the debugger falls short."""
    verdict = record["verdict"]
    if record["kind"] == "c":
        return [] if verdict == "right" else [f"called {verdict}"]
    if verdict != "wrong":
        return [f"called {verdict}"]
    found = []
    ranks = record["ranks"]
    if not record["line first"]:
        named = [rank for rank in ranks if rank is not None]
        found.append(f"line {_ordinal(min(named))}" if named else "line not named")
    elif not record["culprits in three"]:
        unnamed = sum(rank is None for rank in ranks)
        found.append(
            f"{unnamed} of {len(ranks)} faults not named"
            if unnamed
            else f"last of {len(ranks)} faults {_ordinal(max(ranks))}"
        )
    if not record["fixed"]:
        late = record["seconds"] > 0.9 * budget
        found.append("no fix before the time was up" if late else "no fix in the catalogue")
    elif not record["verified fix"]:
        found.append("the fix fails on other values")
    for what, which in (("kind", 0), ("steps", 1)):
        found += _misnamed(what, record.get("said", ()), record.get("expected", ()), which)
    return found


def _ordinal(rank: int) -> str:
    return _ORDINALS[rank] if rank < len(_ORDINALS) else f"in place {rank + 1}"


def _misnamed(what: str, said: Any, expected: Any, which: int) -> list[str]:
    """Tell kinds or steps that were named otherwise; faults that were not named are told above."""
    return [
        f"{what}{f' of fault {k}' if len(said) > 1 else ''} {told[which] or 'none'}, "
        f"not {wanted[which]}"
        for k, (told, wanted) in enumerate(zip(said, expected, strict=True), 1)
        if told is not None and told[which] not in wanted[which].split(" | ")
    ]


def listed(records: Iterable[dict[str, Any]], budget: float) -> str:
    """Return the cases that fall short as a table, the realistic mistakes first."""
    rows = ["| case | kind | what falls short |", "|---|---|---|"]
    for record in sorted(records, key=lambda r: ("bca".index(r["kind"]), r["name"])):
        if why := shortfalls(record, budget):
            words = "; ".join(why).replace(" | ", " or ")
            rows.append(f"| `{record['name']}` | {record['kind']} | {words} |")
    return "\n".join(rows) if len(rows) > 2 else "None falls short."
