"""How often the sampled comparison accuses a cell that is right."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from tests.mutation.rewritten import REWRITTEN

import manual_lstm as ml
from reference.batch import compare_batch
from reference.oracles import JaxOracle
from reference.plan import BATCH, WIDEST, Plan
from reference.problem import Problem, draw
from reference.stacking import Padded
from reference.subject import subject_of


@dataclass
class Tally:
    """Problems compared for each cell, those accused, and the worst error seen.

    ``worst`` is in units of (ε · largest entry + response to one-ulp changes), of which 32 are
    allowed; where the comparison looked at the cell's own roundings, they are in it.
    """

    compared: dict[str, int] = field(default_factory=dict)
    accused: list[Problem] = field(default_factory=list)
    worst: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def cases(self) -> int:
        return sum(self.compared.values())


def _silent(done: int) -> None:
    """Report no progress."""


def count_false_alarms(
    cases: int, seed: int = 0, progress: Callable[[int], None] = _silent
) -> Tally:
    """Compare right cells with JAX on at least `cases` random problems, as `check` draws them."""
    tally = Tally()
    started = time.perf_counter()
    oracle = JaxOracle(Padded(ml.LSTM(WIDEST.D, WIDEST.H), T=WIDEST.T, B=WIDEST.B))
    rng = np.random.default_rng(seed)
    for problems in _problems(rng):
        comparison = compare_batch(problems, oracle, rng)
        tally.accused += [problems[n] for n in comparison.failing]
        for name in comparison.errors:
            worst = float(comparison.in_ulps(name).max(initial=0))
            tally.worst[name] = max(tally.worst.get(name, 0.0), worst)
        for problem in problems:
            name = type(problem.cell).__name__
            tally.compared[name] = tally.compared.get(name, 0) + 1
        progress(tally.cases)
        if tally.cases >= cases:
            break
    tally.seconds = time.perf_counter() - started
    return tally


def _problems(rng: np.random.Generator) -> Iterator[list[Problem]]:
    """Yield the batches that `check` draws for the LSTM, with the rewritten cells in its place."""
    plan = Plan(subject_of(ml.LSTM))
    for _, problems in plan.batches(rng):
        yield [
            draw(_rewritten(n)(*_sizes(problem)), problem.case)
            for n, problem in enumerate(problems)
            if problem.case is not None
        ]


def _rewritten(n: int) -> type[ml.LSTM]:
    # Whether there is a bias goes by n % 2 already.
    return REWRITTEN[n // 2 % len(REWRITTEN)]


def _sizes(problem: Problem) -> tuple[int, int, bool]:
    return problem.cell.input_size, problem.cell.hidden_size, problem.cell.bias


assert BATCH % (2 * len(REWRITTEN)) == 0, "every cell gets its share of each batch"
