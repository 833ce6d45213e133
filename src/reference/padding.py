"""Problems of many sizes in one padded computation: the batched oracle.

Units, inputs, rows and steps beyond a problem's own are zeros. Where a cell keeps them zero
(`Twin.padding_is_exact`), its gradients come out as if it had been alone; only the order of sums
differs. The manual side is run on each problem at its true size, then padded for the comparison,
so anything that leaks into the padding is seen too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from manual_lstm.checks import Array
from manual_lstm.sequence_checks import named_leaves_of_shapes
from manual_lstm.shapes import parse
from manual_lstm.trees import named_leaves
from reference import tolerance
from reference.cells import TWINS
from reference.oracle import arguments, jitted_vjp, to_numpy
from reference.problem import Problem
from reference.rounding import results

_XS, _DHS = ("T", "B", "D"), ("T", "B", "H")


@dataclass(frozen=True)
class Sizes:
    """The sizes that problems are padded to; every problem must fit."""

    T: int
    B: int
    D: int
    H: int

    @property
    def letters(self) -> dict[str, int]:
        """The numbers behind the letters of symbolic shapes."""
        return {"T": self.T, "B": self.B, "D": self.D, "H": self.H}


@dataclass(frozen=True)
class BatchComparison:
    """How each problem of a batch compares, by name of the result.

    Parameters
    ----------
    errors, bounds, scales, responses : dict of (N,) arrays
        Largest difference, what rounding explains, largest reference entry, and response to
        one-ulp perturbations, for each problem.
    """

    errors: dict[str, Array]
    bounds: dict[str, Array]
    scales: dict[str, Array]
    responses: dict[str, Array]

    def failing(self) -> list[int]:
        """Return the problems in which any result differs by more than rounding explains."""
        bad = np.zeros(len(next(iter(self.errors.values()))), bool)
        for name, error in self.errors.items():
            bad |= ~(error <= self.bounds[name])  # a NaN is a failure
        return [int(n) for n in np.flatnonzero(bad)]


def compare_batch(
    problems: Sequence[Problem], sizes: Sizes, rng: np.random.Generator
) -> BatchComparison:
    """Run the manual side on every problem, the oracle on all at once, and compare.

    Parameters
    ----------
    problems : sequence of Problem
        Of one built-in cell type whose padding is exact; sizes may differ.
    sizes : Sizes
        What to pad to. One compilation serves every batch of the same sizes and length.
    rng : numpy.random.Generator
        Draws the one-ulp perturbations behind the bounds.
    """
    manual = [results(problem.manual()) for problem in problems]
    padded = pad_problems(problems, sizes)
    reference = _oracle(problems[0], sizes, padded)
    nudged = tuple(jax.tree.map(lambda a: _nudge(a, problems, rng), part) for part in padded)
    moved = _oracle(problems[0], sizes, nudged)

    eps = np.array([np.finfo(problem.dtype).eps for problem in problems])
    tiny = np.array([np.finfo(problem.dtype).tiny for problem in problems])
    shapes = _result_shapes(problems[0])
    errors, bounds, scales, responses = {}, {}, {}, {}
    for name, shape in shapes.items():
        stacked = _stack([answer.get(name) for answer in manual], shape, sizes)
        expected = reference[name]
        known = np.array([name in answer for answer in manual])  # no bias, or index inputs
        errors[name] = np.where(known, _largest(stacked - expected), 0)
        scales[name] = _largest(expected)
        responses[name] = _largest(moved[name] - expected)
        bounds[name] = tolerance.SAFETY * (eps * scales[name] + responses[name]) + tiny
    return BatchComparison(errors, bounds, scales, responses)


def pad_problems(problems: Sequence[Problem], sizes: Sizes) -> tuple[Any, ...]:
    """Return the arguments of the oracle, padded and stacked along a leading axis of cases."""
    parts = [arguments(problem) for problem in problems]
    widest = _widest(problems[0].cell, sizes)
    shapes_of = {
        "params": named_leaves_of_shapes(widest.param_shapes),
        "state": named_leaves_of_shapes(widest.state_shapes),
    }

    def stack_tree(position: int, kind: str) -> Any:
        named = [named_leaves(part[position]) for part in parts]
        stacked = {
            name: _stack([leaves.get(name) for leaves in named], shape, sizes)
            for name, shape in shapes_of[kind].items()
        }
        template = widest.init_params(np.random.default_rng(0)) if kind == "params" else None
        return _fill(template if kind == "params" else widest.init_state(1), stacked)

    xs = _stack([part[1] for part in parts], _XS, sizes)
    lengths = np.zeros((len(parts), sizes.B), np.int64)
    for n, part in enumerate(parts):
        lengths[n, : part[3].size] = part[3]
    dhs = _stack([part[4] for part in parts], _DHS, sizes)
    return stack_tree(0, "params"), xs, stack_tree(2, "state"), lengths, dhs, stack_tree(5, "state")


def _oracle(problem: Problem, sizes: Sizes, padded: tuple[Any, ...]) -> dict[str, Array]:
    step = TWINS[type(problem.cell)].step
    with jax.enable_x64(True):
        function = jitted_vjp(step, _widest(problem.cell, sizes), over_cases=True)
        hs, state_T, gradients = to_numpy(function(*padded))
    named = {"hs": hs, **named_leaves({"state_T": state_T})}
    return named | named_leaves(dict(zip(("params", "xs", "state0"), gradients, strict=True)))


def _widest(cell: Any, sizes: Sizes) -> Any:
    """Return the cell at the padded sizes, with every optional parameter (zeros stand for none)."""
    changes = {"bias": True} if hasattr(cell, "bias") else {}
    return replace(cell, input_size=sizes.D, hidden_size=sizes.H, **changes)


def _result_shapes(problem: Problem) -> dict[str, tuple[str, ...]]:
    cell = _widest(problem.cell, Sizes(1, 1, 1, 1))
    states = named_leaves_of_shapes(cell.state_shapes)
    params = named_leaves_of_shapes(cell.param_shapes)
    return (
        {"hs": _DHS}
        | {f"state_T.{name}": shape for name, shape in states.items()}
        | {f"params.{name}": shape for name, shape in params.items()}
        | {"xs": _XS}
        | {f"state0.{name}": shape for name, shape in states.items()}
    )


def _stack(arrays: Sequence[Any], shape: tuple[str, ...], sizes: Sizes) -> Array:
    """Stack arrays of one symbolic shape, each block padded with zeros; None counts as zeros."""
    dimensions = [parse(dimension) for dimension in shape]
    full = [n for blocks, letter in dimensions for n in (blocks, sizes.letters[letter])]
    stacked = np.zeros((len(arrays), *full))
    for n, array in enumerate(arrays):
        if array is None:
            continue
        split = [
            size
            for (blocks, _), length in zip(dimensions, array.shape, strict=True)
            for size in (blocks, length // blocks)
        ]
        stacked[(n, *(slice(size) for size in split))] = array.reshape(split)
    return stacked.reshape(
        len(arrays), *(blocks * sizes.letters[letter] for blocks, letter in dimensions)
    )


def _fill(template: Any, named: dict[str, Array]) -> Any:
    leaves, structure = jax.tree.flatten(template)
    assert len(leaves) == len(named)
    return jax.tree.unflatten(structure, list(named.values()))


def _nudge(array: Array, problems: Sequence[Problem], rng: np.random.Generator) -> Array:
    if array.dtype.kind != "f":
        return array
    eps = np.array([np.finfo(problem.dtype).eps for problem in problems])
    eps = eps.reshape(-1, *[1] * (array.ndim - 1))
    return array * (1 + eps * np.where(rng.integers(0, 2, array.shape, np.int8), 1.0, -1.0))


def _largest(array: Array) -> Array:
    return np.abs(array).reshape(len(array), -1).max(axis=1)
