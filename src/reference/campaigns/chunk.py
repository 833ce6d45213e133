"""One chunk of a campaign: what a worker is sent, does, and sends back."""

from __future__ import annotations

import traceback
from collections.abc import Hashable
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from reference.batch import BatchComparison, compare_batch
from reference.load import load_cell
from reference.oracles import Oracle
from reference.plan import Plan, plan_for
from reference.problem import Problem
from reference.rounding import run_sequence
from reference.subject import subject_of
from reference.vote import vote

Batch = list[tuple[int, Problem]]  # with their numbers


@dataclass(frozen=True)
class Chunk:
    """A number of random problems for one cell; the problems follow from it.

    Parameters
    ----------
    cell : Cell, class of cells, or "FILE.py:NAME"
    cell_number, number : int
        Which cell of the campaign, and which chunk of that cell.
    first, count : int
        The number of its first problem, and how many problems.
    seed : int
        Of the campaign.
    """

    cell: Any
    cell_number: int
    number: int
    first: int
    count: int
    seed: int

    @property
    def key(self) -> tuple[int, int]:
        """What tells it from every other chunk of its campaign."""
        return self.cell_number, self.number

    def __str__(self) -> str:
        last = self.first + self.count - 1
        return f"chunk {self.number} of cell {self.cell_number} (problems {self.first} to {last})"


@dataclass(frozen=True)
class Failure:
    """A problem on which the manual side is not what the oracle says.

    Parameters
    ----------
    number : int
        Which problem of its cell.
    problem : str
        The line that draws it; the seed is in it.
    results : list of str
        What differs, such as ``params.W_h``; empty where the manual side raised.
    times : float
        The largest error, in multiples of what rounding explains.
    note : str
        How the oracles voted, or what was raised; empty where nobody was asked.
    accused : bool
        Whether the vote was against the manual side, or its backward raised.
    """

    number: int
    problem: str
    results: list[str] = field(default_factory=list)
    times: float = float("inf")
    note: str = ""
    accused: bool = False

    def __str__(self) -> str:
        if not self.results:
            return f"{self.problem}: {self.note}"
        differs = ", ".join(self.results)
        return f"{self.problem}: {differs} off by up to {self.times:.1g} × what rounding explains"


@dataclass(frozen=True)
class Outcome:
    """What became of a chunk: problems compared, worst error of each result, failures."""

    compared: int
    worst: dict[str, float]
    failures: list[Failure]

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @staticmethod
    def from_json(values: dict[str, Any]) -> Outcome:
        """Return what `to_json` was called on."""
        failures = [Failure(**failure) for failure in values["failures"]]
        return Outcome(values["compared"], values["worst"], failures)


def run_chunk(chunk: Chunk) -> Outcome:
    """Draw the problems of a chunk and compare them."""
    plan = plan_of(chunk.cell)
    rng = np.random.default_rng([chunk.seed, chunk.cell_number, chunk.number])
    worst: dict[str, float] = {}
    failures: list[Failure] = []
    done = 0
    for oracle, problems in plan.batches(rng, first=chunk.number):
        batch = list(enumerate(problems[: chunk.count - done], chunk.first + done))
        done += len(batch)
        comparison, sound, raised = _compare(plan, batch, oracle, rng)
        failures += raised
        if comparison is not None:
            failures += _failures(plan, comparison, sound)
            for name in comparison.errors:
                error = float(comparison.in_ulps(name).max(initial=0))
                worst[name] = max(worst.get(name, 0.0), error)
        if done == chunk.count:
            break
    return Outcome(done, worst, failures)


def plan_of(cell: Any) -> Plan:
    """Return the plan for a cell, made once in every worker if the cell can be a key."""
    return _kept_plan(cell) if isinstance(cell, Hashable) else _new_plan(cell)


def _new_plan(cell: Any) -> Plan:
    return plan_for(subject_of(load_cell(cell) if isinstance(cell, str) else cell))


_kept_plan = lru_cache(maxsize=64)(_new_plan)


def _compare(
    plan: Plan, batch: Batch, oracle: Oracle, rng: np.random.Generator
) -> tuple[BatchComparison | None, Batch, list[Failure]]:
    """Compare a batch without those that raise: comparison, what is in it, and the others."""
    try:
        return compare_batch([problem for _, problem in batch], oracle, rng), batch, []
    except Exception:
        raised = [failure for each in batch if (failure := _raised(plan, *each))]
        if not raised:  # no fault of the cell
            raise
    numbers = {failure.number for failure in raised}
    sound = [(number, problem) for number, problem in batch if number not in numbers]
    if not sound:
        return None, [], raised
    return compare_batch([problem for _, problem in sound], oracle, rng), sound, raised


def _raised(plan: Plan, number: int, problem: Problem) -> Failure | None:
    """Return the failure of a problem whose step or step_backward raises."""
    try:
        run_sequence(problem)
    except Exception as error:
        frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        steps = [name for name in frames if name in ("step", "step_backward")]
        if steps:
            note = f"{steps[-1]} raised {type(error).__name__}: {error}"
            accused = steps[-1] == "step_backward"
            return Failure(number, _line(plan, problem), note=note, accused=accused)
    return None


def _failures(plan: Plan, comparison: BatchComparison, batch: Batch) -> list[Failure]:
    """Return the problems of a batch that fail; the oracles vote on the first of them."""
    failures: list[Failure] = []
    for n in comparison.failing:
        number, problem = batch[n]
        times = {
            name: _times(errors[n], comparison.bounds[name][n])
            for name, errors in comparison.errors.items()
        }
        differ = [name for name in times if not times[name] <= 1]
        note, accused = ("", False) if failures else _vote(plan, problem, times)
        worst = max(times.values())
        failures.append(Failure(number, _line(plan, problem), differ, worst, note, accused))
    return failures


def _times(error: float, bound: float) -> float:
    """Return an error in multiples of a bound; infinity if it is NaN."""
    return float(error / bound) if np.isfinite(error) and bound else float("inf")


def _vote(plan: Plan, problem: Problem, times: dict[str, float]) -> tuple[str, bool]:
    """Ask every oracle about the gradient that is worst; where only values differ, the twin."""
    gradients = [name for name in times if not name.startswith(("hs", "state_T"))]
    name = max(gradients, key=times.__getitem__)
    if times[name] <= 1:
        return "only outputs and final states differ", plan.subject.twin is not None
    oracle = plan.oracle_alone(problem)
    answers, _ = oracle.answers([problem], np.zeros(1), np.random.default_rng(0))
    votes = vote(problem, name, run_sequence(problem)[name], answers[name][0])
    return str(votes), votes.against_manual


def _line(plan: Plan, problem: Problem) -> str:
    """Return the line that draws a problem."""
    return f"draw({plan.subject.call(problem.cell)}, {problem.case!r})"
