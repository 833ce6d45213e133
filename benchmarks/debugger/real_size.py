"""Measure the debugger on programs of real size: one command that prints the table.

    python benchmarks/debugger/real_size.py
    python benchmarks/debugger/real_size.py --docs

The programs are those of other authors, with hidden sizes of 48 to 200 and one fixed size in
`example`; each is right, and has three mistakes. A fix counts if the mended program gives the
gradients of the right one at its own sizes.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded

import numpy as np
import page
from measure import SECONDS, load_file

PROGRAMS = Path(__file__).parent / "real_size"
_CLOSE = 1e-3  # relative to a gradient's largest entry: some programs have seven digits

Case = tuple[str, str, str, list[list[int]]]
"""Name, name of the program, source, and for each fault the lines at which it is."""


def cases() -> list[Case]:
    """Return the right programs, and those with mistakes."""
    sources = {path.stem: path.read_text() for path in sorted(PROGRAMS.glob("*.py"))}
    found: list[Case] = [(name, name, source, []) for name, source in sources.items()]
    for mistake in json.loads((PROGRAMS / "mistakes.json").read_text()):
        source = sources[mistake["program"]]
        for old, new in mistake["edits"]:
            if source.count(old) != 1:
                raise ValueError(f"{mistake['name']}: {old!r} occurs {source.count(old)} times")
            source = source.replace(old, new)
        found.append((mistake["name"], mistake["program"], source, mistake["lines"]))
    return found


def measured(case: Case) -> dict[str, Any]:
    """Debug one case and compare the answer with what was planted."""
    from reference.debugger.debug import debug

    name, program, source, faults = case
    with tempfile.TemporaryDirectory() as folder:
        module = load_file(source, folder)
        params, inputs = module.example(np.random.default_rng(0))
        started = time.perf_counter()
        found = debug(
            module.loss, module.backward, params, inputs, example=module.example, seconds=SECONDS
        )
        took = time.perf_counter() - started
    lines = [suspect.line for suspect in found.suspects]
    record = {"name": name, "right": not faults, "verdict": found.verdict, "seconds": took,
              "proved": bool(found.evidence.get("proved"))}  # fmt: skip
    if faults:
        record |= {
            "line first": bool(lines) and any(lines[0] in fault for fault in faults),
            "culprits in three": all(
                any(line in fault for line in lines[: 3 * len(faults)]) for fault in faults
            ),
            "offered": bool(found.fixes),
            "fix": bool(found.fixes)
            and _mends(found.fixes[0].apply_to(source), (PROGRAMS / f"{program}.py").read_text()),
        }
    return record


def _mends(mended: str, right: str) -> bool:
    """Return whether two programs give the same gradients at their own sizes."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        ours, theirs = load_file(mended, one), load_file(right, other)
        for k in range(3):
            params, inputs = theirs.example(np.random.default_rng([99, k]))
            got, wanted = ours.backward(params, inputs), theirs.backward(params, inputs)
            for name, gradient in wanted.items():
                size = float(np.max(np.abs(gradient), initial=0.0))
                if not np.allclose(got[name], gradient, rtol=0, atol=_CLOSE * size):
                    return False
    return True


def table(records: list[dict[str, Any]]) -> str:
    """Return the table."""
    right = [record for record in records if record["right"]]
    wrong = [record for record in records if not record["right"]]

    def share(chosen: list[dict[str, Any]], count: int) -> str:
        return f"{count}/{len(chosen)} {100 * count / max(1, len(chosen)):.0f}%"

    rows = [
        ("right programs called right", share(right, sum(r["verdict"] == "right" for r in right))),
        ("  proved at smaller sizes", share(right, sum(bool(r.get("proved")) for r in right))),
        ("  false alarms", share(right, sum(r["verdict"] == "wrong" for r in right))),
        ("mistakes detected", share(wrong, sum(r["verdict"] == "wrong" for r in wrong))),
        ("  called right", share(wrong, sum(r["verdict"] == "right" for r in wrong))),
        *((title, share(wrong, sum(bool(r.get(key)) for r in wrong))) for title, key in (
            ("right line first", "line first"), ("culprits in first three", "culprits in three"),
            ("fix offered", "offered"), ("fix right at its own sizes", "fix"),
        )),
        ("median s", f"{statistics.median(r['seconds'] for r in wrong):.1f}"),
        ("p95 s", f"{np.percentile([r['seconds'] for r in wrong], 95):.1f}"),
    ]  # fmt: skip
    return "\n".join(f"{title:30}{value:>14}" for title, value in rows)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", help="cases whose name holds this text")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--names", action="store_true", help="print every case")
    parser.add_argument("--docs", action="store_true", help="write the table into docs/debugger.md")
    options = parser.parse_args()
    chosen = [case for case in cases() if options.only is None or options.only in case[0]]
    records = []
    for case in chosen:
        # Each in a process of its own: one that dies takes no other with it.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
            try:
                records.append(alone.submit(measured, case).result())
            except Exception as error:
                verdict = f"{type(error).__name__}: {error}"
                records.append({"name": case[0], "right": not case[3], "verdict": verdict,
                                "seconds": SECONDS})  # fmt: skip
        if options.names:
            print(records[-1], flush=True)
        if sys.stderr.isatty():
            print(f"\r{len(records)}/{len(chosen)}", end="", file=sys.stderr)
        if options.json:
            options.json.write_text(json.dumps(records, indent=1))
    print(table(records))
    if options.docs:
        page.put(
            "real_size.py",
            f"{page.fenced(table(records))}\n\nWritten by `python benchmarks/debugger/real_size.py "
            f"--docs`; Python {platform.python_version()}, NumPy {np.__version__}, "
            f"{os.cpu_count()} cores.",
        )


if __name__ == "__main__":
    main()
