"""Many problems of one size at once, on the NumPy side too.

A lane is one problem; the last axis of every array runs over the lanes. What a cell does element
by element, by slices of rows and columns, and by sums over the batch, it then does for all lanes
with no change: only ``A @ B`` and ``A.T`` have to leave the last axis alone, and `Lanes` sees to
that. The lines that run are those of the cell's own ``step`` and ``step_backward`` and of
`manual_lstm.steps`; their cost in Python is shared by the lanes. Lanes of one problem have values
of their own, and sizes, lengths and indices in common.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from manual_lstm import Gradients
from manual_lstm.checks import Array
from manual_lstm.steps import Steps
from manual_lstm.trees import named_leaves, tree_map
from reference.problem import Case, Problem, draw


class Lanes(np.ndarray):
    """Matrices ``(I, J, N)``, one for each of N lanes.

    Examples
    --------
    >>> A, B = np.ones((2, 3, 5)).view(Lanes), np.ones((3, 4, 5)).view(Lanes)
    >>> (A @ B).shape, A.T.shape
    ((2, 4, 5), (3, 2, 5))
    """

    @property
    def T(self) -> Any:  # noqa: N802  (as NumPy has it)
        """Each lane's matrix transposed."""
        return self.swapaxes(0, 1)

    def __matmul__(self, other: Any) -> Any:
        """Each lane's product: the sum over j of column j times row j."""
        total = np.zeros((len(self), *other.shape[1:]), np.result_type(self, other)).view(Lanes)
        for j in range(self.shape[1]):
            total += self[:, j, None] * other[None, j]
        return total

    def __rmatmul__(self, other: Any) -> Any:
        return np.asarray(other).view(Lanes) @ self

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Keep lanes lanes where NumPy, as in ``np.where``, returns a plain array."""
        result = super().__array_function__(function, types, args, kwargs)
        return result.view(Lanes) if isinstance(result, np.ndarray) else result


def draw_lanes(cell: Any, case: Case, count: int) -> Problem:
    """Draw `count` problems for `cell`, alike in what `case` describes and in no value.

    Returns
    -------
    Problem
        With a last axis of lanes on every array of floats.
    """
    one = draw(cell, case)
    rng = np.random.default_rng([case.seed, count])

    def normal(scale: float) -> Callable[[Array], Array]:
        def draw_like(array: Array) -> Array:
            return (scale * rng.standard_normal((*array.shape, count))).astype(array.dtype)

        return draw_like

    def draw_param(array: Array) -> Array:
        return normal(case.weight_scale if array.ndim > 1 else case.bias_scale)(array)

    return Problem(
        cell,
        tree_map(draw_param, one.params),
        one.xs if case.index_inputs else normal(1.0)(one.xs),
        tree_map(normal(case.state_scale), one.state0),
        one.lengths,
        normal(1.0)(one.dhs),
        tree_map(normal(1.0), one.dstate_T),
        case,
    )


def lane(problem: Problem, number: int) -> Problem:
    """Return the problem of one lane, as it is without lanes."""
    return problem.map_floats(lambda array: np.ascontiguousarray(array[..., number]))


def run_steps(problem: Problem) -> dict[str, Array]:
    """Run a problem step by step, and name everything that comes of it."""
    steps = Steps(problem.cell)
    hs, state_T, cache = steps.run(problem.params, problem.xs, problem.state0, problem.lengths)
    gradients = Gradients(*steps.run_backward(cache, problem.dhs, problem.dstate_T))
    return {"hs": hs} | named_leaves({"state_T": state_T}) | named_leaves(gradients)


def run_lanes(problem: Problem) -> dict[str, Array]:
    """Run all lanes step by step; the lanes become the first axis of the results."""
    named = run_steps(problem.map_floats(lambda array: array.view(Lanes)))
    return {name: np.moveaxis(np.asarray(array), -1, 0) for name, array in named.items()}
