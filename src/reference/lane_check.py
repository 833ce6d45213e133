"""Lanes against JAX: tens of thousands of random problems a second.

`reference.batch` asks JAX twice about every problem, the second time for what roundings of the
inputs do. Here JAX is asked once, and only problems that differ by more than 32 units in the last
place of the largest entry are looked at again, by `reference.batch`, with all that may explain it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import jax
import numpy as np

from manual_lstm.checks import Array
from manual_lstm.trees import named_leaves
from reference import tolerance
from reference.lanes import draw_lanes, lane, run_lanes, run_steps
from reference.oracle import IN_ONE_THREAD, arguments, sequence_vjp
from reference.oracles import Named
from reference.plan import WIDEST, Plan, knobs
from reference.problem import Case, Problem
from reference.rounding import Run
from reference.stacking import Padded
from reference.subject import takes_indices

LANES = 256
# Most problems are small, which costs the oracle a third of the widest. Each is a compilation.
SMALL = Case(T=5, B=3, D=4, H=4)
_SMALL_SHARE = 0.75


@dataclass(frozen=True)
class LaneOracle:
    """Ask ``jax.vjp`` about all lanes of a problem, padded to one size."""

    padded: Padded

    def answers(self, problem: Problem) -> Named:
        """Return outputs, final states and gradients by name, the lanes first."""
        params, xs, state0, lengths, dhs, dstate_T = arguments(problem)
        count = dhs.shape[-1]
        if problem.xs.dtype.kind in "iu":
            xs = np.broadcast_to(xs[..., None], (*xs.shape, count))
        cell = self.padded.cell
        template = cell.init_params(np.random.default_rng(0))
        zero_state = cell.init_state(self.padded.B)
        stacked = (
            self._widened("params", params, template, count),
            self._widened("xs", xs, 0, count),
            self._widened("state0", state0, zero_state, count),
            np.pad(lengths, (0, self.padded.B - len(lengths))),
            self._widened("hs", dhs, 0, count),
            self._widened("state_T", dstate_T, zero_state, count),
        )
        with jax.enable_x64(True):
            hs, state_T, (dparams, dxs, dstate0) = _compiled(*self.padded.oracle)(*stacked)
        named = {"hs": hs, "state_T": state_T, "params": dparams, "xs": dxs, "state0": dstate0}
        return {name: np.asarray(array) for name, array in named_leaves(named).items()}

    def _widened(self, kind: str, tree: Any, template: Any, count: int) -> Any:
        """Pad every leaf, the lanes first; a leaf that only the template has is zero."""
        given = named_leaves({kind: tree})
        wide = [
            self.padded.widen(name, np.moveaxis(given[name], -1, 0))
            if name in given
            else np.zeros((count, *leaf.shape))
            for name, leaf in named_leaves({kind: template}).items()
        ]
        return jax.tree.unflatten(jax.tree.structure(template), wide)


@lru_cache(maxsize=64)
def _compiled(step: Any, cell: Any) -> Any:
    """Return `sequence_vjp` for lanes that have the lengths in common, compiled to be fast."""
    over_lanes = jax.vmap(partial(sequence_vjp, step, cell), in_axes=(0, 0, 0, None, 0, 0))
    return jax.jit(over_lanes, compiler_options=IN_ONE_THREAD)


def suspects(
    problem: Problem, oracle: LaneOracle, count: int = LANES, run: Run = run_lanes
) -> list[int]:
    """Return those of the first `count` lanes in which the manual side is not as JAX says.

    A lane is a suspect if a result differs by more than 32 units in the last place of its largest
    entry. Roundings may explain that; what they do is not asked here.
    """
    is_suspect = np.zeros(min(count, problem.dhs.shape[-1]), bool)
    try:
        with np.errstate(all="ignore"):  # what is not finite is seen in the values
            manual = run(problem)
    except Exception:  # of the cell, or of what lanes cannot follow: each alone will tell
        return list(range(len(is_suspect)))
    info = np.finfo(problem.dtype)
    for name, expected in oracle.answers(problem).items():
        if name in manual:  # no bias; index inputs
            given = oracle.padded.widen(name, manual[name])
            error = _largest(given[:count] - expected[:count])
            explained = tolerance.SAFETY * info.eps * _largest(expected[:count]) + info.tiny
            is_suspect |= ~(error <= explained)  # written so that a NaN is a suspect
    return np.flatnonzero(is_suspect).tolist()


def _largest(array: Array) -> Array:
    return np.abs(array).reshape(len(array), -1).max(axis=1, initial=0)


def lane_problem(plan: Plan, rng: np.random.Generator, variant: int) -> tuple[LaneOracle, Problem]:
    """Draw `LANES` problems of one variant, and return the oracle to ask about them."""
    widest = SMALL if rng.random() < _SMALL_SHARE else WIDEST
    case = Case(
        T=int(rng.integers(3, widest.T + 1)),
        B=int(rng.integers(2, widest.B + 1)),
        D=int(rng.integers(1, widest.D + 1)),
        H=int(rng.integers(1, widest.H + 1)),
    )
    case = knobs(rng, case, index_inputs=takes_indices(plan.subject))
    problem = draw_lanes(plan.subject.make(case.D, case.H, variant), case, LANES)
    return LaneOracle(Padded(plan.widest(widest, variant), T=widest.T, B=widest.B)), problem


def can_have_lanes(plan: Plan) -> bool:
    """Return whether lanes give what the problems alone give, for every variant of a class."""
    if not plan.pads or plan.subject.factory is None:
        return False
    return all(_agrees(plan.subject.make(2, 3, n)) for n in range(plan.subject.variants))


@lru_cache(maxsize=256)
def _agrees(cell: Any) -> bool:
    """Return whether the steps of a cell can be run in lanes, by trying."""
    for ragged in (True, False):
        problem = draw_lanes(cell, Case(T=4, B=3, D=2, H=3, seed=1, ragged=ragged), 3)
        try:
            together = run_lanes(problem)
        except Exception:  # whatever a cell does that lanes cannot follow
            return False
        alone = run_steps(lane(problem, 1))
        if together.keys() != alone.keys() or not all(
            np.allclose(together[name][1], array, rtol=1e-9, atol=1e-12)
            for name, array in alone.items()
        ):
            return False
    return True
