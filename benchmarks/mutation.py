"""Mistakes planted in the hand-written backward, and who catches them.

python -m benchmarks.mutation                            the table, on the screen
python -m benchmarks.mutation --write docs/mutation.md   the table as a page
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
from tests.mutation.campaign import Result, run
from tests.mutation.equivalent import ANY, EQUIVALENT, entry_of
from tests.mutation.false_alarms import Tally, count_false_alarms
from tests.mutation.operators import OPERATORS, STATEMENT_OPERATORS
from tests.mutation.subjects import SUBJECTS

INTRODUCTION = """\
# The checks are checked

Each line of the hand-written backward is changed in every way that the operators below know, one
mistake at a time. Every mutant has to be caught twice: by the comparison with JAX alone, on random
problems solved once, and by the exact prover alone. Those that compute the same function are
listed with the reason; nothing else may survive, and `make test` fails if something does. This
page is written by `python -m benchmarks.mutation --write docs/mutation.md`.
"""


def table(results: list[Result]) -> Iterator[str]:
    """Yield the lines of the table of functions."""
    yield "| function | mutants | caught by JAX alone | caught by the prover alone | equivalent |"
    yield "|---|---:|---:|---:|---:|"
    for result in results:
        yield row(f"`{result.subject.function.__qualname__}`", [result])
    yield row("together", results)


def row(name: str, results: list[Result]) -> str:
    counts = (
        sum(len(result.outcomes) for result in results),
        sum(result.caught("sampled") for result in results),
        sum(result.caught("exact") for result in results),
        sum(len(result.survivors) for result in results),
    )
    return f"| {name} | " + " | ".join(f"{count:,}" for count in counts) + " |"


def figures(results: list[Result]) -> Iterator[str]:
    """Yield what else there is to say: margin, times, machine."""
    outcomes = [outcome for result in results for outcome in result.outcomes]
    raised = sum(np.isinf(outcome.times) for outcome in outcomes)
    weakest = min(result.weakest for result in results)
    yield (
        f"Of those that JAX caught, {raised:,} raised an exception or returned something of "
        f"another name, shape or NaN; the smallest error of the others was {weakest:.0e} times "
        "what rounding explains."
    )
    yield ""
    seconds: Counter[str] = Counter()
    for result in results:
        seconds.update(result.seconds)
    parts = ", ".join(f"{part} {spent:.1f} s" for part, spent in seconds.items())
    yield f"Processor time: {parts}; {sum(seconds.values()):.0f} s in all."
    yield (
        f"Python {platform.python_version()}, NumPy {np.__version__}, JAX {jax.__version__}, "
        f"{os.cpu_count()} cores."
    )


def kinds(results: list[Result]) -> Iterator[str]:
    """Yield the operators and how many mutants each has made."""
    made = Counter(o.mutant.operator for result in results for o in result.outcomes)
    yield "| mistake | mutants |"
    yield "|---|---:|"
    for operator in (*OPERATORS, *STATEMENT_OPERATORS):
        yield f"| {(operator.__doc__ or '').strip()} | {made[operator.__name__]:,} |"


def equivalents(results: list[Result]) -> Iterator[str]:
    """Yield the mutants that compute the same function, with the reason."""
    counted = Counter(entry_of(o.mutant.key) for result in results for o in result.survivors)
    for result in results:
        entries = [key for key in EQUIVALENT if key in result.entries]
        if entries:
            yield ""
            yield f"`{result.subject.function.__qualname__}`"
            yield ""
        for key in entries:
            mutation = f"any of {counted[key]} changes" if key.mutation == ANY else key.mutation
            told = mutation if key.mutation in (ANY, "(deleted)") else f"`{mutation}`"
            yield f"- `{key.line}` → {told}: {EQUIVALENT[key]}."


def page(results: list[Result]) -> str:
    parts = [
        INTRODUCTION,
        *table(results),
        "",
        *figures(results),
        "\n## The mistakes\n",
        *kinds(results),
        "\n## Equivalent mutants\n",
        "Both judges call each of these right, as they must.",
        *equivalents(results),
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

    results = []
    for subject in SUBJECTS:
        tell(subject.name)
        results.append(run(subject))
    tell("")
    text = page(results)
    if options.write is None:
        print(text)
    else:
        options.write.write_text(text)
    unexplained = [o for r in results for o in r.survivors if entry_of(o.mutant.key) is None]
    for outcome in unexplained:
        print(f"SURVIVES {' and '.join(outcome.survivor_of)}: {outcome.mutant}", file=sys.stderr)
    return bool(unexplained)


if __name__ == "__main__":
    sys.exit(main())
