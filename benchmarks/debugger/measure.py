"""Measure the debugger on the benchmark: one command that prints the table.

    python benchmarks/debugger/measure.py --half develop --kind b --limit 20 --json figures.json
    python benchmarks/debugger/measure.py --half report --jobs 2 --docs

Kinds: a, mutants of right programs by single-term operators; b, realistic mistakes; c, right
programs. Of the reported half only totals are printed unless --names is given. --docs writes the
table, and the cases that fall short, into docs/debugger.md.
"""

from __future__ import annotations

import argparse
import faulthandler
import importlib.util
import json
import multiprocessing
import os
import re
import statistics
import sys
import tempfile
import time
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one core a job; before NumPy is loaded

import numpy as np
import page
from cases import Mistake
from observe import RIGHT
from oracle import central_differences, errors
from readers import of_either
from subjects import half, mistakes, mutants, right

SECONDS = 20.0
_CASES_OF_A_PROCESS = 40

_OWN_FAULT = re.compile("ended early|stopped: |was not read")

Case = tuple[str, str, str, dict[str, Any]]
"""Kind, name, source, and what is expected: the right program's name, and where faults are, the
lines, kinds and steps that are accepted."""


def load_file(source: str, folder: str) -> types.ModuleType:
    """Write a source to a file of its own and import it, as a user's file is."""
    path = Path(folder) / "subject.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("subject", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def subjects(
    kind: str, side: str, limit: int | None, mapped: Callable[..., Iterable[Any]] = map
) -> list[Case]:
    """Cases of a kind and half; `mapped` may be the map of a pool, since mutants take time."""
    programs = [s for s in right() if half(s.name) == side]
    chosen: list[Case] = []
    if kind == "a":
        for made in mapped(mutants, [program.name for program in programs]):
            # Ten of a program, spread over its text: the operators make hundreds.
            step = max(1, len(made) // 10)
            chosen += [
                ("a", m.name, m.source, {"program": m.program, "lines": [list(m.lines)]})
                for m in made[::step][:10]
            ]
    elif kind == "b":
        chosen = [("b", m.name, m.source, _expected(m)) for m in mistakes() if half(m.name) == side]
    else:
        chosen = [("c", s.name, s.source, {"program": s.name}) for s in programs]
    if limit is not None and len(chosen) > limit:
        chosen = chosen[:: max(1, len(chosen) // limit)][:limit]
    return chosen


def _expected(mistake: Mistake) -> dict[str, Any]:
    source = mistake.source
    return {
        "program": mistake.program,
        "lines": [fault.line_numbers(source) for fault in mistake.faults],
        "kinds": [fault.kind for fault in mistake.faults],
        "steps": [fault.steps for fault in mistake.faults],
        "either": of_either(mistake.name, mistake.faults),
    }


def measure(case: Case, seconds: float = SECONDS) -> dict[str, Any]:
    """Debug one case and compare the answer with what was planted."""
    from reference.debugger.debug import debug

    kind, name, source, expected = case
    # A debugger that hangs shows where.
    faulthandler.dump_traceback_later(4 * seconds + 60, exit=True)
    record: dict[str, Any] = {"kind": kind, "name": name}
    with tempfile.TemporaryDirectory() as folder:
        module = load_file(source, folder)
        params, inputs = module.example(np.random.default_rng(0))
        started = time.perf_counter()
        try:
            found = debug(
                module.loss, module.backward, params, inputs,
                example=module.example, seconds=seconds,
            )  # fmt: skip
        except Exception as error:
            return record | {"verdict": f"{type(error).__name__}: {error}", "seconds": 0.0}
        record |= {"verdict": found.verdict, "seconds": time.perf_counter() - started}
        if kind == "c":
            return record
        lines = [suspect.line for suspect in found.suspects]
        accepted = expected["lines"]
        record |= {
            "accused": [(s.line, s.kind, s.pattern, s.text) for s in found.suspects[:4]],
            "accepted": accepted,
            "ranks": [next((k for k, n in enumerate(lines) if n in f), None) for f in accepted],
            "line first": bool(lines) and any(lines[0] in fault for fault in accepted),
            "culprits in three": all(
                any(line in fault for line in lines[: 3 * len(accepted)]) for fault in accepted
            ),
            "fixed": bool(found.fixes),
            "verified fix": bool(found.fixes) and holds(found.fixes[0], source, name),
            "fix": found.fixes[0].diff if found.fixes else "",
            "own faults": [reason for reason in found.reasons if _OWN_FAULT.search(reason)],
        }
        if kind == "b":
            first = [
                next((s for s in found.suspects if s.line in fault), None) for fault in accepted
            ]
            for key, said in (("kinds", "kind"), ("steps", "pattern")):
                record[f"{said} right"] = all(
                    s is not None and getattr(s, said) in wanted.split(" | ")
                    for s, wanted in zip(first, expected[key], strict=True)
                )
                record[f"{said} by a reader"] = all(
                    s is not None and getattr(s, said) in words[key]
                    for s, words in zip(first, expected["either"], strict=True)
                )
            record["pattern alike"] = all(
                s is not None and _is_at_steps(s.pattern, wanted.split(" | "))
                for s, wanted in zip(first, expected["steps"], strict=True)
            )
            record["said"] = [s and (s.kind, s.pattern) for s in first]
            record["expected"] = list(zip(expected["kinds"], expected["steps"], strict=True))
    return record


def _is_at_steps(said: str, accepted: list[str]) -> bool:
    """Whether time steps are accepted, "none" and "all" as one.

    Of a line that is run once for all steps, authors say either.

    Examples
    --------
    >>> _is_at_steps("none", ["all"]), _is_at_steps("none", ["t=0"])
    (True, False)
    """
    whole = {"none", "all"}
    return said in accepted or (said in whole and not whole.isdisjoint(accepted))


def processes(jobs: int) -> ProcessPoolExecutor:
    """Return a pool of processes that have imported nothing."""
    return ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"))


def measured(cases: Sequence[Case], seconds: float, jobs: int) -> Iterator[dict[str, Any]]:
    """Measure cases in so many processes; if one dies, its case is told, and the others go on."""
    left = {case[1]: case for case in cases}
    while left:
        doubtful: list[Case] = []
        # Compiled programs pile up, so processes are replaced; a pool that does it itself
        # (max_tasks_per_child) can wait for ever.
        some = list(left.values())[: _CASES_OF_A_PROCESS * jobs]
        with processes(jobs) as pool:
            waiting = [pool.submit(measure, case, seconds) for case in some]
            try:
                for future in as_completed(waiting):
                    record = future.result()
                    del left[record["name"]]
                    yield record
            except BrokenProcessPool:
                # All that wait are lost with it. The next ones are tried alone: one of them did it.
                doubtful = list(left.values())[: 2 * jobs]
        for case in doubtful:
            with processes(1) as alone:
                try:
                    record = alone.submit(measure, case, seconds).result()
                except BrokenProcessPool:
                    record = {"kind": case[0], "name": case[1], "seconds": 4 * seconds}
                    record["verdict"] = "the process died"
            del left[case[1]]
            yield record


def holds(fix: Any, source: str, name: str) -> bool:
    """Whether the mended source is right on inputs that the debugger never saw."""
    from cases import load

    module = load(fix.apply_to(source), "mended")
    for k in range(3):
        params, inputs = module.example(np.random.default_rng([99, k]))
        manual = dict(module.backward(params, inputs))
        reference = central_differences(module, params, inputs, set(manual))
        if max(errors(manual, reference).values(), default=1.0) > 10 * RIGHT:
            return False
    return True


def table(records: Sequence[dict[str, Any]]) -> str:
    """Return the table."""
    rows = [f"{'':24}" + "".join(f"{kind:>14}" for kind in "abc")]

    def row(title: str, share: Any) -> None:
        cells = []
        for kind in "abc":
            chosen = [r for r in records if r["kind"] == kind]
            cells.append(f"{share(chosen, kind) if chosen else '':>14}")
        rows.append(f"{title:24}" + "".join(cells))

    def percent(key: str, kinds: str) -> Any:
        def cell(chosen: list[dict[str, Any]], kind: str) -> str:
            if kind not in kinds:
                return ""
            hits = sum(bool(r.get(key)) for r in chosen)
            return f"{hits}/{len(chosen)} {100 * hits / len(chosen):.0f}%"

        return cell

    def by_fault(which: int) -> Any:
        def cell(chosen: list[dict[str, Any]], kind: str) -> str:
            if kind != "b":
                return ""
            told = [
                said is not None and said[which] in expected[which].split(" | ")
                for record in chosen
                for said, expected in zip(
                    record.get("said", ()), record.get("expected", ()), strict=True
                )
            ]
            return f"{sum(told)}/{len(told)} {100 * sum(told) / max(1, len(told)):.0f}%"

        return cell

    for record in records:
        record["detected"] = record["verdict"] == "wrong"
        record["false alarm"] = record["verdict"] == "wrong"
        record["said right"] = record["verdict"] == "right"
    row("cases", lambda chosen, _: str(len(chosen)))
    row("detected", percent("detected", "ab"))
    row("false alarms", percent("false alarm", "c"))
    row("called right", percent("said right", "c"))
    row("right line first", percent("line first", "ab"))
    row("culprits in first three", percent("culprits in three", "ab"))
    row("kind right", percent("kind right", "b"))
    row("  fault by fault", by_fault(0))
    row("  by either reader", percent("kind by a reader", "b"))
    row("time step right", percent("pattern right", "b"))
    row("  fault by fault", by_fault(1))
    row("  by either reader", percent("pattern by a reader", "b"))
    row("  none and all as one", percent("pattern alike", "b"))
    row("verified fix", percent("verified fix", "ab"))
    row("median s", lambda chosen, _: f"{statistics.median(r['seconds'] for r in chosen):.1f}")
    row("p95 s", lambda chosen, _: f"{np.percentile([r['seconds'] for r in chosen], 95):.1f}")
    return "\n".join(rows)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--half", choices=("develop", "report"), default="develop")
    parser.add_argument("--kind", default="abc", help="letters out of a, b, c")
    parser.add_argument("--limit", type=int, help="at most so many cases of a kind")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", help="cases whose name holds this text")
    parser.add_argument("--names", action="store_true", help="print every case that falls short")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="budget of a diagnosis")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--docs", action="store_true", help="write the table into docs/debugger.md")
    options = parser.parse_args()
    with processes(options.jobs) as pool:
        chosen = [
            case
            for kind in options.kind
            for case in subjects(kind, options.half, options.limit, pool.map)
            if options.only is None or options.only in case[1]
        ]
    records = []
    for record in measured(chosen, options.seconds, options.jobs):
        records.append(record)
        if sys.stderr.isatty():
            print(f"\r{len(records)}/{len(chosen)}", end="", file=sys.stderr)
        if options.json:
            options.json.write_text(json.dumps(records, indent=1, default=str))
    if options.names:
        for record in sorted(records, key=lambda r: r["name"]):
            short = [k for k, v in record.items() if v is False]
            if short or record["verdict"] not in ("wrong", "right"):
                print(record["name"], f"{record['seconds']:.1f} s", record["verdict"], short)
                print("   ", record.get("accepted"), record.get("expected"))
                print("   ", record.get("accused"), *record.get("own faults", []))
                if record.get("fix"):
                    print(
                        "\n".join(
                            f"      {x}"
                            for x in record["fix"].splitlines()
                            if x[:1] in "+-" and x[:3] not in ("+++", "---")
                        )
                    )
    print(table(records))
    if options.docs:
        script = page.made_by("measure.py", options.half, options.kind, options.limit, options.jobs)
        page.put(
            "measure.py",
            f"{page.fenced(table(records))}\n\n{script}\n\n{page.listed(records, options.seconds)}",
        )


if __name__ == "__main__":
    main()
