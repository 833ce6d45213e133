"""The oracle: whole sequences in JAX, differentiated by ``jax.vjp`` and by nothing else.

Everything runs in float64, whatever the dtype of the manual side, and leaves the caller's JAX
settings as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from manual_lstm import CharLMParams, Gradients, LSTMParams, LSTMState, checks
from manual_lstm.checks import Array
from manual_lstm.layer import Layer
from manual_lstm.trees import output_of
from reference.cells import lstm, no_tap, twin_of
from reference.layers import LAYERS
from reference.problem import Problem
from reference.trace import NotTraceableError, traced_step

# The products of a problem are far too small to be shared by threads; that XLA asks at each whether
# to costs a third of the time.
IN_ONE_THREAD = {"xla_cpu_multi_thread_eigen": False}

# A program is compiled once and asked a few hundred times: half the time to compile it is worth
# more than a fifth of the time to run it.
QUICKLY = {"xla_backend_optimization_level": 0, **IN_ONE_THREAD}


class Reference(NamedTuple):
    """What the oracle says of a problem, as NumPy float64 arrays."""

    hs: Array
    state_T: Any
    gradients: Gradients


def reference_of(problem: Problem, step: Callable[..., Any] | None = None) -> Reference:
    """Return outputs, final state and gradients of a problem by JAX.

    Parameters
    ----------
    problem : Problem
    step : callable, optional
        The JAX step ``step(None, params, state, x, tap)`` of a cell without a twin; the twin of
        the cell if not given.

    Returns
    -------
    Reference
        ``gradients.xs`` is None for index inputs.
    """
    cell = problem.cell if step is None else None
    step = step or step_of(problem.cell)
    with jax.enable_x64(True):
        answer = jitted_vjp(step, cell)(*arguments(problem))
    hs, state_T, (dparams, dxs, dstate0) = to_numpy(answer)
    if problem.xs.dtype.kind in "iu":
        dxs = None
    return Reference(hs, state_T, Gradients(dparams, dxs, dstate0))


def arguments(problem: Problem) -> tuple[Any, ...]:
    """Return the problem as the float64 arguments of `sequence_vjp`; indices become one-hot."""
    T, B = problem.xs.shape[:2]
    lengths = np.full(B, T) if problem.lengths is None else problem.lengths
    xs = problem.xs
    if xs.dtype.kind in "iu":
        xs = np.eye(problem.cell.input_size)[xs]
    floats = (problem.params, xs, problem.state0, problem.dhs, problem.dstate_T)
    params, xs, state0, dhs, dstate_T = jax.tree.map(lambda a: np.asarray(a, np.float64), floats)
    return params, xs, state0, lengths.astype(np.int64), dhs, dstate_T


def step_of(cell: Any) -> Callable[..., Any] | None:
    """Return the step of a cell's twin, or else its own, traced; None for a layer.

    A layer is run by its parts.

    Raises
    ------
    NotTraceableError
        For a layer of the user's own.
    """
    if type(cell) in LAYERS:
        return None
    if isinstance(cell, Layer):
        raise NotTraceableError(f"there is no twin of the layer {type(cell).__name__}")
    twin = twin_of(cell)
    return traced_step(cell) if twin is None else twin.step


def run_example(
    step: Callable[..., Any] | None, cell: Any, params: Any, xs: Any, state0: Any, length: Any
) -> tuple[Any, Any]:
    """Run one example (T, D) by ``lax.scan``: outputs (T, H), zero past `length`, and the end.

    A layer runs its parts by this same function.
    """
    if step is None:

        def run(part: Any, *arguments: Any) -> tuple[Any, Any]:
            return run_example(step_of(part), part, *arguments)

        return LAYERS[type(cell)](cell, params, xs, state0, length, run)

    def advance(state: Any, now: tuple[Any, Any]) -> tuple[Any, Any]:
        t, x = now
        alive = t < length
        moved = step(cell, params, state, x, no_tap)
        state = jax.tree.map(lambda new, old: jnp.where(alive, new, old), moved, state)
        h = output_of(moved)
        return state, jnp.where(alive, h, jnp.zeros_like(h))

    state_T, hs = jax.lax.scan(advance, state0, (jnp.arange(xs.shape[0]), xs))
    return hs, state_T


def sequence_vjp(
    step: Callable[..., Any] | None,
    cell: Any,
    params: Any,
    xs: Any,
    state0: Any,
    lengths: Any,
    dhs: Any,
    dstate_T: Any,
) -> tuple[Any, Any, Any]:
    """Return ``hs (T, B, H), state_T, (dparams, dxs, dstate0)`` of a batch by ``jax.vjp``."""

    def run(params: Any, xs: Any, state0: Any) -> Any:
        over_batch = jax.vmap(
            partial(run_example, step, cell), in_axes=(None, 1, 0, 0), out_axes=(1, 0)
        )
        return over_batch(params, xs, state0, lengths)

    (hs, state_T), pull_back = jax.vjp(run, params, xs, state0)
    return hs, state_T, pull_back((dhs, dstate_T))


@lru_cache(maxsize=256)
def jitted_vjp(step: Callable[..., Any] | None, cell: Any, *, over_cases: bool = False) -> Any:
    """Return `sequence_vjp` compiled for a step, optionally mapped over a leading axis of cases.

    `cell` is hashable: a built-in cell or layer, or None for a step that knows its own cell. Layers
    have no step.
    """
    function = partial(sequence_vjp, step, cell)
    return jax.jit(jax.vmap(function) if over_cases else function, compiler_options=QUICKLY)


def to_numpy(tree: Any) -> Any:
    """Return a pytree of JAX arrays as NumPy arrays."""
    return jax.tree.map(np.asarray, tree)


class Taps(NamedTuple):
    """Every named value of a run and the loss's gradient with respect to it, (T, B, ...)."""

    values: dict[str, Array]
    adjoints: dict[str, Array]


def taps_of(problem: Problem, step: Callable[..., Any] | None = None) -> Taps:
    """Return the values that the step names, and their adjoints, at every step of a problem.

    The adjoint of a value is the derivative of the loss with respect to a number added to it;
    past the end of a row it is zero.
    """
    cell = problem.cell
    step = step or step_of(cell)
    if step is None:
        because = "the values of a step are told, and a layer has none of its own"
        checks.fail("problem.cell", f"the layer {cell!r}", "a cell", because, error=TypeError)
    with jax.enable_x64(True):
        params, xs, state0, lengths, dhs, dstate_T = arguments(problem)
        T, B = xs.shape[:2]

        def run_tapped(offsets: Any) -> Any:
            def example(xs: Any, state0: Any, length: Any, offsets: Any) -> Any:
                def advance(state: Any, now: Any) -> Any:
                    t, x, offset = now
                    seen: dict[str, Any] = {}

                    def tap(name: str, value: Any) -> Any:
                        seen[name] = value + offset[name]
                        return seen[name]

                    moved = step(cell, params, state, x, tap)
                    alive = t < length
                    state = jax.tree.map(lambda new, old: jnp.where(alive, new, old), moved, state)
                    h = output_of(moved)
                    return state, (jnp.where(alive, h, jnp.zeros_like(h)), seen)

                return jax.lax.scan(advance, state0, (jnp.arange(T), xs, offsets))

            over_batch = jax.vmap(example, in_axes=(1, 0, 0, 1), out_axes=(0, (1, 1)))
            state_T, (hs, seen) = over_batch(xs, state0, lengths, offsets)
            return (hs, state_T), seen

        offsets = {
            name: np.zeros((T, B, *shape)) for name, shape in _tap_shapes(problem, step).items()
        }
        _, pull_back, seen = jax.vjp(run_tapped, offsets, has_aux=True)
        (adjoints,) = pull_back((dhs, dstate_T))
        return Taps(to_numpy(seen), to_numpy(adjoints))


def _tap_shapes(problem: Problem, step: Callable[..., Any]) -> dict[str, tuple[int, ...]]:
    params, xs, state0, *_ = arguments(problem)
    shapes: dict[str, tuple[int, ...]] = {}

    def tap(name: str, value: Any) -> Any:
        shapes[name] = value.shape
        return value

    first_row = jax.tree.map(lambda part: part[0], state0)
    jax.eval_shape(
        lambda params, state, x: step(problem.cell, params, state, x, tap),
        params,
        first_row,
        jnp.zeros(xs.shape[2:]),
    )
    return shapes


def char_lm_gradients(
    params: CharLMParams,
    inputs: Array,
    targets: Array,
    state0: LSTMState,
    reduction: str = "mean",
) -> tuple[float, CharLMParams, LSTMState]:
    """Return loss (nats) and gradients of the character model by ``jax.value_and_grad``.

    Parameters
    ----------
    params : CharLMParams
        W_x (K, 4H), W_h (H, 4H), V (H, K).
    inputs, targets : ndarray of integers, (T, B)
    state0 : LSTMState
    reduction : {"mean", "sum"}

    Returns
    -------
    loss : float
    dparams : CharLMParams
    dstate0 : LSTMState
    """
    with jax.enable_x64(True):
        params, state0 = jax.tree.map(lambda a: np.asarray(a, np.float64), (params, state0))
        loss, (dparams, dstate0) = _char_lm_vjp(params, state0, inputs, targets, reduction)
    return float(loss), to_numpy(dparams), to_numpy(dstate0)


@partial(jax.jit, static_argnames="reduction")
def _char_lm_vjp(params: Any, state0: Any, inputs: Any, targets: Any, reduction: str) -> Any:
    return jax.value_and_grad(char_lm_loss, argnums=(0, 1))(
        params, state0, inputs, targets, reduction
    )


def char_lm_loss(params: Any, state0: Any, inputs: Any, targets: Any, reduction: str) -> Any:
    """Return the cross-entropy in nats of an LSTM without bias followed by the matrix V."""
    weights = LSTMParams(params.W_x, params.W_h, None)

    def negative_log_likelihood(characters: Any, following: Any, state: Any) -> Any:
        def advance(state: Any, now: Any) -> Any:
            character, answer = now
            x = jax.nn.one_hot(character, params.V.shape[1], dtype=params.V.dtype)
            state = lstm.step(None, weights, state, x, no_tap)
            return state, -jax.nn.log_softmax(state.h @ params.V)[answer]

        _, nats = jax.lax.scan(advance, state, (characters, following))
        return nats

    nats = jax.vmap(negative_log_likelihood, in_axes=(1, 1, 0))(inputs, targets, state0)
    return nats.mean() if reduction == "mean" else nats.sum()
