"""Ask other gradient checkers about the benchmark's cases: one command that prints the table.

    python benchmarks/debugger/others.py --half develop --kind b --limit 20 --json others.json

The kinds, the halves and the cases are those of measure.py. Ctrl-C prints what is known so far.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core a job; before torch is loaded
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import page
from cases import load, program_source
from checkers import CHECKERS, ask
from measure import Case, subjects
from observe import RIGHT
from oracle import central_differences, errors


def asked(case: Case) -> dict[str, Any]:
    """Ask every checker about a case; its own names are compared with the truth."""
    kind, name, source, expected = case
    right = load(program_source(expected["program"]))
    params, inputs = right.example(np.random.default_rng(0))
    names = [n for n in right.backward(params, inputs) if n in {**inputs, **params}]
    record: dict[str, Any] = {"kind": kind, "name": name}
    for checker, function in CHECKERS.items():
        answer = ask(function, source, names)
        named = answer.gradient is not None and is_wrong(source, answer.gradient)
        record[checker] = asdict(answer) | {
            "message": answer.message[:500],
            "detected": answer.detected,
            "names a wrong gradient": named,
        }
    return record


def is_wrong(source: str, name: str) -> bool:
    """Whether a program's gradient of this name differs from central differences."""
    module = load(source)
    params, inputs = module.example(np.random.default_rng(0))
    reference = central_differences(module, params, inputs, {name})
    manual = dict(module.backward(params, inputs))
    return name not in manual or errors(manual, reference)[name] > RIGHT


def table(records: Sequence[dict[str, Any]]) -> str:
    """Return the table: a column for each checker."""
    rows = [f"{'':32}" + "".join(f"{checker:>15}" for checker in CHECKERS)]

    def row(title: str, kinds: str, cell: Callable[[list[dict[str, Any]]], str]) -> None:
        chosen = [record for record in records if record["kind"] in kinds]
        if chosen:
            cells = (cell([record[checker] for record in chosen]) for checker in CHECKERS)
            rows.append(f"{title:32}" + "".join(f"{text:>15}" for text in cells))

    def share(test: Callable[[dict[str, Any]], bool]) -> Callable[[list[dict[str, Any]]], str]:
        def cell(answers: list[dict[str, Any]]) -> str:
            hits = sum(map(test, answers))
            return f"{hits}/{len(answers)} {100 * hits / len(answers):.0f}%"

        return cell

    def seconds(answers: list[dict[str, Any]]) -> list[float]:
        return [answer["seconds"] for answer in answers]

    def outcome(word: str) -> Callable[[list[dict[str, Any]]], str]:
        return share(lambda answer: answer["outcome"] == word)

    row("detected, a: mutants", "a", share(lambda answer: answer["detected"]))
    row("detected, b: mistakes", "b", share(lambda answer: answer["detected"]))
    row("  the program's own exception", "ab", outcome("raised"))
    row("  an exception of the checker's", "ab", outcome("refused"))
    row("no answer in time", "abc", outcome("no answer"))
    row("false alarms, c: right", "c", outcome("mismatch"))
    row("fails on a right program, c", "c", share(lambda a: a["outcome"] in ("raised", "refused")))
    row("names a wrong gradient", "ab", share(lambda answer: answer["names a wrong gradient"]))
    row("names a time step", "ab", share(lambda answer: answer["step"]))
    row("names a line", "ab", share(lambda answer: answer["line"]))
    for title, percent in (("median s", 50), ("p95 s", 95)):
        row(title, "abc", lambda all_, q=percent: f"{np.percentile(seconds(all_), q):.2f}")
    counts = ", ".join(f"{kind} {sum(r['kind'] == kind for r in records)}" for kind in "abc")
    return "\n".join([*rows, f"cases: {counts}"])


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--half", choices=("develop", "report"), default="develop")
    parser.add_argument("--kind", default="abc", help="letters out of a, b, c")
    parser.add_argument("--limit", type=int, help="at most so many cases of a kind")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--docs", action="store_true", help="write the table into docs/debugger.md")
    options = parser.parse_args()
    records: list[dict[str, Any]] = []
    with multiprocessing.get_context("spawn").Pool(
        options.jobs, signal.signal, (signal.SIGINT, signal.SIG_IGN)
    ) as pool:
        chosen = [
            case
            for kind in options.kind
            for case in subjects(kind, options.half, options.limit, pool.map)
        ]
        try:
            for record in pool.imap_unordered(asked, chosen):
                records.append(record)
                if sys.stderr.isatty():
                    print(f"\r{len(records)}/{len(chosen)}", end="", file=sys.stderr)
                if options.json:
                    options.json.write_text(json.dumps(records, indent=1, default=str))
        except KeyboardInterrupt:
            print(f"interrupted: {len(records)} of {len(chosen)} cases", file=sys.stderr)
    if records:
        print(table(records))
    if options.docs and len(records) == len(chosen):
        command = page.made_by("others.py", options.half, options.kind, options.limit, options.jobs)
        page.put("others.py", f"{page.fenced(table(records))}\n\n{command}")


if __name__ == "__main__":
    main()
