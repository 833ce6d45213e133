"""The sampled comparison: problems whose gradients JAX has told once, ready for any mutant.

A scene is one problem. Its references and bounds are those of `reference.batch`, computed on the
right program; a mutant is then run on it and compared. The manual side is the copy of the
package that mistakes are made in; the mistake is there during the backward only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import manual_lstm as ml
from manual_lstm.checks import Array
from manual_lstm.trees import named_leaves, tree_map
from reference import tolerance
from reference.batch import compare_batch
from reference.oracle import char_lm_gradients, reference_of, to_numpy
from reference.oracles import JaxOracle
from reference.plan import WIDEST
from reference.problem import Case, Problem, draw, perturbed
from reference.stacking import Padded
from tests.mutation.package_copy import COPY, in_copy

# How many times the bound a difference must be to count as caught: far beyond what the roundings
# of the manual side could add to it.
CLEARLY = 1e3

Plant = Callable[[], AbstractContextManager[None]]
Named = dict[str, Array]


@dataclass(frozen=True)
class Scene:
    """A problem that JAX has solved, and how to run the copy on it.

    Parameters
    ----------
    name : str
    run : callable
        Given a context manager around every backward, returns all results by name.
    reference : dict of ndarray
        What JAX says.
    bounds : dict of float
        The largest difference that rounding explains.
    place : callable
        ``place(name, array)`` brings a result to the shape of its reference.
    """

    name: str
    run: Callable[[Plant], Named]
    reference: Named
    bounds: dict[str, float]
    place: Callable[[str, Array], Array] = lambda name, array: array

    def times(self, plant: Plant) -> float:
        """Return the largest error of any result in multiples of its bound."""
        results = self.run(plant)
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


def sequence_results(problem: Problem, plant: Plant) -> Named:
    """Run the copy over a problem; the tape is used twice, and both answers are told."""
    p = fresh(problem)
    hs, state_T, tape = COPY.forward(p.cell, p.params, p.xs, p.state0, p.lengths)
    results = named_leaves({"hs": hs, "state_T": state_T})
    for turn in ("first", "second"):
        with plant():
            gradients = COPY.backward(tape, p.dhs, p.dstate_T)
        results |= named_leaves(gradients, turn)
    return results


def step_results(problem: Problem, plant: Plant) -> Named:
    """Run one step of the copy and its backward, with nothing around them."""
    p = fresh(problem)
    state, cache = p.cell.step(p.params, p.state0, p.xs[0])
    results = named_leaves({"hs": state[0][None], "state_T": state})
    for turn in ("first", "second"):
        with plant():
            dparams, dstate0, dx = p.cell.step_backward(p.params, cache, p.dstate_T)
        dxs = None if dx is None else dx[None]
        results |= named_leaves({"params": dparams, "xs": dxs, "state0": dstate0}, turn)
    return results


def fresh(tree: Any) -> Any:
    """Return a problem, or any tree, with copies of its arrays: a mutant may write into them."""
    if isinstance(tree, Problem | Text):
        fields = vars(tree).items()
        copies = {
            name: tree_map(np.copy, value)
            for name, value in fields
            if isinstance(value, np.ndarray | tuple | dict)
        }
        return replace(tree, **copies)
    return tree_map(np.copy, tree)


@dataclass(frozen=True)
class Repacked:
    """The LSTM of the copy with its state in another container: a dict or a plain tuple."""

    cell: Any
    container: type

    @property
    def sizes(self) -> dict[str, int]:
        return self.cell.sizes

    @property
    def param_shapes(self) -> Any:
        return self.cell.param_shapes

    def pack(self, state: Any) -> Any:
        return state._asdict() if self.container is dict else tuple(state)

    def unpack(self, state: Any) -> Any:
        h, c = state.values() if self.container is dict else state
        return COPY.LSTMState(h, c)

    def init_params(self, rng: Any, dtype: Any = np.float64) -> Any:
        return self.cell.init_params(rng, dtype)

    def init_state(self, batch_size: int, dtype: Any = np.float64) -> Any:
        return self.pack(self.cell.init_state(batch_size, dtype))

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, Any]:
        state, cache = self.cell.step(params, self.unpack(state), x)
        return self.pack(state), cache

    def step_backward(self, params: Any, cache: Any, dstate: Any) -> tuple[Any, Any, Any]:
        dparams, dprev, dx = self.cell.step_backward(params, cache, self.unpack(dstate))
        return dparams, self.pack(dprev), dx


# Sizes differ pairwise, T ≥ 3, B ≥ 2, states, biases and cotangents are not zero; then the sizes
# of one that nothing else would run, and single precision.
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
ONE_STEP = tuple(
    replace(case, T=1, ragged=False, seed=100 + seed) for seed, case in enumerate(CASES) if case.T
)


def lstm_problem(package: Any, case: Case, *, bias: bool) -> Problem:
    """Draw the problem of a case for the LSTM of a package."""
    return draw(package.LSTM(case.D, case.H, bias=bias), case)


@lru_cache
def sequence_scenes() -> tuple[Scene, ...]:
    """Return the LSTM over sequences: every case with and without bias, and other containers."""
    cases = [replace(case, seed=seed) for seed, case in enumerate(CASES)]
    wanted = [(case, bias, None) for case in cases for bias in (True, False)]
    wanted += [(cases[k], True, container) for k in (0, 1) for container in (dict, tuple)]
    return _lstm_scenes(wanted, sequence_results, T=WIDEST.T)


@lru_cache
def step_scenes() -> tuple[Scene, ...]:
    """Return one step of the LSTM alone, with and without bias, for dense and index inputs."""
    wanted = [(case, bias, None) for case in ONE_STEP for bias in (True, False)]
    return _lstm_scenes(wanted, step_results, T=1)


def _lstm_scenes(
    wanted: Sequence[tuple[Case, bool, type | None]],
    results: Callable[[Problem, Plant], Named],
    T: int,
) -> tuple[Scene, ...]:
    """Return a scene for each (case, bias, container of the state); JAX is asked once for all."""
    problems = [lstm_problem(ml, case, bias=bias) for case, bias, _ in wanted]
    if results is step_results:
        problems = [_without_outputs(problem) for problem in problems]
    oracle = JaxOracle(Padded(ml.LSTM(WIDEST.D, WIDEST.H), T=T, B=WIDEST.B))
    told = compare_batch(problems, oracle, np.random.default_rng(0))
    assert not told.failing, "the right program must agree before anything is planted in it"

    scenes = []
    for n, (case, bias, container) in enumerate(wanted):
        problem = lstm_problem(COPY, case, bias=bias)
        if results is step_results:
            problem = _without_outputs(problem)
        if container is not None:
            cell = Repacked(problem.cell, container)
            problem = replace(problem, cell=cell, state0=cell.pack(problem.state0),
                              dstate_T=cell.pack(problem.dstate_T))  # fmt: skip
        names = dict(_oracle_names(problem))
        scenes.append(
            Scene(
                name=f"{case}, bias={bias}, state in {container}",
                run=lambda plant, problem=problem: results(problem, plant),
                reference={mine: told.reference[its][n] for mine, its in names.items()},
                bounds={mine: float(told.bounds[its][n]) for mine, its in names.items()},
                place=lambda name, array, names=names, like=told.reference: oracle.stack(
                    names[name], [array], like[names[name]][:1]
                )[0],
            )
        )
    return tuple(scenes)


def _without_outputs(problem: Problem) -> Problem:
    """Return it with a cotangent on the final state alone, as a step sees it."""
    return replace(problem, dhs=np.zeros_like(problem.dhs))


def _oracle_names(problem: Problem) -> list[tuple[str, str]]:
    """Return each result's name beside the oracle's."""
    state = list(zip(named_leaves(problem.state0), ("h", "c"), strict=True))
    pairs = [("hs", "hs"), *((f"state_T.{mine}", f"state_T.{its}") for mine, its in state)]
    for turn in ("first", "second"):
        pairs += [(f"{turn}.params.{name}", f"params.{name}")
                  for name in named_leaves(problem.params)]  # fmt: skip
        if problem.xs.dtype.kind == "f":
            pairs.append((f"{turn}.xs", "xs"))
        pairs += [(f"{turn}.state0.{mine}", f"state0.{its}") for mine, its in state]
    return pairs


@dataclass(frozen=True)
class Text:
    """A problem of the character model, without the model."""

    params: Any
    inputs: Array
    targets: Array
    state0: Any
    dstate_T: Any
    reduction: str
    dloss: float

    def of(self, package: Any) -> Text:
        """Return it in the containers of a package."""
        state0, dstate_T = (package.LSTMState(*s) for s in (self.state0, self.dstate_T))
        params = package.CharLMParams(*self.params)
        return replace(self, params=params, state0=state0, dstate_T=dstate_T)


def draw_text(T: int, B: int, K: int, H: int, reduction: str, dloss: float, seed: int) -> Text:
    """Draw weights and states of order one, and a text."""
    rng = np.random.default_rng(seed)
    text = rng.integers(0, K, (T + 1, B))
    params = [rng.standard_normal(shape) for shape in ((K, 4 * H), (H, 4 * H), (H, K))]
    h, c, dh, dc = rng.standard_normal((4, B, H))
    return Text(params, text[:-1], text[1:], (h, c), (dh, dc), reduction, dloss).of(ml)


def char_lm_reference(text: Text) -> Named:
    """Return loss and gradients by JAX: those of the loss, plus those through the final state."""
    nats, dparams, dstate0 = char_lm_gradients(
        text.params, text.inputs, text.targets, text.state0, text.reduction
    )
    K, H = text.params.V.shape[::-1]
    weights = ml.LSTMParams(text.params.W_x, text.params.W_h, None)
    no_output = np.zeros((*text.inputs.shape, H))
    through_state = reference_of(
        Problem(ml.LSTM(K, H, bias=False), weights, text.inputs, text.state0, None, no_output,
                text.dstate_T)
    ).gradients  # fmt: skip
    params = through_state.params
    params = ml.CharLMParams(params.W_x, params.W_h, np.zeros((H, K)))

    def total(of_loss: Array, of_state: Array) -> Array:
        return text.dloss * of_loss + of_state

    return {"loss": np.asarray(nats)} | named_leaves(
        {"params": tree_map(total, dparams, params),
         "state0": tree_map(total, dstate0, through_state.state0)}
    )  # fmt: skip


def char_lm_results(text: Text, plant: Plant) -> Named:
    """Run the copy's character model; the tape is used twice."""
    text = fresh(text)
    model = COPY.CharLM(*text.params.V.shape[::-1])
    loss, _, tape = model.forward(
        text.params, text.inputs, text.targets, text.state0, text.reduction
    )
    options = {} if text.dloss == 1 else {"dloss": text.dloss}
    results = {"loss": loss}
    for turn in ("first", "second"):
        with plant():
            gradients = model.backward(tape, dstate_T=text.dstate_T, **options)
        results |= named_leaves(gradients, turn)
    return results


@lru_cache
def char_lm_scenes() -> tuple[Scene, ...]:
    """Return the character model: both reductions, with and without a cotangent of the loss."""
    drawn = [
        draw_text(4, 3, 5, 2, "mean", 1, 0),
        draw_text(3, 2, 4, 5, "sum", 1, 1),
        draw_text(5, 4, 3, 2, "mean", -1.7, 2),
        draw_text(3, 3, 3, 3, "sum", 0.6, 3),
    ]
    rng = np.random.default_rng(0)
    scenes = []
    for text in drawn:
        told, moved = char_lm_reference(text), char_lm_reference(_nudged_text(text, rng))
        reference, bounds = _twice(told, moved, np.float64)
        mine = text.of(COPY)
        name = f"character model, (T, B) = {text.inputs.shape}, {text.reduction}, {text.dloss}"
        run = lambda plant, mine=mine: char_lm_results(mine, plant)  # noqa: E731
        scenes.append(Scene(name, run, reference, bounds))
    return tuple(scenes)


def _nudged_text(text: Text, rng: np.random.Generator) -> Text:
    """Return it with every weight and state one ulp off."""
    problem = Problem(None, text.params, text.inputs, text.state0, None,
                      np.zeros(1), text.dstate_T)  # fmt: skip
    moved = perturbed(problem, rng)
    return replace(text, params=moved.params, state0=moved.state0, dstate_T=moved.dstate_T)


def _twice(told: Named, moved: Named, dtype: Any) -> tuple[Named, dict[str, float]]:
    """Return references and bounds for results told twice; the loss is told once."""
    reference, bounds = {}, {}
    for name, expected in told.items():
        for turn in ("",) if name == "loss" else ("first.", "second."):
            reference[turn + name] = expected
            bounds[turn + name] = tolerance.bound(expected, moved[name] - expected, dtype)
    return reference, bounds


@lru_cache
def cross_entropy_scenes() -> tuple[Scene, ...]:
    """Return the loss alone: logits of one to three axes, float32 among them."""
    rng = np.random.default_rng(0)
    scenes: list[Scene] = []
    for shape, reduction, dloss, dtype in (
        ((3, 2, 5), "mean", None, np.float64),
        ((4, 3), "sum", -1.3, np.float64),
        ((3, 3, 3), "mean", 0.4, np.float64),
        ((6,), "sum", None, np.float64),
        ((4, 2, 3), "mean", 2.5, np.float32),
    ):
        logits = (2 * rng.standard_normal(shape)).astype(dtype)
        targets = np.asarray(rng.integers(0, shape[-1], shape[:-1]))
        told = cross_entropy_reference(logits, targets, reduction, dloss or 1)
        nudge = 1 + np.finfo(dtype).eps * rng.choice((-1, 1), shape)
        moved = cross_entropy_reference(logits * nudge, targets, reduction, dloss or 1)
        reference, bounds = _twice({"logits": told}, {"logits": moved}, dtype)

        def run(plant: Plant, logits: Array = logits, targets: Array = targets,
                reduction: str = reduction, dloss: float | None = dloss) -> Named:  # fmt: skip
            _, cache = COPY.softmax_cross_entropy(logits, targets.copy(), reduction)
            options = {} if dloss is None else {"dloss": dloss}
            results = {}
            for turn in ("first", "second"):
                with plant():
                    backward = in_copy("losses", "softmax_cross_entropy_backward")
                    results[f"{turn}.logits"] = backward(cache, **options)
            return results

        scenes.append(Scene(f"cross-entropy {shape} {reduction}", run, reference, bounds))
    return tuple(scenes)


def cross_entropy_reference(
    logits: Array, targets: Array, reduction: str, dloss: float
) -> Array:
    """Return the gradient with respect to the logits by JAX."""

    def loss(logits: Any) -> Any:
        log_p = jax.nn.log_softmax(logits, axis=-1)
        one_hot = jax.nn.one_hot(targets, logits.shape[-1], dtype=logits.dtype)
        nats = -(log_p * one_hot).sum(axis=-1)
        return dloss * (nats.mean() if reduction == "mean" else nats.sum())

    with jax.enable_x64(True):
        return to_numpy(jax.grad(loss)(jnp.asarray(logits, jnp.float64)))


def caught_by(scenes: Sequence[Scene], plant: Plant) -> float:
    """Return the error, in multiples of the bound, of the first scene that catches, or 0.

    Infinity stands for an exception, NaN, or a result that is missing or has another shape.
    """
    for scene in scenes:
        try:
            times = scene.times(plant)
        except Exception:  # whatever a mutant raises
            return np.inf
        if times > CLEARLY:
            return times
    return 0.0
