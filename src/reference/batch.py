"""Many problems at once: the manual side one by one, the oracle on all of them, compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from manual_lstm.checks import Array
from reference import tolerance
from reference.oracles import Oracle
from reference.problem import Problem
from reference.rounding import Run, response_to_rounding, run_sequence


@dataclass(frozen=True)
class BatchComparison:
    """How each problem of a batch compares, by name of the result.

    Parameters
    ----------
    errors, bounds : dict of (N,) arrays
        Largest difference of an entry, and the largest that rounding explains.
    scales, responses : dict of (N,) arrays
        Largest entry of the reference, and how far it moves under one-ulp perturbations.
    eps : (N,) array
        The spacing of each problem's dtype.
    reference : dict of arrays
        What the oracle said, stacked.
    """

    errors: dict[str, Array]
    bounds: dict[str, Array]
    scales: dict[str, Array]
    responses: dict[str, Array]
    eps: Array
    reference: dict[str, Array]

    @property
    def failing(self) -> list[int]:
        """The problems in which any result differs by more than rounding explains."""
        # Written so that a NaN fails.
        within = [self.errors[name] <= self.bounds[name] for name in self.errors]
        return [int(n) for n in np.flatnonzero(~np.all(within, axis=0))]

    def in_ulps(self, name: str) -> Array:
        """Return the errors of a result in ulps of its largest entry, divided by 1 + p."""
        explained = self.eps * self.scales[name] + self.responses[name]
        return np.divide(self.errors[name], explained, where=explained > 0,
                         out=np.zeros_like(explained))  # fmt: skip


def compare_batch(
    problems: Sequence[Problem],
    oracle: Oracle,
    rng: np.random.Generator,
    run: Run = run_sequence,
) -> BatchComparison:
    """Compare the manual side with the oracle on every problem.

    Parameters
    ----------
    problems : sequence of Problem
    oracle : Oracle
    rng : numpy.random.Generator
        Draws the one-ulp perturbations behind the bounds.
    run : callable, optional
        The manual side: Problem to named results; the whole sequence if not given.
    """
    # What is not finite is seen in the values; BLAS raises flags on lanes that it throws away.
    with np.errstate(all="ignore"):
        manual = [run(problem) for problem in problems]
    eps = np.array([np.finfo(problem.dtype).eps for problem in problems])
    tiny = np.array([np.finfo(problem.dtype).tiny for problem in problems])
    reference, moved = oracle.answers(problems, eps, rng)
    eps = np.maximum(eps, oracle.precision)

    errors, bounds, scales, responses = {}, {}, {}, {}
    for name, expected in reference.items():
        known = np.array([name in answer for answer in manual])  # no bias; index inputs
        if not known.any():
            continue
        given = oracle.stack(name, [answer.get(name) for answer in manual], expected)
        if oracle.precision:  # differences tell NaN where they cannot tell
            given = np.where(np.isnan(expected), 0, given)
            moved[name] = expected = np.nan_to_num(expected)
        errors[name] = np.where(known, _largest(given - expected), 0)
        scales[name] = _largest(expected)
        responses[name] = _largest(moved[name] - expected)
        bounds[name] = tolerance.SAFETY * (eps * scales[name] + responses[name]) + tiny
    comparison = BatchComparison(errors, bounds, scales, responses, eps, reference)
    for n in comparison.failing:
        _allow(comparison, n, problems[n], response_to_rounding(problems[n], run))
    for n in comparison.failing:
        _allow(comparison, n, problems[n], oracle.own_roundings(problems[n]))
        if n in comparison.failing:  # a mistake, then; the others need not be looked at
            break
    return comparison


def _allow(comparison: BatchComparison, n: int, problem: Problem, moved: dict[str, Array]) -> None:
    """Widen the bounds of problem n by how far its results move for no fault of anybody."""
    for name in moved.keys() & comparison.bounds.keys():
        response = max(comparison.responses[name][n], float(moved[name].max(initial=0)))
        comparison.responses[name][n] = response
        explained = comparison.eps[n] * comparison.scales[name][n] + response
        comparison.bounds[name][n] = tolerance.SAFETY * explained + np.finfo(problem.dtype).tiny


def _largest(array: Array) -> Array:
    return np.abs(array).reshape(len(array), -1).max(axis=1, initial=0)
