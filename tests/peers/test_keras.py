"""The NumPy LSTM and the JAX reference against ``keras.layers.LSTM`` on the JAX backend."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache

os.environ["KERAS_BACKEND"] = "jax"  # read once, when keras is imported

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from tests.peers import layouts
from tests.peers.witness import (
    SHAPES,
    SIDES,
    Witness,
    alive_problem,
    assert_agreement,
    float_inputs,
    lengths_of,
    name_results,
)

from manual_lstm import LSTMState
from reference.oracle import to_numpy
from reference.oracles import Named
from reference.problem import Problem

pytestmark = pytest.mark.peers
SEEDS = range(12)


@cache
def keras_vjp(D: int, H: int, bias: bool):
    """Return a compiled function: outputs, final state and gradients of Keras's LSTM."""
    layer = keras.layers.LSTM(
        H,
        activation=jnp.tanh,  # keras.ops.tanh rounds float64 to float32 on this backend
        use_bias=bias,
        return_sequences=True,
        return_state=True,
        zero_output_for_mask=True,
        dtype="float64",
    )
    layer.build((None, None, D))
    assert [weight.name for weight in layer.trainable_variables] == [
        "kernel",
        "recurrent_kernel",
        *(["bias"] if bias else []),
    ]
    # The seed of a dropout that is off.
    others = [np.asarray(variable.value) for variable in layer.non_trainable_variables]

    @jax.jit
    def vjp(weights, xs, state0, mask, dhs, dstate_T):
        def run(weights, xs, state0):
            (hs, h, c), _ = layer.stateless_call(
                weights, others, xs.swapaxes(0, 1), initial_state=list(state0), mask=mask
            )
            return hs.swapaxes(0, 1), LSTMState(h, c)

        (hs, state_T), pull_back = jax.vjp(run, weights, xs, state0)
        return hs, state_T, *pull_back((dhs, dstate_T))

    return vjp


def ask_keras(problem: Problem) -> Named:
    """Return what Keras says; a mask (B, T) tells where rows live."""
    cell, xs = problem.cell, float_inputs(problem)
    mask = np.arange(len(xs)) < lengths_of(problem)[:, None]
    # Keras adds a bias (4H,) to (B, 4H), and a float32 dropout rate of its own.
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        answer = keras_vjp(cell.input_size, cell.hidden_size, cell.bias)(
            layouts.to_keras(problem.params),
            xs,
            problem.state0,
            mask,
            problem.dhs,
            problem.dstate_T,
        )
    hs, state_T, dweights, dxs, dstate0 = to_numpy(answer)
    return name_results(problem, hs, state_T, layouts.from_keras(dweights), dxs, dstate0)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("case", SHAPES.values(), ids=SHAPES.keys())
def test_keras(tally, case, bias, side):
    witness = Witness("keras.layers.LSTM", ask_keras)
    for ragged in (True, False):
        problems = [
            alive_problem(replace(case, seed=seed, ragged=ragged), bias=bias) for seed in SEEDS
        ]
        tally.add(f"{side} and {witness.name}", assert_agreement(problems, witness, side))
