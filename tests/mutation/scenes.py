"""The sampled comparison: tasks whose gradients JAX has told once, ready for any mutant.

References and bounds are those of `reference.batch`, and are computed on the right program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from tests.mutation.cell_tasks import Sequence, Setting
from tests.mutation.model_tasks import CrossEntropy, Text, draw_logits, draw_text
from tests.mutation.tasks import Named, Plant, Task

import manual_lstm as ml
from manual_lstm.checks import Array
from manual_lstm.trees import named_leaves, tree_map
from reference import tolerance
from reference.batch import compare_batch
from reference.oracle import char_lm_gradients, reference_of, to_numpy
from reference.oracles import JaxOracle
from reference.plan import BATCH, WIDEST
from reference.problem import Case, Problem
from reference.stacking import Padded

# How many times the bound a difference must be to count as caught: far beyond what the roundings
# of the manual side could add to it.
CLEARLY = 1e3
PADDED = JaxOracle(Padded(ml.LSTM(WIDEST.D, WIDEST.H), T=WIDEST.T, B=WIDEST.B), count=BATCH)


@dataclass(frozen=True)
class Scene:
    """A task that JAX has solved.

    Parameters
    ----------
    task : Task
    reference : dict of ndarray
        What JAX says of every value and gradient.
    bounds : dict of float
        The largest difference that rounding explains.
    place : callable
        ``place(name, array)`` brings a result to the shape of its reference.
    """

    task: Task
    reference: Named
    bounds: dict[str, float]
    place: Callable[[str, Array], Array] = lambda name, array: array

    def times(self, plant: Plant) -> float:
        """Return the largest error of any result in multiples of its bound."""
        given = self.task.primals | self.task.cotangents
        task = self.task.at({name: array.copy() for name, array in given.items()})
        values = task.values()
        return max(self._worst(values | gradients) for gradients in task.gradients(plant))

    def _worst(self, results: Named) -> float:
        if results.keys() != self.reference.keys():
            return np.inf
        worst = 0.0
        for name, expected in self.reference.items():
            given = self.place(name, np.asarray(results[name]))
            if given.shape != expected.shape:
                return np.inf
            error = np.abs(given - expected).max(initial=0) / self.bounds[name]
            worst = max(worst, np.inf if np.isnan(error) else float(error))
        return worst


def first_caught(scenes: Iterable[Scene], plant: Plant) -> float:
    """Return the error, in multiples of the bound, of the first scene that catches, or 0.

    Infinity stands for an exception, NaN, or a result that is missing or has another shape.
    """
    for scene in scenes:
        try:
            times = scene.times(plant)
        except Exception:  # a mutant may raise anything
            return np.inf
        if times > CLEARLY:
            return times
    return 0.0


# Sizes differ pairwise, T ≥ 3, B ≥ 2, states, biases and cotangents are not zero; then equal
# sizes, which let a wrong shape through, the sizes of one and none, and single precision.
CASES = (
    Case(T=3, B=2, D=4, H=3, ragged=False),
    Case(T=4, B=3, D=2, H=5),
    Case(T=5, B=4, D=3, H=2, index_inputs=True, ragged=False),
    Case(T=5, B=4, D=3, H=6, index_inputs=True),
    Case(T=6, B=4, D=5, H=3, bias_scale=3.0, weight_scale=0.7),
    Case(T=4, B=4, D=4, H=4),
    Case(T=3, B=3, D=3, H=3, ragged=False),
    Case(T=8, B=4, D=2, H=5, weight_scale=1.5, state_scale=2.0),
    Case(T=1, B=1, D=1, H=1, ragged=False),
    Case(T=0, B=2, D=2, H=3, ragged=False),
    Case(T=4, B=3, D=2, H=5, float32=True),
)


@lru_cache
def sequence_scenes() -> tuple[Scene, ...]:
    """Return the LSTM over sequences; its state in other containers; cotangents left out."""
    cases = [replace(case, seed=seed) for seed, case in enumerate(CASES)]
    settings = [lstm(case) for case in cases[:2]]
    settings += [lstm(cases[1], container=name) for name in ("dict", "tuple", "fields")]
    settings += [lstm(case, omit=True) for case in cases[:2]]
    settings += [lstm(case) for case in cases[2:]]
    settings += [lstm(case, bias=False) for case in cases]
    return solved(settings, PADDED)


@lru_cache
def step_scenes() -> tuple[Scene, ...]:
    """Return one step of the LSTM alone."""
    cases = [replace(case, T=1, ragged=False, seed=100 + n) for n, case in enumerate(CASES[:9])]
    settings = [lstm(case, bias=bias, alone=True) for case in cases for bias in (True, False)]
    return solved(settings, PADDED)


def lstm(case: Case, *, bias: bool = True, **options: Any) -> Setting:
    """Return a setting of the LSTM with the sizes of `case`."""
    return Setting(ml.LSTM(case.D, case.H, bias=bias), case, **options)


def solved(settings: list[Setting], oracle: JaxOracle) -> tuple[Scene, ...]:
    """Ask JAX once for all settings."""
    problems = [setting.original for setting in settings]
    told = compare_batch(problems, oracle, np.random.default_rng(0))
    assert not told.failing, "the right program must agree before anything is planted in it"
    scenes = []
    for n, setting in enumerate(settings):
        task = setting.task()
        names = _oracle_names(task, setting.original)

        def place(
            name: str, array: Array, names: dict[str, str] = names, like: Named = told.reference
        ) -> Array:
            return oracle.stack(names[name], [array], like[names[name]][:1])[0]

        reference = {mine: told.reference[its][n] for mine, its in names.items()}
        bounds = {mine: float(told.bounds[its][n]) for mine, its in names.items()}
        scenes.append(Scene(task, reference, bounds, place))
    return tuple(scenes)


def _oracle_names(task: Sequence, original: Problem) -> dict[str, str]:
    """Return the oracle's name of each result: a tuple has no field names of its own."""
    names = {name: name for name in ("hs", *task.primals)}
    for mine, its in zip(
        named_leaves(task.problem.state0), named_leaves(original.state0), strict=True
    ):
        names |= {f"state0.{mine}": f"state0.{its}", f"state_T.{mine}": f"state_T.{its}"}
    return names


@lru_cache
def char_lm_scenes() -> tuple[Scene, ...]:
    """Return the character model: both reductions, with and without a cotangent of the loss."""
    texts = (
        draw_text(4, 3, 5, 2, seed=0),
        replace(draw_text(4, 3, 5, 2, seed=1), dloss=-1.7),
        replace(draw_text(4, 3, 5, 2, seed=2), dloss=0.6, reduction="sum"),
    )
    return tuple(_scene(text, char_lm_reference) for text in texts)


def char_lm_reference(text: Text) -> Named:
    """Return loss and gradients by JAX: those of the loss, plus those through the final state."""
    state0, dstate_T = ml.LSTMState(*text.state0), ml.LSTMState(*text.dstate_T)
    nats, dparams, dstate0 = char_lm_gradients(
        ml.CharLMParams(*text.params), text.inputs, text.targets, state0, text.reduction
    )
    K, H = text.params.V.shape[::-1]
    weights = ml.LSTMParams(text.params.W_x, text.params.W_h, None)
    no_output = np.zeros((*text.inputs.shape, H))
    rest = reference_of(
        Problem(ml.LSTM(K, H, bias=False), weights, text.inputs, state0, None, no_output, dstate_T)
    ).gradients
    rest_of_params = ml.CharLMParams(rest.params.W_x, rest.params.W_h, np.zeros((H, K)))

    def total(of_loss: Array, of_state: Array) -> Array:
        return text.dloss * of_loss + of_state

    return {"loss": np.asarray(nats)} | named_leaves(
        {
            "params": tree_map(total, dparams, rest_of_params),
            "state0": tree_map(total, dstate0, rest.state0),
        }
    )


@lru_cache
def cross_entropy_scenes() -> tuple[Scene, ...]:
    """Return the loss alone: logits of one to three axes, single precision among them."""
    single = draw_logits((4, 2, 3), seed=3)
    tasks = (
        draw_logits((3, 2, 5), seed=0),
        replace(draw_logits((3, 3), seed=1), reduction="sum", dloss=-1.3),
        replace(draw_logits((6,), seed=2), reduction="sum"),
        replace(single, logits=single.logits.astype(np.float32), dloss=2.5),
    )
    return tuple(_scene(task, cross_entropy_reference) for task in tasks)


def cross_entropy_reference(task: CrossEntropy) -> Named:
    """Return the gradient with respect to the logits by JAX."""
    with jax.enable_x64(True):
        gradient = jax.jit(jax.grad(partial(_nats, task.reduction)))(
            jnp.asarray(task.logits, jnp.float64), task.targets
        )
    return {"logits": task.dloss * to_numpy(gradient)}


def _nats(reduction: str, logits: Any, targets: Any) -> Any:
    log_p = jax.nn.log_softmax(logits, axis=-1)
    nats = -(log_p * jax.nn.one_hot(targets, logits.shape[-1], dtype=logits.dtype)).sum(axis=-1)
    return nats.mean() if reduction == "mean" else nats.sum()


def _scene(task: Any, ask: Callable[[Any], Named]) -> Scene:
    """Ask JAX twice, the second time for arrays that are one ulp off."""
    rng = np.random.default_rng(0)
    given = task.primals | task.cotangents
    dtype = next(iter(given.values())).dtype
    nudged = {
        name: array * (1 + np.finfo(dtype).eps * rng.choice((-1, 1), array.shape))
        for name, array in given.items()
    }
    told, moved = ask(task), ask(task.at(nudged))
    bounds = {
        name: tolerance.bound(expected, moved[name] - expected, dtype)
        for name, expected in told.items()
    }
    return Scene(task, told, bounds)
