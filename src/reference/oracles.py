"""Who is asked: JAX, or the NumPy forward itself by complex step or by central differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import jax
import numpy as np

from manual_lstm.checks import Array
from manual_lstm.trees import named_leaves
from reference.numeric import complex_step_reference, difference_reference
from reference.oracle import arguments, jitted_vjp, sequence_vjp
from reference.oracle_rounding import movement
from reference.problem import Problem
from reference.stacking import SameShape, Stacking

Named = dict[str, Array]


class Oracle(Protocol):
    """Something that knows outputs and gradients of many problems at once.

    ``precision`` is the relative precision of its answers: 0 where it is that of float64.
    """

    @property
    def name(self) -> str:
        """What to call it in a report."""
        ...

    @property
    def precision(self) -> float:
        """The relative precision of its answers."""
        ...

    def answers(
        self, problems: Sequence[Problem], eps: Array, rng: np.random.Generator
    ) -> tuple[Named, Named]:
        """Return its answers, stacked and by name, and those to inputs moved by ±eps."""
        ...

    def stack(self, name: str, arrays: Sequence[Array | None], like: Array) -> Array:
        """Return manual results of one name, stacked like the answers."""
        ...

    def own_roundings(self, problem: Problem) -> Named:
        """Return how far its answers move when its own roundings do."""
        ...


@dataclass(frozen=True)
class JaxOracle:
    """Ask ``jax.vjp``, all problems in one call.

    Parameters
    ----------
    stacking : Stacking
    name : str
    count : int, default 1
        Fewer problems are filled up to this many by repeating the last one, so that one
        compilation serves batches of different lengths.
    compiled : bool, default True
        Whether the program is compiled as a whole, which takes a second; else each operation is
        run on its own, so that what one cell has compiled serves the next, at the same sizes.
    """

    stacking: Stacking
    name: str = "JAX"
    count: int = 1
    compiled: bool = True
    precision: float = 0.0

    def answers(
        self, problems: Sequence[Problem], eps: Array, rng: np.random.Generator
    ) -> tuple[Named, Named]:
        """Ask twice: for the problems, and for the problems one ulp off."""
        stacked = self.stacking.arguments(problems)
        nudged = jax.tree.map(lambda array: _nudged(array, eps, rng), stacked)
        return self._ask(stacked, len(problems)), self._ask(nudged, len(problems))

    def _ask(self, stacked: tuple[Any, ...], count: int) -> Named:
        step, cell = self.stacking.oracle
        if count < self.count:
            repeats = [*range(count), *[count - 1] * (self.count - count)]
            stacked = jax.tree.map(lambda array: array[repeats], stacked)
        with jax.enable_x64(True), jax.disable_jit(not self.compiled):
            answer = jitted_vjp(step, cell, over_cases=True)(*stacked)
        answer = jax.tree.map(lambda array: np.asarray(array)[:count], answer)
        return _named(*answer)

    def stack(self, name: str, arrays: Sequence[Array | None], like: Array) -> Array:
        """Stack manual results as the problems were."""
        return self.stacking.results(name, arrays, like)

    def own_roundings(self, problem: Problem) -> Named:
        """Run JAX's own program with every operation rounded at random: seconds."""
        step, cell = self.stacking.oracle
        with jax.enable_x64(True):
            return _named(*movement(partial(sequence_vjp, step, cell), arguments(problem)))


@dataclass(frozen=True)
class NumericOracle:
    """Ask the NumPy forward of the problems' own cell, one entry at a time."""

    complex_step: bool

    @property
    def name(self) -> str:
        """Complex step or central differences."""
        return "the complex step" if self.complex_step else "central differences"

    @property
    def precision(self) -> float:
        """Central differences with Richardson's extrapolation hold about nine digits."""
        return 0.0 if self.complex_step else 1e-9

    def answers(
        self, problems: Sequence[Problem], eps: Array, rng: np.random.Generator
    ) -> tuple[Named, Named]:
        """Ask once; what roundings do is asked of the manual side where it matters."""
        ask = complex_step_reference if self.complex_step else difference_reference
        named = []
        for problem in problems:
            hs, state_T, gradients = ask(problem)
            named.append({"hs": hs} | named_leaves({"state_T": state_T}) | named_leaves(gradients))
        stacked = {name: np.stack([answer[name] for answer in named]) for name in named[0]}
        return stacked, stacked

    def stack(self, name: str, arrays: Sequence[Array | None], like: Array) -> Array:
        """Stack manual results of one shape."""
        return SameShape().results(name, arrays, like)

    def own_roundings(self, problem: Problem) -> Named:
        """Return nothing: what its evaluations of the forward round is the cell's own rounding."""
        return {}


def _named(hs: Any, state_T: Any, gradients: Any) -> Named:
    dparams, dxs, dstate0 = gradients
    named = {"hs": hs, "state_T": state_T, "params": dparams, "xs": dxs, "state0": dstate0}
    return named_leaves(named)


def _nudged(array: Array, eps: Array, rng: np.random.Generator) -> Array:
    """Move every float of case n by a relative ±eps[n]."""
    if array.dtype.kind != "f":
        return array
    signs = np.where(rng.integers(0, 2, array.shape, np.int8), 1.0, -1.0)
    return array * (1 + eps.reshape(-1, *[1] * (array.ndim - 1)) * signs)
