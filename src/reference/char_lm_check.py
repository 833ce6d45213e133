"""The character model against JAX: one batch, or a whole check of random ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from manual_lstm import CharLM, CharLMParams, LSTMState
from manual_lstm.checks import Array
from manual_lstm.trees import named_leaves, tree_map
from reference.compare import Mismatch, compare
from reference.exact import prove_char_lm
from reference.oracle import char_lm_gradients
from reference.report.record import Evidence, Report
from reference.rounding import response_to_rounding
from reference.tolerance import SAFETY, bound

_AXES = {
    "params.W_x": ("K", "4H"),
    "params.W_h": ("H", "4H"),
    "params.V": ("H", "K"),
    "state0.h": ("B", "H"),
    "state0.c": ("B", "H"),
}
# (T, B, K, H), a compilation each: pairwise different, then the ones.
SHAPES = ((5, 3, 4, 2), (1, 2, 3, 4), (3, 1, 1, 1), (9, 2, 7, 5))


@dataclass(frozen=True)
class CharLMProblem:
    """A character model with a batch of text."""

    model: CharLM
    params: CharLMParams
    inputs: Array
    targets: Array
    state0: LSTMState
    reduction: str = "mean"

    def manual(self) -> dict[str, Array]:
        """Run the hand-written side: the loss and every gradient, by name."""
        loss, _, tape = self.model.forward(
            self.params, self.inputs, self.targets, self.state0, self.reduction
        )
        gradients = self.model.backward(tape)
        return {"loss": np.asarray(loss), **named_leaves(gradients)}

    def reference(self) -> dict[str, Array]:
        """Ask JAX, in float64 from the same bits."""
        loss, dparams, dstate0 = char_lm_gradients(
            self.params, self.inputs, self.targets, self.state0, self.reduction
        )
        return named_leaves({"loss": np.asarray(loss), "params": dparams, "state0": dstate0})

    def map_floats(self, function: Callable[[Array], Array]) -> CharLMProblem:
        """Return the problem with `function` applied to parameters and state."""
        params, state0 = tree_map(function, self.params), tree_map(function, self.state0)
        return replace(self, params=params, state0=state0)


@dataclass(frozen=True)
class CharLMComparison:
    """How one batch compares.

    Parameters
    ----------
    times : dict
        Loss and gradients to their worst error, in multiples of what rounding explains.
    mismatches : list of Mismatch
        Those beyond 1.
    seconds : float
    """

    times: dict[str, float] = field(default_factory=dict)
    mismatches: list[Mismatch] = field(default_factory=list)
    seconds: float = 0.0


def compare_char_lm(problem: CharLMProblem, seed: int = 0) -> CharLMComparison:
    """Compare loss and gradients of a batch with JAX's.

    Parameters
    ----------
    problem : CharLMProblem
        In float64 or float32; rounding is judged by its precision.
    seed : int
        Of the perturbation that shows what rounding explains.
    """
    started = time.perf_counter()
    rng = np.random.default_rng(seed)
    dtype = problem.params.W_x.dtype
    with np.errstate(all="ignore"):  # what is not finite is seen in the values
        manual = problem.manual()
    reference = problem.reference()
    moved = problem.map_floats(lambda array: _one_ulp_off(array, rng)).reference()
    responses = {name: moved[name] - expected for name, expected in reference.items()}
    if any(
        np.abs(manual[name] - expected).max(initial=0) > bound(expected, responses[name], dtype)
        for name, expected in reference.items()
    ):
        # Before an accusation: what do the manual side's own roundings explain?
        own = response_to_rounding(problem, CharLMProblem.manual)
        responses = {name: np.maximum(np.abs(r), own[name]) for name, r in responses.items()}

    times, mismatches = {}, []
    for name, expected in reference.items():
        explained = bound(expected, responses[name], dtype)
        times[name] = float(np.abs(manual[name] - expected).max(initial=0)) / explained
        mismatch = compare(
            "TOTAL", name, manual[name], expected, explained, axes=_AXES.get(name), gates="ifgo"
        )
        if mismatch is not None:
            mismatches.append(mismatch)
    return CharLMComparison(times, mismatches, time.perf_counter() - started)


def _one_ulp_off(array: Array, rng: np.random.Generator) -> Array:
    """Return float64 copies of floats, an ulp of their own dtype up or down."""
    step = float(np.finfo(array.dtype).eps) * rng.choice((-1.0, 1.0), array.shape)
    return array.astype(np.float64) * (1 + step)


def random_problem(
    shape: tuple[int, int, int, int],
    seed: int,
    *,
    scale: float = 1.0,
    reduction: str = "mean",
    dtype: Any = np.float64,
) -> CharLMProblem:
    """Draw a model, a text and a state of ``shape`` = (T, B, K, H)."""
    T, B, K, H = shape
    rng = np.random.default_rng(seed)

    def normal(*size: int) -> Array:
        return (scale * rng.standard_normal(size)).astype(dtype)

    params = CharLMParams(normal(K, 4 * H), normal(H, 4 * H), normal(H, K))
    state0 = LSTMState(normal(B, H), normal(B, H))
    inputs, targets = rng.integers(0, K, (2, T, B))
    return CharLMProblem(CharLM(K, H), params, inputs, targets, state0, reduction)


def check_char_lm(
    *, cases: int = 256, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> Report:
    """Check the character model as `reference.check` checks a cell.

    Parameters
    ----------
    cases, seed, progress
        As in `reference.check`.

    Examples
    --------
    >>> check_char_lm(cases=8).verdict
    'right'
    """
    started = time.perf_counter()
    rng = np.random.default_rng(seed)
    worst: dict[str, float] = {}
    mismatches: list[Mismatch] = []
    done = 0
    while done < cases and not mismatches:
        shape, reduction = SHAPES[done % len(SHAPES)], ("mean", "sum")[done % 2]
        case_seed, scale = int(rng.integers(2**31)), float(rng.uniform(0.3, 3))
        problem = random_problem(shape, case_seed, scale=scale, reduction=reduction)
        comparison = compare_char_lm(problem, case_seed)
        for name, times in comparison.times.items():
            worst[name] = max(worst.get(name, 0.0), SAFETY * times)
        again = f"random_problem({shape}, {case_seed}, scale={scale!r}, reduction={reduction!r})"
        mismatches += [replace(m, reproduce=again) for m in comparison.mismatches]
        done += 1
        if progress is not None:
            progress(done, cases)
    proofs = {f"{kind} loss": prove_char_lm(reduction=kind) for kind in ("mean", "sum")}
    return Report(
        name="CharLM",
        verdict="wrong" if mismatches else "right",
        evidence=Evidence(proofs, done, "JAX"),
        mismatches=tuple(mismatches),
        worst=worst,
        seed=seed,
        seconds=time.perf_counter() - started,
    )
