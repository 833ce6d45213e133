"""The gradient of a real batch, hand-written against JAX."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import inf, isnan
from typing import Any

import numpy as np

from manual_lstm import CharLM, CharLMParams, LSTMState
from manual_lstm.checks import Array
from manual_lstm.trees import named_leaves, tree_map
from reference.compare import Mismatch, compare
from reference.oracle import char_lm_gradients
from reference.tolerance import bound

_AXES = {"W_x": ("K", "4H"), "W_h": ("H", "4H"), "V": ("H", "K")}


@dataclass(frozen=True)
class Verification:
    """Outcome of one comparison.

    Parameters
    ----------
    times : float
        The worst error of any entry, in multiples of what rounding explains; right up to 1.
    name : str
        The loss or gradient in which it is.
    mismatches : list of Mismatch
        Empty if all agree.
    seconds : float
    """

    times: float
    name: str
    mismatches: list[Mismatch]
    seconds: float

    def complaints(self) -> list[str]:
        """Return a line for each mismatch."""
        return [
            f"{m.name} is not JAX's: {m.error:.3g} off, {m.times:.2g} × what rounding explains, "
            f"at {m.place or m.index}: manual {m.manual:.9g}, reference {m.reference:.9g} "
            f"({m.wrong} of {m.size} entries wrong)"
            for m in self.mismatches
        ]


def verify_batch(
    model: CharLM,
    params: CharLMParams,
    inputs: Array,
    targets: Array,
    state0: LSTMState,
    seed: int = 0,
) -> Verification:
    """Compare loss and gradients of a batch with JAX's, computed in float64 from the same bits.

    Parameters
    ----------
    model : CharLM
    params : CharLMParams
        float64 or float32; rounding is judged by their precision.
    inputs, targets : ndarray of integers, (T, B)
    state0 : LSTMState
    seed : int
        Of the perturbation that shows what rounding explains.
    """
    started = time.monotonic()
    loss, _, tape = model.forward(params, inputs, targets, state0)
    gradients = model.backward(tape)
    manual = _named(loss, gradients.params, gradients.state0)
    reference = _named(*char_lm_gradients(params, inputs, targets, state0))
    nearby = _one_ulp_away((params, state0), np.random.default_rng(seed))
    moved = _named(*char_lm_gradients(nearby[0], inputs, targets, nearby[1]))

    mismatches, worst = [], (0.0, "loss")
    for name, exact in reference.items():
        explained = bound(exact, moved[name] - exact, params.W_x.dtype)
        error = float(np.abs(manual[name] - exact).max())
        worst = max(worst, (inf if isnan(error) else error / explained, name))
        axes = _AXES.get(name.removeprefix("params."))
        mismatch = compare("BATCH", name, manual[name], exact, explained, axes=axes, gates="ifgo")
        if mismatch is not None:
            mismatches.append(mismatch)
    times, name = worst
    return Verification(times, name, mismatches, time.monotonic() - started)


def _named(loss: Any, dparams: CharLMParams, dstate0: LSTMState) -> dict[str, Array]:
    named = named_leaves({"loss": np.asarray(loss), "params": dparams, "state0": dstate0})
    return {name: np.asarray(array, np.float64) for name, array in named.items()}


def _one_ulp_away(tree: Any, rng: np.random.Generator) -> Any:
    """Return float64 copies, every entry moved by an ulp of its own dtype, up or down."""

    def nudge(array: Array) -> Array:
        step = float(np.finfo(array.dtype).eps) * rng.choice((-1.0, 1.0), array.shape)
        return array.astype(np.float64) * (1 + step)

    return tree_map(nudge, tree)
