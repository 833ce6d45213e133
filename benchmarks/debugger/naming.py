"""Measure how mistakes are named where the author's own mend is given: kinds and time steps.

    python benchmarks/debugger/naming.py --half develop --names
    python benchmarks/debugger/naming.py --half report --jobs 2

It separates naming from searching: nothing is looked for, and every fault of the benchmark is
planted alone and mended as its author would. Of the reported half only totals are printed.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one core a job; before NumPy is loaded

import numpy as np
from cases import Mistake, program_source
from measure import load_file
from subjects import half, mistakes

_SECONDS = 3.0


class Named(NamedTuple):
    """What was said of one fault, and what its author says: alternatives with bars between."""

    name: str
    said: tuple[str, str]
    accepted: tuple[str, str]


def named(mistake: Mistake) -> list[Named]:
    """Name every fault of a mistake, each planted alone."""
    right = program_source(mistake.program)
    alone = len(mistake.faults) == 1
    found = []
    for number, fault in enumerate(mistake.faults):
        wrong = right
        for old, new in mistake.edits if alone else mistake.edits[number : number + 1]:
            wrong = wrong.replace(old, new)
        said = _said(wrong, right, "gradient" not in mistake.shows)
        found.append(Named(f"{mistake.name} {number}", said, (fault.kind, fault.steps)))
    return found


def _said(wrong: str, right: str, only_effects: bool) -> tuple[str, str]:
    """Return kind and steps as the debugger tells them of a mend."""
    from reference.debugger.naming.harm import of_shape
    from reference.debugger.naming.kinds import kind_of
    from reference.debugger.naming.patterns import pattern_of_runs, seen_in
    from reference.debugger.naming.turns import turns
    from reference.debugger.running.program import Program
    from reference.debugger.running.timebox import Watchdog

    with tempfile.TemporaryDirectory() as folder, Watchdog() as watchdog:
        module = load_file(wrong, folder)
        drawn = [module.example(np.random.default_rng(k)) for k in range(2)]
        program = Program(module.loss, module.backward, watchdog, None)
        try:
            program.discover(drawn[0], _SECONDS)
            (file,) = program.sources
            runs = []
            with program.quiet():
                for inputs in drawn:
                    until = time.monotonic() + _SECONDS
                    seen = turns(program, inputs, file, wrong, right, until)
                    program.restore_texts({file: wrong})
                    runs.append((seen, inputs))
            kind = kind_of(wrong, right, seen_in(runs[0][0], only_effects))
            params, inputs = drawn[0]
            kind = of_shape(kind, runs[0][0], {**inputs, **params})
            return kind, pattern_of_runs(kind, wrong, right, runs)[0]
        finally:
            program.restore()


def _hits(found: list[Named], which: int) -> int:
    return sum(one.said[which] in one.accepted[which].split(" | ") for one in found)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--half", choices=("develop", "report"), default="develop")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="", help="cases whose name, or module, holds this text")
    parser.add_argument("--names", action="store_true", help="print what is named otherwise")
    options = parser.parse_args()
    chosen = [m for m in mistakes() if half(m.name) == options.half and options.only in m.name]
    with ProcessPoolExecutor(options.jobs) as pool:
        found = [one for some in pool.map(named, chosen, chunksize=4) for one in some]
    if options.names and options.half == "develop":
        for one in found:
            for said, accepted in zip(one.said, one.accepted, strict=True):
                if said not in accepted.split(" | "):
                    print(f"{one.name}: {said!r}, not {accepted!r}")
    for which, what in enumerate(("kind", "steps")):
        hits = _hits(found, which)
        print(f"{what:6}{hits}/{len(found)} {100 * hits / max(1, len(found)):.0f}%")


if __name__ == "__main__":
    main()
