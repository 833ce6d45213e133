"""Random problems: the draw policy that leaves a gradient bug nowhere to hide.

T = 1, B = 1, D = H, zero biases, zero states, tiny weights, a loss on the last step only, or no
ragged lengths: each of them hides whole classes of mistakes. So problems are drawn with T ≥ 3,
B ≥ 2, weights of order one, biases and states that are not zero, a random cotangent on every
output, and every gradient is compared. The sizes of one are there too, as cases of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from manual_lstm import Gradients, backward, forward
from manual_lstm.checks import Array
from manual_lstm.layer import output_shape
from manual_lstm.trees import leaves, tree_map


@dataclass(frozen=True)
class Case:
    """Sizes and knobs of one random problem; every array follows from them and the seed.

    Parameters
    ----------
    T, B, D, H : int
        Steps, batch, input size, hidden size.
    seed : int
    index_inputs : bool
        Whether xs are integers.
    ragged : bool
        Whether rows end early; a length of zero is among the draws.
    weight_scale, bias_scale, state_scale : float
        Standard deviations of matrices, vectors among the parameters, and initial states.
    float32 : bool
        Whether the manual side runs in single precision.
    """

    T: int = 4
    B: int = 3
    D: int = 2
    H: int = 5
    seed: int = 0
    index_inputs: bool = False
    ragged: bool = True
    weight_scale: float = 1.0
    bias_scale: float = 1.0
    state_scale: float = 1.0
    float32: bool = False

    def __repr__(self) -> str:
        """Tell the sizes, and of the rest what differs from the defaults: short enough to paste."""
        sizes = ("T", "B", "D", "H")
        told = [
            f"{knob.name}={getattr(self, knob.name)!r}"
            for knob in fields(self)
            if knob.name in sizes or getattr(self, knob.name) != knob.default
        ]
        return f"Case({', '.join(told)})"


@dataclass(frozen=True)
class Problem:
    """A cell with all that its forward and backward are given."""

    cell: Any
    params: Any
    xs: Array
    state0: Any
    lengths: Array | None
    dhs: Array
    dstate_T: Any
    case: Case | None = None

    @property
    def primals(self) -> dict[str, Any]:
        """The differentiable arguments, named as in `manual_lstm.Gradients`."""
        return {"params": self.params, "xs": self.xs, "state0": self.state0}

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the manual side."""
        return self.dhs.dtype

    def map_floats(self, function: Callable[[Array], Array]) -> Problem:
        """Return the problem with `function` applied to every array of floats."""

        def apply(array: Array) -> Array:
            return function(array) if array.dtype.kind == "f" else array

        return replace(
            self,
            params=tree_map(apply, self.params),
            xs=apply(self.xs),
            state0=tree_map(apply, self.state0),
            dhs=apply(self.dhs),
            dstate_T=tree_map(apply, self.dstate_T),
        )

    def manual(self) -> tuple[Array, Any, Gradients]:
        """Run the hand-written forward and backward: outputs, final state, gradients."""
        hs, state_T, tape = forward(self.cell, self.params, self.xs, self.state0, self.lengths)
        return hs, state_T, backward(tape, self.dhs, self.dstate_T)

    def loss(self, params: Any, xs: Array, state0: Any) -> Any:
        """Return ``Σ hs·dhs + Σ state_T·dstate_T``, whose gradients `backward` gives."""
        hs, state_T, _ = forward(self.cell, params, xs, state0, self.lengths)
        cotangents = zip(leaves(state_T), leaves(self.dstate_T), strict=True)
        return (hs * self.dhs).sum() + sum((part * dpart).sum() for part, dpart in cotangents)


def draw(cell: Any, case: Case) -> Problem:
    """Draw the problem that `case` describes for `cell`.

    Parameters
    ----------
    cell : Cell
        Its input and hidden size must be those of the case, where it states them.
    case : Case

    Returns
    -------
    Problem
        In float64, or float32 if the case says so.
    """
    rng = np.random.default_rng(case.seed)
    dtype = np.float32 if case.float32 else np.float64
    T, B = case.T, case.B

    def normal(scale: float, shape: tuple[int, ...]) -> Array:
        return (scale * rng.standard_normal(shape)).astype(dtype, copy=False)

    def draw_param(array: Array) -> Array:
        scale = case.weight_scale if array.ndim > 1 else case.bias_scale
        return normal(scale, array.shape)

    template = cell.init_params(np.random.default_rng(case.seed), dtype)
    params = tree_map(draw_param, template)
    zero_state = cell.init_state(B, dtype)
    state0 = tree_map(lambda part: normal(case.state_scale, part.shape), zero_state)
    # An input with masks has more columns than the input size.
    D = dict(getattr(cell, "sizes", {})).get("D", case.D)
    xs = normal(1.0, (T, B, getattr(cell, "columns", D)))
    if case.index_inputs:
        xs = rng.integers(0, case.D, size=(T, B))
    lengths = rng.integers(0, T + 1, size=B) if case.ragged else None
    dhs = normal(1.0, (T, *output_shape(cell, zero_state)))
    dstate_T = tree_map(lambda part: normal(1.0, part.shape), zero_state)
    return Problem(cell, params, xs, state0, lengths, dhs, dstate_T, case)


def one_ulp_off(problem: Problem, rng: np.random.Generator) -> Problem:
    """Return `problem` with every float moved by one unit in the last place, up or down."""

    def nudge(array: Array) -> Array:
        step = np.finfo(array.dtype).eps * rng.choice((-1, 1), array.shape)
        return (array * (1 + step)).astype(array.dtype)

    return problem.map_floats(nudge)
