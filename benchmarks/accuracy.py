"""How far the hand-written gradients are from JAX's and torch's, on the same random problems.

python -m benchmarks.accuracy [--cases 2000] [--seed 0]
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np

import manual_lstm as ml
from reference.batch import BatchComparison, compare_batch
from reference.oracles import JaxOracle, Oracle
from reference.plan import WIDEST, Plan
from reference.problem import Problem, draw
from reference.stacking import Padded
from reference.subject import subject_of
from reference.tolerance import SAFETY

try:
    from tests.peers.test_torch import TORCH
except ImportError:
    TORCH = None

BATCH = 64
Worst = dict[str, list[float]]


def problems(seed: int) -> Iterator[Problem]:
    """Yield problems as `check` draws them, in float64, every row alive for a step at least.

    The last is for torch, which packs no empty row.
    """
    for _, batch in Plan(subject_of(ml.LSTM)).batches(np.random.default_rng(seed)):
        for problem in batch:
            case = replace(problem.case, T=max(problem.case.T, 1), float32=False)
            drawn = draw(problem.cell, case)
            lengths = None if drawn.lengths is None else np.maximum(drawn.lengths, 1)
            yield replace(drawn, lengths=lengths)


def worst_of(comparison: BatchComparison, worst: Worst) -> None:
    """Add a comparison: the error in ulps of the largest entry, and the same divided by 1 + p."""
    for name, errors in comparison.errors.items():
        unit = comparison.eps * comparison.scales[name]
        ulps = np.divide(errors, unit, where=unit > 0, out=np.zeros_like(errors))
        worst[name] = list(map(max, worst[name], (ulps.max(), comparison.in_ulps(name).max())))


def measure(cases: int, seed: int) -> tuple[dict[str, Worst], int]:
    """Return the worst errors of each result by oracle, and how many problems are beyond 32."""
    oracles: dict[str, Oracle] = {
        "JAX": JaxOracle(Padded(ml.LSTM(WIDEST.D, WIDEST.H), T=WIDEST.T, B=WIDEST.B), count=BATCH)
    }
    if TORCH is not None:
        oracles["torch"] = TORCH
    worst: dict[str, Worst] = {name: defaultdict(lambda: [0.0, 0.0]) for name in oracles}
    drawn = problems(seed)
    rng = np.random.default_rng(seed)
    failing = 0
    for _ in range(0, cases, BATCH):
        batch = list(islice(drawn, BATCH))
        comparison = compare_batch(batch, oracles["JAX"], rng)
        worst_of(comparison, worst["JAX"])
        failing += len(comparison.failing)
        if TORCH is None:
            continue
        for problem in batch:
            comparison = compare_batch([problem], TORCH, rng)
            worst_of(comparison, worst["torch"])
            failing += len(comparison.failing)
    return worst, failing


def table(worst: dict[str, Worst]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| result | " + " | ".join(f"{name}, ulps | ÷ (1 + p)" for name in worst) + " |"
    yield "|---|" + "---:|---:|" * len(worst)
    for result in next(iter(worst.values())):
        cells = [
            f"{ulps:,.1f} | {divided:.1f}" for ulps, divided in (w[result] for w in worst.values())
        ]
        yield f"| `{result}` | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    started = time.perf_counter()
    worst, failing = measure(arguments.cases, arguments.seed)
    print("\n".join(table(worst)))
    cases = -(-arguments.cases // BATCH) * BATCH
    print(f"\n{cases:,} random problems in {time.perf_counter() - started:.0f} s; {failing} beyond "
          f"{SAFETY:.0f} × (1 + p).")  # fmt: skip
    if TORCH is None:
        print("Without torch (pip install -e '.[peers]').")


if __name__ == "__main__":
    main()
