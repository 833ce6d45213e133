"""The NumPy LSTM and the JAX reference against the cells of Haiku and Equinox, and the layouts."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import equinox
import haiku
import jax
import jax.numpy as jnp
import pytest
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

from manual_lstm import LSTMState, layouts
from reference.oracle import to_numpy
from reference.oracles import Named
from reference.problem import Problem

pytestmark = pytest.mark.peers
SEEDS = range(8)


def haiku_step(D: int, H: int, bias: bool):
    """Return a step of ``haiku.LSTM`` for one example."""
    cell = haiku.without_apply_rng(haiku.transform(lambda x, state: haiku.LSTM(H)(x, state)[1]))

    def step(weights, x, state):
        moved = cell.apply({"lstm/linear": weights}, x, haiku.LSTMState(state.h, state.c))
        return LSTMState(moved.hidden, moved.cell)

    return step


def equinox_step(D: int, H: int, bias: bool):
    """Return a step of ``equinox.nn.LSTMCell`` for one example."""
    empty = equinox.nn.LSTMCell(D, H, use_bias=bias, key=jax.random.key(0))

    def step(weights, x, state):
        cell = equinox.tree_at(
            lambda cell: [getattr(cell, name) for name in weights], empty, list(weights.values())
        )
        return LSTMState(*cell(x, (state.h, state.c)))

    return step


@cache
def vjp_of(make_step, D: int, H: int, bias: bool):
    """Return a compiled function: outputs, final state and gradients."""
    step = make_step(D, H, bias)

    def example(weights, xs, state0, length):
        def advance(state, now):
            t, x = now
            moved = step(weights, x, state)
            state = jax.tree.map(lambda new, old: jnp.where(t < length, new, old), moved, state)
            return state, jnp.where(t < length, moved.h, 0.0)

        state_T, hs = jax.lax.scan(advance, state0, (jnp.arange(len(xs)), xs))
        return hs, state_T

    @jax.jit
    def vjp(weights, xs, state0, lengths, dhs, dstate_T):
        def run(weights, xs, state0):
            over_batch = jax.vmap(example, in_axes=(None, 1, 0, 0), out_axes=(1, 0))
            return over_batch(weights, xs, state0, lengths)

        (hs, state_T), pull_back = jax.vjp(run, weights, xs, state0)
        return hs, state_T, *pull_back((dhs, dstate_T))

    return vjp


def ask(make_step, to, back, problem: Problem) -> Named:
    """Return what the framework says."""
    cell = problem.cell
    answer = vjp_of(make_step, cell.input_size, cell.hidden_size, cell.bias)(
        to(problem.params),
        float_inputs(problem),
        problem.state0,
        lengths_of(problem),
        problem.dhs,
        problem.dstate_T,
    )
    hs, state_T, dweights, dxs, dstate0 = to_numpy(answer)
    dparams = back(dweights)
    if not cell.bias:
        dparams = dparams._replace(b=None)
    return name_results(problem, hs, state_T, dparams, dxs, dstate0)


WITNESSES = {
    "haiku.LSTM": partial(
        ask, haiku_step, layouts.to_haiku, partial(layouts.from_haiku, gradients=True)
    ),
    "equinox.nn.LSTMCell": partial(ask, equinox_step, layouts.to_equinox, layouts.from_equinox),
}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("name", WITNESSES)
@pytest.mark.parametrize("case", [SHAPES["T=4"], SHAPES["T=7"]], ids=["T=4", "T=7"])
def test_cells(tally, case, name, bias, side):
    for ragged in (True, False):
        problems = [
            alive_problem(replace(case, seed=seed, ragged=ragged), bias=bias) for seed in SEEDS
        ]
        witness = Witness(name, WITNESSES[name])
        tally.add(f"{side} and {name}", assert_agreement(problems, witness, side))
