"""A peer library as the oracle that the NumPy side and the JAX side are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import manual_lstm as ml
from manual_lstm.checks import Array
from manual_lstm.trees import named_leaves
from reference.batch import BatchComparison, compare_batch
from reference.oracle import reference_of
from reference.oracles import JaxOracle, Named
from reference.problem import Case, Problem, draw
from reference.rounding import Run, run_sequence
from reference.stacking import SameShape

# All sizes different, then the sizes of one, then longer than any rounding stays local.
SHAPES = {
    "T=4": Case(T=4, B=3, D=2, H=5),
    "T=7": Case(T=7, B=4, D=5, H=3),
    "T=B=1": Case(T=1, B=1, D=2, H=3),
    "D=H=1": Case(T=5, B=2, D=1, H=1),
    "T=60": Case(T=60, B=3, D=5, H=8),
}


@dataclass(frozen=True)
class Witness:
    """Ask a peer library, one problem at a time; it keeps the contract of `reference.oracles`.

    Parameters
    ----------
    name : str
    ask : callable
        Problem to everything the library says of it, named as `run_sequence` names it.
    precision : float
        Its relative precision, where that is less than float64's.
    """

    name: str
    ask: Run
    precision: float = 0.0

    def answers(
        self, problems: Sequence[Problem], eps: Array, rng: np.random.Generator
    ) -> tuple[Named, Named]:
        """Ask for the problems, and for the problems one ulp off."""
        ulp = max(float(np.finfo(np.float64).eps), self.precision)
        nudged = [each.map_floats(lambda array: one_ulp_off(array, rng, ulp)) for each in problems]
        return self._stacked(problems), self._stacked(nudged)

    def stack(self, name: str, arrays: Sequence[Array | None], like: Array) -> Array:
        """Stack results of one shape."""
        return SameShape().results(name, arrays, like)

    def own_roundings(self, problem: Problem) -> Named:
        """Return what JAX's roundings move: the peers differentiate the same rounded gates."""
        return JaxOracle(SameShape(cell=problem.cell)).own_roundings(problem)

    def _stacked(self, problems: Sequence[Problem]) -> Named:
        named = [self.ask(problem) for problem in problems]
        return {name: np.stack([answer[name] for answer in named]) for name in named[0]}


def run_jax(problem: Problem) -> Named:
    """Run the JAX reference and name everything that it returns."""
    hs, state_T, gradients = reference_of(problem)
    return {"hs": hs} | named_leaves({"state_T": state_T}) | named_leaves(gradients)


def one_ulp_off(
    array: Array, rng: np.random.Generator, ulp: float = float(np.finfo(np.float64).eps)
) -> Array:
    """Return `array` with every entry moved by a relative ±ε, of float64 if not told otherwise."""
    return array * (1 + ulp * rng.choice((-1.0, 1.0), array.shape))


SIDES = {"NumPy": run_sequence, "JAX": run_jax}


def alive_problem(case: Case, *, bias: bool = True, cell: Any = None) -> Problem:
    """Draw a float64 problem in which every row lives for a step at least: peers need that."""
    case = replace(case, T=max(case.T, 1), float32=False)
    problem = draw(ml.LSTM(case.D, case.H, bias=bias) if cell is None else cell, case)
    lengths = None if problem.lengths is None else np.maximum(problem.lengths, 1)
    return replace(problem, lengths=lengths)


def float_inputs(problem: Problem) -> Array:
    """Return xs (T, B, D): index inputs as one-hot rows."""
    if problem.xs.dtype.kind in "iu":
        return np.eye(problem.cell.input_size)[problem.xs]
    return problem.xs


def lengths_of(problem: Problem) -> Array:
    """Return the lengths (B,), T for every row where none are given."""
    T, B = problem.xs.shape[:2]
    return np.full(B, T) if problem.lengths is None else problem.lengths


def name_results(problem: Problem, hs: Array, state_T: ml.LSTMState, *gradients: object) -> Named:
    """Name outputs, final state and the gradients of params, xs and state0, as ours are."""
    params, xs, state0 = gradients
    if problem.xs.dtype.kind in "iu":
        xs = None
    return named_leaves(
        {"hs": hs, "state_T": state_T, "params": params, "xs": xs, "state0": state0}
    )


def assert_agreement(
    problems: Sequence[Problem], witness: Witness, side: str, seed: int = 0
) -> BatchComparison:
    """Assert that everything a side says of the problems is what the witness says."""
    run = SIDES[side]
    comparison = compare_batch(problems, witness, np.random.default_rng(seed), run)
    # A name that one of the two leaves out would otherwise go uncompared.
    assert set(comparison.errors) == set(run(problems[0])) == set(comparison.reference)
    for n in comparison.failing:
        lines = [
            f"  {name}: {side} differs by {errors[n]:.3g}, {comparison.bounds[name][n]:.3g} allowed"
            for name, errors in comparison.errors.items()
            if not errors[n] <= comparison.bounds[name][n]
        ]
        problem = problems[n]
        raise AssertionError(
            "\n".join([f"{witness.name}, {problem.cell!r}, {problem.case!r}", *lines])
        )
    return comparison
