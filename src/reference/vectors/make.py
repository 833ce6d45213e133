"""Compute golden vectors: the values by JAX, confirmed by the hand-written backward."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from manual_lstm.checks import Array
from manual_lstm.trees import named_leaves, output_of
from reference import tolerance
from reference.cells import TWINS
from reference.oracle import QUICKLY, to_numpy
from reference.problem import Case, Problem, draw
from reference.vectors import PRECISIONS

_NUDGES = 2  # runs with inputs one unit in the last place off: what rounding does to a result


@dataclass(frozen=True)
class Vectors:
    """One run of a cell.

    Parameters
    ----------
    problem : Problem
        Every input can be written in float32 without rounding.
    arrays : dict
        Every array in float64 by its name, in the order in which a port computes them:
        ``input.``, ``forward.`` (T, B, ...), ``output.``, ``backward.`` (T, B, ...),
        ``gradient.``.
    tolerances : dict
        By precision and name: the largest difference that rounding explains.
    """

    problem: Problem
    arrays: dict[str, Array]
    tolerances: dict[str, dict[str, float]]


def make(cell: Any, case: Case) -> Vectors:
    """Return the vectors of one random problem.

    Raises
    ------
    AssertionError
        If the hand-written backward disagrees with JAX: such vectors would mislead.
    """
    problem = draw(cell, case).map_floats(lambda array: array.astype(np.float32).astype(np.float64))
    inputs = named_leaves(problem.primals | {"dhs": problem.dhs, "dstate_T": problem.dstate_T})
    results = results_of(problem)
    tolerances = {name: tolerances_of(problem, results, name) for name in PRECISIONS}
    hs, state_T, gradients = problem.manual()
    manual = {f"output.{name}": array for name, array in
              named_leaves({"hs": hs, "state_T": state_T}).items()}  # fmt: skip
    manual |= {f"gradient.{name}": array for name, array in named_leaves(gradients).items()}
    for name, array in manual.items():
        error = np.abs(array - results[name]).max(initial=0)
        assert error <= tolerances["float64"][name], f"{name} differs from JAX by {error:.3g}"
    if problem.lengths is not None:
        inputs["lengths"] = problem.lengths
    arrays = {f"input.{name}": array for name, array in inputs.items()} | results
    return Vectors(problem, arrays, tolerances)


def results_of(problem: Problem) -> dict[str, Array]:
    """Return everything that a port is to compute, by name, in the order of computing."""
    shapes = shapes_of_values(problem)
    T, B = problem.xs.shape[:2]
    offsets = {name: np.zeros((T, B, *shape)) for name, shape in shapes.items()}
    lengths = np.full(B, T) if problem.lengths is None else problem.lengths
    given = (problem.params, problem.xs, problem.state0, offsets)
    with jax.enable_x64(True):
        answer = vjp_of(problem.cell)(*given, lengths, (problem.dhs, problem.dstate_T))
    hs, state_T, values, (dparams, dxs, dstate0, adjoints) = to_numpy(answer)
    outputs = named_leaves({"hs": hs, "state_T": state_T})
    gradients = named_leaves({"params": dparams, "xs": dxs, "state0": dstate0})
    return (
        {f"forward.{name}": values[name] for name in shapes}
        | {f"output.{name}": array for name, array in outputs.items()}
        | {f"backward.d{name}": adjoints[name] for name in reversed(shapes)}
        | {f"gradient.{name}": array for name, array in gradients.items()}
    )


@lru_cache(maxsize=8)
def vjp_of(cell: Any) -> Any:
    """Return a compiled function: outputs, final state, values of every step, all gradients.

    The adjoint of a value is the gradient of a number that is added to it. Past the end of a row
    its state is carried unchanged, and outputs, values and adjoints are zero.
    """
    step = TWINS[type(cell)].step

    def example(params: Any, xs: Any, state0: Any, offsets: Any, length: Any) -> Any:
        def advance(state: Any, now: Any) -> Any:
            t, x, offset = now
            seen: dict[str, Any] = {}

            def tap(name: str, value: Any) -> Any:
                seen[name] = value + offset[name]
                return seen[name]

            moved = step(cell, params, state, x, tap)
            alive = t < length
            shown = jax.tree.map(
                lambda value: jnp.where(alive, value, jnp.zeros_like(value)),
                (output_of(moved), seen),
            )
            kept = jax.tree.map(lambda new, old: jnp.where(alive, new, old), moved, state)
            return kept, shown

        steps = (jnp.arange(len(xs)), xs, offsets)
        state_T, (hs, seen) = jax.lax.scan(advance, state0, steps)
        return (hs, state_T), seen

    over_batch = jax.vmap(example, in_axes=(None, 1, 0, 1, 0), out_axes=((1, 0), 1))

    def vjp(params: Any, xs: Any, state0: Any, offsets: Any, lengths: Any, cotangents: Any) -> Any:
        def run(params: Any, xs: Any, state0: Any, offsets: Any) -> Any:
            return over_batch(params, xs, state0, offsets, lengths)

        (hs, state_T), pull_back, seen = jax.vjp(run, params, xs, state0, offsets, has_aux=True)
        return hs, state_T, seen, pull_back(cotangents)

    return jax.jit(vjp, compiler_options=QUICKLY)


def shapes_of_values(problem: Problem) -> dict[str, tuple[int, ...]]:
    """Return the shape of each value that a step names, in the order of computing."""
    shapes: dict[str, tuple[int, ...]] = {}

    def tap(name: str, value: Any) -> Any:
        shapes[name] = value.shape
        return value

    cell = problem.cell
    first_row = jax.tree.map(lambda part: part[0], problem.state0)
    with jax.enable_x64(True):
        jax.eval_shape(
            lambda params, state, x: TWINS[type(cell)].step(cell, params, state, x, tap),
            problem.params,
            first_row,
            problem.xs[0, 0],
        )
    return shapes


def tolerances_of(problem: Problem, results: dict[str, Array], precision: str) -> dict[str, float]:
    """Return, by name, the largest difference that rounding in a precision explains."""
    rng = np.random.default_rng(0)
    eps = np.finfo(precision).eps

    def nudge(array: Array) -> Array:
        return array * (1 + eps * rng.choice((-1.0, 1.0), array.shape))

    response = {name: np.zeros(array.shape) for name, array in results.items()}
    for _ in range(_NUDGES):
        moved = results_of(problem.map_floats(nudge))
        for name, array in results.items():
            response[name] = np.maximum(response[name], np.abs(moved[name] - array))
    return {
        name: tolerance.bound(array, response[name], precision) for name, array in results.items()
    }
