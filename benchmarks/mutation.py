"""Mistakes planted in the hand-written backward, and who catches them.

python -m benchmarks.mutation                            the table, on the screen
python -m benchmarks.mutation --write docs/mutation.md   the table as a page
python -m benchmarks.mutation --save FILE                the figures, for benchmarks.cells
python -m benchmarks.mutation --false-alarms 100000      right cells, written differently
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
from benchmarks.mutation_summary import Summary, all_subjects, load, measure, save
from tests.mutation.false_alarms import Tally, count_false_alarms
from tests.mutation.operators import OPERATORS, STATEMENT_OPERATORS

INTRODUCTION = """\
# The checks are checked

Each line of the hand-written backward of every cell and layer is changed in every way that the
operators below know, one mistake at a time. Every mutant has to be caught twice: by the comparison
with JAX alone, on random problems solved once, and by the exact prover alone. Those that compute
the same function are listed with the reason; nothing else may survive. `make test` tries all
mutants of the LSTM and of what all cells share, and a share of the others, another one each time.
This page is written by `python -m benchmarks.mutation --write docs/mutation.md`.
"""


def table(summaries: list[Summary]) -> Iterator[str]:
    """Yield the lines of the table of functions."""
    yield "| function | mutants | caught by JAX alone | caught by the prover alone | equivalent |"
    yield "|---|---:|---:|---:|---:|"
    for summary in summaries:
        yield row(f"`{summary.name}`", [summary])
    yield row("together", summaries)


def row(name: str, summaries: list[Summary]) -> str:
    counts = (
        sum(summary.mutants for summary in summaries),
        sum(summary.sampled for summary in summaries),
        sum(summary.exact for summary in summaries),
        sum(len(summary.equivalent) for summary in summaries),
    )
    return f"| {name} | " + " | ".join(f"{count:,}" for count in counts) + " |"


def figures(summaries: list[Summary]) -> Iterator[str]:
    """Yield what else there is to say: margin, times, machine."""
    raised = sum(summary.raised for summary in summaries)
    weakest = min(summary.weakest for summary in summaries)
    yield (
        f"Of those that JAX caught, {raised:,} raised an exception or returned something of "
        f"another name, shape or NaN; the smallest error of the others was {weakest:.0e} times "
        "what rounding explains."
    )
    yield ""
    seconds: Counter[str] = Counter()
    for summary in summaries:
        seconds.update(summary.seconds)
    parts = ", ".join(f"{part} {spent:.1f} s" for part, spent in seconds.items())
    yield f"Processor time: {parts}; {sum(seconds.values()):.0f} s in all."
    yield (
        f"Python {platform.python_version()}, NumPy {np.__version__}, JAX {jax.__version__}, "
        f"{os.cpu_count()} cores."
    )


def kinds(summaries: list[Summary]) -> Iterator[str]:
    """Yield the operators and how many mutants each has made."""
    made: Counter[str] = Counter()
    for summary in summaries:
        made.update(summary.kinds)
    yield "| mistake | mutants |"
    yield "|---|---:|"
    for operator in (*OPERATORS, *STATEMENT_OPERATORS):
        yield f"| {(operator.__doc__ or '').strip()} | {made[operator.__name__]:,} |"


def equivalents(summaries: list[Summary]) -> Iterator[str]:
    """Yield the mutants that compute the same function, with the reason."""
    for summary in summaries:
        if not summary.equivalent:
            continue
        yield ""
        yield f"`{summary.name}`"
        yield ""
        for (line, why), mutations in grouped(summary).items():
            told = f"any of {len(mutations)} changes"
            if len(mutations) <= MOST_TOLD:
                told = ", ".join(m if m == "(deleted)" else f"`{m}`" for m in mutations)
            yield f"- `{line}` → {told}: {why}."


MOST_TOLD = 4  # mutations of a line with one reason; of more their number is told


def grouped(summary: Summary) -> dict[tuple[str, str], list[str]]:
    """Return the mutations that passed by line and reason."""
    groups: dict[tuple[str, str], list[str]] = {}
    for line, mutation, why in summary.equivalent:
        groups.setdefault((line, why), []).append(mutation)
    return groups


def page(summaries: list[Summary]) -> str:
    parts = [
        INTRODUCTION,
        *table(summaries),
        "",
        *figures(summaries),
        "\n## The mistakes\n",
        *kinds(summaries),
        "\n## Equivalent mutants\n",
        "Both judges call these right, as they must; but for a few that only floats can run.",
        *equivalents(summaries),
    ]
    return "\n".join(parts) + "\n"


def false_alarms(tally: Tally) -> Iterator[str]:
    """Yield the outcome of the comparison of right cells."""
    shares = ", ".join(f"{name} {count:,}" for name, count in tally.compared.items())
    worst = ", ".join(f"{name} {value:.1f}" for name, value in sorted(tally.worst.items()))
    yield f"{tally.cases:,} random problems in {tally.seconds:.0f} s: {shares}."
    yield f"Accused: {len(tally.accused)}."
    yield f"Worst error in units of (ε·largest entry + response to roundings), 32 allowed: {worst}."
    for problem in tally.accused[:10]:
        yield f"  {problem.cell!r} {problem.case!r}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--false-alarms", type=int, metavar="CASES", help="compare right cells with JAX instead"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table there")
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep the figures there")
    parser.add_argument("--from", type=Path, metavar="FILE", dest="saved", help="figures kept")
    parser.add_argument("--only", metavar="NAME", help="measure (again) the functions named so")
    parser.add_argument("--processes", type=int, help="as many as there are cores, if not told")
    options = parser.parse_args()

    def tell(text: str) -> None:
        if sys.stderr.isatty():
            print(f"\r{text:<70}", end="", file=sys.stderr, flush=True)

    if options.false_alarms is not None:
        tally = count_false_alarms(
            options.false_alarms, options.seed, lambda done: tell(f"{done:,} problems")
        )
        tell("")
        print(*false_alarms(tally), sep="\n")
        return bool(tally.accused)

    summaries = [] if options.saved is None else load(options.saved)
    if options.saved is None or options.only:
        chosen = [s for s in all_subjects() if options.only is None or options.only in s.name]
        measured = {s.name: s for s in measure(chosen, tell, options.processes)}
        kept = [measured.pop(summary.name, summary) for summary in summaries]
        summaries = [*kept, *measured.values()]
        tell("")
    if options.save is not None:
        save(summaries, options.save)
    text = page(summaries)
    if options.write is None:
        print(text)
    else:
        options.write.write_text(text)
    unexplained = [(s.name, told) for s in summaries for told in s.unexplained]
    for name, told in unexplained:
        print(f"SURVIVES: {name}: {told}", file=sys.stderr)
    return bool(unexplained)


if __name__ == "__main__":
    sys.exit(main())
