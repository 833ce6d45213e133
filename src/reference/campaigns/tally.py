"""The comparisons of one chunk: what was compared, how closely it agreed, and what failed."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from reference.batch import BatchComparison, compare_batch
from reference.lane_check import LANES, lane_problem, suspects
from reference.lanes import lane, run_steps
from reference.oracles import Oracle
from reference.plan import BATCH, WIDEST, Plan
from reference.problem import Problem
from reference.rounding import Run, run_sequence
from reference.vote import vote


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


class Suspect(NamedTuple):
    """A problem to compare, with its number, its variant and the line that draws it."""

    number: int
    variant: int
    line: str
    problem: Problem


@dataclass
class Tally:
    """Comparisons of one cell so far.

    Parameters
    ----------
    plan : Plan
    rng : numpy.random.Generator
    compared : int
        Problems; the next has this number.
    worst : dict
        Result name to the worst error, in units of (ε · largest entry + response to roundings).
        Of problems in lanes, only those count that are beyond 32 without the response.
    failures : list of Failure
    suspects : list of Suspect
        Lanes that have to be looked at again.
    """

    plan: Plan
    rng: np.random.Generator
    compared: int = 0
    worst: dict[str, float] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    suspects: list[Suspect] = field(default_factory=list)

    def add(self, problems: Sequence[Problem], oracle: Oracle) -> None:
        """Compare problems with an oracle, through `manual_lstm.forward` and `backward`."""
        call = self.plan.subject.call
        self._compare(
            [
                Suspect(number, 0, f"draw({call(problem.cell)}, {problem.case!r})", problem)
                for number, problem in enumerate(problems, self.compared)
            ],
            oracle,
            run_sequence,
        )
        self.compared += len(problems)

    def add_lanes(self, variant: int, at_most: int) -> None:
        """Draw and compare problems in lanes; what rounding alone does not explain is kept."""
        oracle, problem = lane_problem(self.plan, self.rng, variant)
        count = min(LANES, at_most)
        drawn = f"draw_lanes({self.plan.subject.call(problem.cell)}, {problem.case!r}, {LANES})"
        self.suspects += [
            Suspect(self.compared + n, variant, f"lane({drawn}, {n})", lane(problem, n))
            for n in suspects(problem, oracle, count)
        ]
        self.compared += count

    def look_again(self) -> None:
        """Compare the suspects, with all that may explain a difference."""
        for variant in range(self.plan.subject.variants):
            again = [each for each in self.suspects if each.variant == variant]
            for start in range(0, len(again), BATCH):
                self._compare(
                    again[start : start + BATCH], self.plan.oracle(WIDEST, variant), run_steps
                )

    def _compare(self, batch: Sequence[Suspect], oracle: Oracle, run: Run) -> None:
        """Compare a batch; those that raise are failures, and the others are compared."""
        try:
            comparison = compare_batch([each.problem for each in batch], oracle, self.rng, run)
        except Exception:
            raised = [failure for each in batch if (failure := _raised(each, run))]
            if not raised:  # no fault of the cell
                raise
            self.failures += raised
            numbers = {failure.number for failure in raised}
            sound = [each for each in batch if each.number not in numbers]
            if sound:
                self._compare(sound, oracle, run)
            return
        for name in comparison.errors:
            error = float(comparison.in_ulps(name).max(initial=0))
            self.worst[name] = max(self.worst.get(name, 0.0), error)
        self.failures += _failures(self.plan, comparison, batch, run)


def _raised(suspect: Suspect, run: Run) -> Failure | None:
    """Return the failure of a problem whose step or step_backward raises."""
    try:
        run(suspect.problem)
    except Exception as error:
        frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        steps = [name for name in frames if name in ("step", "step_backward")]
        if steps:
            note = f"{steps[-1]} raised {type(error).__name__}: {error}"
            accused = steps[-1] == "step_backward"
            return Failure(suspect.number, suspect.line, note=note, accused=accused)
    return None


def _failures(
    plan: Plan, comparison: BatchComparison, batch: Sequence[Suspect], run: Run
) -> list[Failure]:
    """Return the problems of a batch that fail; the oracles vote on the first of them."""
    failures: list[Failure] = []
    for n in comparison.failing:
        number, _, line, problem = batch[n]
        times = {
            name: _times(errors[n], comparison.bounds[name][n])
            for name, errors in comparison.errors.items()
        }
        differ = [name for name in times if not times[name] <= 1]
        note, accused = ("", False) if failures else _vote(plan, problem, times, run)
        failures.append(Failure(number, line, differ, max(times.values()), note, accused))
    return failures


def _times(error: float, bound: float) -> float:
    """Return an error in multiples of a bound; infinity if it is NaN."""
    return float(error / bound) if np.isfinite(error) and bound else float("inf")


def _vote(plan: Plan, problem: Problem, times: dict[str, float], run: Run) -> tuple[str, bool]:
    """Ask every oracle about the gradient that is worst; where only values differ, the twin."""
    gradients = [name for name in times if not name.startswith(("hs", "state_T"))]
    name = max(gradients, key=times.__getitem__)
    if times[name] <= 1:
        return "only outputs and final states differ", plan.subject.twin is not None
    oracle = plan.oracle_alone(problem)
    answers, _ = oracle.answers([problem], np.zeros(1), np.random.default_rng(0))
    votes = vote(problem, name, run(problem)[name], answers[name][0])
    return str(votes), votes.against_manual
