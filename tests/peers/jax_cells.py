"""Cells of flax and Keras as JAX steps of our parameters: ``jax.vjp`` brings the gradients back."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"  # read once, when keras is imported

import flax.linen as nn
import jax
import jax.numpy as jnp
import keras
import numpy as np
from tests.peers.witness import float_inputs, lengths_of

import manual_lstm as ml
from manual_lstm.trees import named_leaves, output_of
from reference.oracle import to_numpy
from reference.oracles import Named
from reference.problem import Problem

Step = Callable[[Any, Any, Any, Any], Any]
"""``step(cell, params, state, x) -> state`` in JAX, for a batch."""


@lru_cache
def vjp_of(step: Step, cell: Any) -> Any:
    """Return a compiled function: outputs, final state and gradients of a step over a sequence."""

    @jax.jit
    def vjp(params: Any, xs: Any, state0: Any, lengths: Any, dhs: Any, dstate_T: Any) -> Any:
        def run(params: Any, xs: Any, state0: Any) -> Any:
            def advance(state: Any, now: Any) -> Any:
                t, x = now
                moved = step(cell, params, state, x)

                def choose(new: Any, old: Any) -> Any:
                    alive = (t < lengths).reshape(-1, *[1] * (old.ndim - 1))
                    return jnp.where(alive, new, old)

                h = output_of(moved)
                return jax.tree.map(choose, moved, state), choose(h, jnp.zeros_like(h))

            state_T, hs = jax.lax.scan(advance, state0, (jnp.arange(len(xs)), xs))
            return hs, state_T

        results, pull_back = jax.vjp(run, params, xs, state0)
        return *results, *pull_back((dhs, dstate_T))

    return vjp


def ask_step(step: Step, problem: Problem) -> Named:
    """Return what a peer's cell says, run over the sequence of a problem."""
    # The peers add a bias (H,) to (B, H), and Keras a float32 dropout rate of its own.
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        answer = vjp_of(step, problem.cell)(
            problem.params, float_inputs(problem), problem.state0, lengths_of(problem),
            problem.dhs, problem.dstate_T,
        )  # fmt: skip
    hs, state_T, dparams, dxs, dstate0 = to_numpy(answer)
    dxs = None if problem.xs.dtype.kind in "iu" else dxs
    return named_leaves(
        {"hs": hs, "state_T": state_T, "params": dparams, "xs": dxs, "state0": dstate0}
    )


def dense(kernel: Any, bias: Any = None) -> dict[str, Any]:
    return {"kernel": kernel} if bias is None else {"kernel": kernel, "bias": bias}


# flax.linen


def flax_lstm(cell: Any, params: Any, state: Any, x: Any) -> Any:
    of_x, of_h = (jnp.split(W, 4, axis=1) for W in params[:2])
    biases = jnp.split(params.b, 4)
    weights = {f"i{gate}": dense(kernel) for gate, kernel in zip("ifgo", of_x, strict=True)}
    weights |= {
        f"h{gate}": dense(kernel, bias)
        for gate, kernel, bias in zip("ifgo", of_h, biases, strict=True)
    }
    theirs = nn.LSTMCell(cell.hidden_size, param_dtype=jnp.float64)
    (c, h), _ = theirs.apply({"params": weights}, (state.c, state.h), x)
    return ml.LSTMState(h, c)


def flax_gru(cell: Any, params: Any, state: Any, x: Any) -> Any:
    (ir, iz, in_), (hr, hz, hn) = (jnp.split(W, 3, axis=1) for W in params[:2])
    b_r, b_z, b_n = jnp.split(params.b, 3)
    weights = {
        "ir": dense(ir, b_r), "iz": dense(iz, b_z), "in": dense(in_, b_n),
        "hr": dense(hr), "hz": dense(hz), "hn": dense(hn, params.b_hn),
    }  # fmt: skip
    theirs = nn.GRUCell(cell.hidden_size, param_dtype=jnp.float64)
    return ml.HiddenState(theirs.apply({"params": weights}, state.h, x)[0])


def flax_mgu(cell: Any, params: Any, state: Any, x: Any) -> Any:
    (if_, in_), (hf, hn) = (jnp.split(W, 2, axis=1) for W in params[:2])
    b_f, b_n = jnp.split(params.b, 2)
    weights = {
        "if": dense(if_, b_f), "in": dense(in_, b_n), "hf": dense(hf), "hn": dense(hn, params.b_hn),
    }  # fmt: skip
    theirs = nn.MGUCell(cell.hidden_size, param_dtype=jnp.float64)
    return ml.HiddenState(theirs.apply({"params": weights}, state.h, x)[0])


def flax_simple(cell: Any, params: Any, state: Any, x: Any) -> Any:
    weights = {"i": dense(params.W_x, params.b), "h": dense(params.W_h)}
    theirs = nn.SimpleCell(cell.hidden_size, param_dtype=jnp.float64)
    return ml.HiddenState(theirs.apply({"params": weights}, state.h, x)[0])


# keras


def plain_tanh(x: Any) -> Any:
    """Return tanh; that of keras.ops rounds float64 to float32 on this backend."""
    return jnp.tanh(x)


def hard_sigmoid(x: Any) -> Any:
    """Return Keras's hard sigmoid, without its rounding."""
    return jnp.clip(x / 6 + 0.5, 0.0, 1.0)


@cache
def keras_cell(kind: str, D: int, H: int, **options: Any) -> Any:
    with jax.ensure_compile_time_eval():  # its first weights, which are never used, are numbers
        layer = getattr(keras.layers, kind)(H, activation=plain_tanh, dtype="float64", **options)
        layer.build((None, D))
    return layer


def call_keras(layer: Any, weights: list[Any], x: Any, states: list[Any], **options: Any) -> Any:
    """Return the new states of a Keras cell."""
    others = [np.asarray(variable.value) for variable in layer.non_trainable_variables]
    (_, moved), _ = layer.stateless_call(weights, others, x, states, **options)
    return moved


def _reordered(array: Any) -> Any:
    """Return our blocks r, u, n in Keras's order z, r, h."""
    r, u, n = jnp.split(array, 3, axis=-1)
    return jnp.concatenate([u, r, n], axis=-1)


def keras_lstm(cell: Any, params: Any, state: Any, x: Any) -> Any:
    layer = keras_cell("LSTMCell", x.shape[1], cell.hidden_size)
    return ml.LSTMState(*call_keras(layer, list(params), x, list(state)))


def keras_gru(cell: Any, params: Any, state: Any, x: Any) -> Any:
    zeros = jnp.zeros(2 * cell.hidden_size)
    rows = [_reordered(params.b), _reordered(jnp.concatenate([zeros, params.b_hn]))]
    weights = [_reordered(params.W_x), _reordered(params.W_h), jnp.stack(rows)]
    layer = keras_cell("GRUCell", x.shape[1], cell.hidden_size)
    return ml.HiddenState(*call_keras(layer, weights, x, list(state)))


def keras_gru_before(cell: Any, params: Any, state: Any, x: Any) -> Any:
    layer = keras_cell("GRUCell", x.shape[1], cell.hidden_size, reset_after=False)
    return ml.HiddenState(*call_keras(layer, [_reordered(a) for a in params], x, list(state)))


def keras_simple(cell: Any, params: Any, state: Any, x: Any) -> Any:
    layer = keras_cell("SimpleRNNCell", x.shape[1], cell.hidden_size)
    return ml.HiddenState(*call_keras(layer, list(params), x, list(state)))


def keras_hard_lstm(cell: Any, params: Any, state: Any, x: Any) -> Any:
    layer = keras_cell("LSTMCell", x.shape[1], cell.hidden_size, recurrent_activation=hard_sigmoid)
    return ml.LSTMState(*call_keras(layer, list(params), x, list(state)))


def keras_dropout(cell: Any, params: Any, state: Any, x: Any) -> Any:
    """Put the masks that Keras would draw, one for each gate, where it keeps them."""
    rates = {"dropout": 0.5, "recurrent_dropout": 0.5}
    layer = keras_cell("LSTMCell", x.shape[1], cell.hidden_size, implementation=1, **rates)
    layer._dropout_mask, layer._recurrent_dropout_mask = [state.m_x] * 4, [state.m_h] * 4
    try:
        h, c = call_keras(layer, list(params), x, [state.h, state.c], training=True)
    finally:
        layer._dropout_mask = layer._recurrent_dropout_mask = None
    return state._replace(h=h, c=c)


STEPS: tuple[tuple[str, Callable[[int, int], Any], str, Step], ...] = (
    ("LSTM", ml.LSTM, "flax.linen.LSTMCell", flax_lstm),
    ("LSTM", ml.LSTM, "keras.layers.LSTMCell", keras_lstm),
    ("GRU", ml.GRU, "flax.linen.GRUCell", flax_gru),
    ("MGUResetAfter", ml.MGUResetAfter, "flax.linen.MGUCell", flax_mgu),
    ("RNN", ml.RNN, "flax.linen.SimpleCell", flax_simple),
    ("GRU", ml.GRU, "keras.layers.GRUCell", keras_gru),
    ("GRUResetBefore", ml.GRUResetBefore, "keras.layers.GRUCell, reset_after=False",
     keras_gru_before),
    ("RNN", ml.RNN, "keras.layers.SimpleRNNCell", keras_simple),
    ("ActivationLSTM",
     lambda D, H: ml.ActivationLSTM(D, H, gate_activation=ml.HardSigmoid()),
     "keras.layers.LSTMCell, hard sigmoid", keras_hard_lstm),
    ("VariationalDropoutLSTM", ml.VariationalDropoutLSTM, "keras.layers.LSTMCell, dropout",
     keras_dropout),
)  # fmt: skip
