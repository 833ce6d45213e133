"""Random LSTM cases a second: the batched check beside its alternatives, on the same cases.

Every method runs the NumPy forward and backward on each case, asks its oracle and compares every
gradient. Rounds are interleaved, so that a busy machine disturbs all alike; a method that is slow
takes fewer cases of the round, always the first ones. Nothing is compiled in advance but the
programs of the batched checks, whose time is told. Drawing a case counts only in lanes.

    python benchmarks/throughput.py [--rounds 5] [--json FILE]
"""

from __future__ import annotations

import os

# One thread, for everybody, before NumPy and torch are imported.
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

import manual_lstm as ml
from manual_lstm.checks import Array
from manual_lstm.steps import Steps
from manual_lstm.trees import named_leaves
from reference.batch import compare_batch
from reference.lane_check import LANES, SMALL, LaneOracle, lane_problem, suspects
from reference.lanes import Lanes, draw_lanes, lane
from reference.oracles import JaxOracle
from reference.plan import WIDEST, Plan
from reference.problem import Case, Problem
from reference.stacking import Padded, SameShape
from reference.subject import subject_of

try:
    from gradcheck import gradcheck
except ImportError as error:
    gradcheck, why_no_torch = None, str(error)

BATCH = 256
DRAWN = 16  # sizes in a round, each with a lane for every case
PADDED = JaxOracle(Padded(ml.LSTM(WIDEST.D, WIDEST.H), T=WIDEST.T, B=WIDEST.B))
PLAN = Plan(subject_of(ml.LSTM))
LANE_ORACLES = {
    size.T: LaneOracle(Padded(ml.LSTM(size.D, size.H), T=size.T, B=size.B))
    for size in (SMALL, WIDEST)
}
Alter = Callable[[ml.Gradients], ml.Gradients]


class Lane(NamedTuple):
    """A case of the benchmark: one of `LANES` problems that are alike in size."""

    case: Case
    number: int


@dataclass(frozen=True)
class Method:
    """A way to check cases.

    Parameters
    ----------
    name : str
    check : callable
        Cases, and what a planted mistake does to the gradients, to the passes.
    cases : int
        How many cases it takes a round.
    """

    name: str
    check: Callable[[Sequence[Lane], Alter], list[bool]]
    cases: int


def draw_cases(rng: np.random.Generator, count: int) -> list[Lane]:
    """Draw cases by the policy of large campaigns, with dense inputs; the first differ in size."""
    sizes = []
    for _ in range(DRAWN):
        _, problem = lane_problem(PLAN, rng, variant=0)
        sizes.append(replace(problem.case, index_inputs=False, float32=False))
    lanes = [Lane(case, number) for number in range(LANES) for case in sizes]
    return lanes[:count]


@lru_cache(maxsize=2 * DRAWN)
def drawn(case: Case) -> Problem:
    return draw_lanes(ml.LSTM(case.D, case.H), case, LANES)


def problem_of(case: Lane) -> Problem:
    return lane(drawn(case.case), case.number)


def check_lanes(cases: Sequence[Lane], alter: Alter) -> list[bool]:
    """Check every lane of the sizes that the cases have."""
    failing = set()
    suspected = []
    for case in dict.fromkeys(each.case for each in cases):
        problem = draw_lanes(ml.LSTM(case.D, case.H), case, LANES)
        oracle = LANE_ORACLES[SMALL.T if fits(case, SMALL) else WIDEST.T]
        run = partial(run_altered_lanes, alter)
        suspected += [(Lane(case, n), lane(problem, n)) for n in suspects(problem, oracle, run=run)]
    oracle = PLAN.oracle(WIDEST)  # fills up to as many problems, and so compiles once
    for start in range(0, len(suspected), oracle.count):
        lanes, problems = zip(*suspected[start : start + oracle.count], strict=True)
        rng = np.random.default_rng(start)
        comparison = compare_batch(problems, oracle, rng, partial(run_altered, alter))
        failing |= {lanes[n] for n in comparison.failing}
    return [case not in failing for case in cases]


def fits(case: Case, size: Case) -> bool:
    return all(getattr(case, letter) <= getattr(size, letter) for letter in "TBDH")


def run_altered_lanes(alter: Alter, problem: Problem) -> dict[str, Array]:
    """Return the named results of all lanes, the lanes first, with a planted mistake."""
    problem = problem.map_floats(lambda array: array.view(Lanes))
    steps = Steps(problem.cell)
    hs, state_T, cache = steps.run(problem.params, problem.xs, problem.state0, problem.lengths)
    gradients = alter(ml.Gradients(*steps.run_backward(cache, problem.dhs, problem.dstate_T)))
    named = {"hs": hs, **named_leaves({"state_T": state_T}), **named_leaves(gradients)}
    return {name: np.moveaxis(np.asarray(array), -1, 0) for name, array in named.items()}


def run_altered(alter: Alter, problem: Problem) -> dict[str, Array]:
    """Return the named results of the manual side, with a planted mistake."""
    hs, state_T, gradients = problem.manual()
    return {"hs": hs, **named_leaves({"state_T": state_T}), **named_leaves(alter(gradients))}


def check_batched(cases: Sequence[Lane], alter: Alter) -> list[bool]:
    passes: list[bool] = []
    for start in range(0, len(cases), BATCH):
        problems = [problem_of(case) for case in cases[start : start + BATCH]]
        rng = np.random.default_rng(start)
        comparison = compare_batch(problems, PADDED, rng, partial(run_altered, alter))
        failing = set(comparison.failing)
        passes += [n not in failing for n in range(len(problems))]
    return passes


def check_by_shape(cases: Sequence[Lane], alter: Alter) -> list[bool]:
    """Ask ``jax.jit`` at each case's own size: a new size is a new compilation."""
    passes = []
    for case in cases:
        problem = problem_of(case)
        oracle = JaxOracle(SameShape(cell=problem.cell))
        rng = np.random.default_rng(case.number)
        comparison = compare_batch([problem], oracle, rng, partial(run_altered, alter))
        passes.append(not comparison.failing)
    return passes


def check_by_torch(
    cases: Sequence[Lane], alter: Alter, *, of_loss: bool, fast_mode: bool
) -> list[bool]:
    return [
        gradcheck(problem_of(case), alter, of_loss=of_loss, fast_mode=fast_mode) for case in cases
    ]


def methods() -> list[Method]:
    by_jax = [
        Method("lanes", check_lanes, DRAWN * LANES),
        Method("batched, padded", check_batched, 8 * BATCH),
        Method("jit per shape", check_by_shape, 8),
        # The same cases again: what is left where no shape is new.
        Method("jit, shapes compiled before", check_by_shape, 8),
    ]
    if gradcheck is None:
        return by_jax
    return [
        *by_jax,
        Method("gradcheck", partial(check_by_torch, of_loss=False, fast_mode=False), 8),
        Method("gradcheck of the loss", partial(check_by_torch, of_loss=True, fast_mode=False), 16),
        Method("gradcheck fast_mode", partial(check_by_torch, of_loss=False, fast_mode=True), 64),
        Method(
            "gradcheck fast_mode of the loss",
            partial(check_by_torch, of_loss=True, fast_mode=True),
            128,
        ),
    ]


def no_mistake(gradients: ml.Gradients) -> ml.Gradients:
    return gradients


def one_part_in_a_billion(gradients: ml.Gradients) -> ml.Gradients:
    params = gradients.params._replace(W_h=gradients.params.W_h * (1 + 1e-9))
    return gradients._replace(params=params)


def zero_dxs(gradients: ml.Gradients) -> ml.Gradients:
    return gradients._replace(xs=np.zeros_like(gradients.xs))


def swapped_gates(gradients: ml.Gradients) -> ml.Gradients:
    """Give the bias gradients of input and forget gate to each other."""
    db_i, db_f, *others = np.split(gradients.params.b, 4)
    db = np.concatenate([db_f, db_i, *others])
    return gradients._replace(params=gradients.params._replace(b=db))


MISTAKES = {
    "none": no_mistake,
    "dW_h · (1 + 1e-9)": one_part_in_a_billion,
    "dxs = 0": zero_dxs,
    "db of i and f swapped": swapped_gates,
}


@dataclass
class Rates:
    """Cases that a method checks in a second, and in a second of processor time, by round."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def measure(rounds: int, seed: int) -> tuple[dict[str, Rates], float]:
    """Return the rates by method, and the seconds in which the batched checks compiled."""
    rng = np.random.default_rng(seed)
    started = time.perf_counter()
    first = draw_cases(rng, BATCH)
    check_batched(first, no_mistake)
    check_lanes(first, no_mistake)
    check_lanes(first[:1], one_part_in_a_billion)  # suspects, so that their program is compiled
    compilation = time.perf_counter() - started
    rates = {method.name: Rates() for method in methods()}
    for _ in range(rounds):
        cases = draw_cases(rng, max(method.cases for method in methods()))
        for method in methods():
            started = time.perf_counter(), time.process_time()
            passes = method.check(cases[: method.cases], no_mistake)
            ended = time.perf_counter(), time.process_time()
            assert all(passes), f"{method.name} fails a right backward"
            rates[method.name].wall.append(method.cases / (ended[0] - started[0]))
            rates[method.name].processor.append(method.cases / (ended[1] - started[1]))
    return rates, compilation


def median_ratio(numerators: list[float], denominators: list[float]) -> float:
    """Return the median over rounds of the ratio within a round."""
    return statistics.median(n / d for n, d in zip(numerators, denominators, strict=True))


def detect(count: int, seed: int) -> dict[str, dict[str, int]]:
    """Return in how many of `count` cases each method calls each mistake wrong."""
    cases = draw_cases(np.random.default_rng(seed), count)
    return {
        method.name: {
            mistake: method.check(cases, alter).count(False) for mistake, alter in MISTAKES.items()
        }
        for method in methods()
        if method.name != "jit, shapes compiled before"
    }


def table_of_rates(rates: dict[str, Rates]) -> Iterator[str]:
    lanes = rates["lanes"]
    yield f"{'':<32}{'cases a second':^30}{'lanes are faster by':^24}"
    yield f"{'':<32}{'median':>10}{'lowest':>10}{'highest':>10}{'time':>12}{'processor':>12}"
    for name, each in rates.items():
        wall = each.wall
        spread = f"{statistics.median(wall):>10.1f}{min(wall):>10.1f}{max(wall):>10.1f}"
        by_wall = median_ratio(lanes.wall, wall)
        by_processor = median_ratio(lanes.processor, each.processor)
        yield f"{name:<32}{spread}{by_wall:>10.1f} ×{by_processor:>10.1f} ×"


def table_of_detections(found: dict[str, dict[str, int]], count: int) -> Iterator[str]:
    yield f"{f'called wrong, of {count} cases':<32}" + "".join(f"{m:>24}" for m in MISTAKES)
    for name, counts in found.items():
        yield f"{name:<32}" + "".join(f"{counts[mistake]:>24}" for mistake in MISTAKES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--detect", type=int, default=16, help="cases of the second table")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    arguments = parser.parse_args()
    if gradcheck is None:
        print(f"Without torch, because: {why_no_torch}. Its rows are left out.\n")

    rates, compilation = measure(arguments.rounds, arguments.seed)
    print("\n".join(table_of_rates(rates)))
    lanes = statistics.median(rates["lanes"].processor)
    print(f"\nIn lanes, {lanes:,.0f} cases a second of processor time.")
    print(f"The batched checks compile once, in {compilation:.1f} s (not counted above).\n")
    found = detect(arguments.detect, arguments.seed + 1)
    print("\n".join(table_of_detections(found, arguments.detect)))
    if arguments.json:
        record = {
            "cases_per_second": {name: asdict(each) for name, each in rates.items()},
            "compilation_seconds": compilation,
            "called_wrong": {"cases": arguments.detect, "by_method": found},
            "python": platform.python_version(),
            "processors": os.cpu_count(),
            "rounds": arguments.rounds,
            "seed": arguments.seed,
        }
        arguments.json.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
