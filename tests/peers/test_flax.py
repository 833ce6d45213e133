"""The NumPy LSTM and the JAX reference against the LSTM cells of flax.linen and its RNN."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import flax.linen as nn
import jax
import jax.numpy as jnp
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
CELLS = {"LSTMCell": nn.LSTMCell, "OptimizedLSTMCell": nn.OptimizedLSTMCell}
SEEDS = range(12)


@cache
def flax_vjp(cell: type, H: int):
    """Return a compiled function: outputs, final state and gradients of flax's LSTM."""
    rnn = nn.RNN(cell(H, param_dtype=jnp.float64), time_major=True, return_carry=True)

    @jax.jit
    def vjp(params, xs, state0, lengths, dhs, dstate_T):
        def run(params, xs, state0):
            (c, h), hs = rnn.apply(
                {"params": {"cell": params}},
                xs,
                initial_carry=(state0.c, state0.h),
                seq_lengths=lengths,
            )
            # flax runs on through the padding; ours is zero there.
            alive = jnp.arange(len(xs))[:, None, None] < lengths[None, :, None]
            return jnp.where(alive, hs, 0.0), LSTMState(h, c)

        (hs, state_T), pull_back = jax.vjp(run, params, xs, state0)
        return hs, state_T, *pull_back((dhs, dstate_T))

    return vjp


def ask_flax(cell: type, problem: Problem) -> Named:
    """Return what flax says."""
    # flax adds a bias (H,) to (B, H) and relies on the ranks' promotion.
    with jax.numpy_rank_promotion("allow"):
        answer = flax_vjp(cell, problem.cell.hidden_size)(
            layouts.to_flax(problem.params),
            float_inputs(problem),
            problem.state0,
            lengths_of(problem),
            problem.dhs,
            problem.dstate_T,
        )
    hs, state_T, dparams, dxs, dstate0 = to_numpy(answer)
    dparams = layouts.from_flax(dparams, bias=problem.cell.bias)
    return name_results(problem, hs, state_T, dparams, dxs, dstate0)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("case", SHAPES.values(), ids=SHAPES.keys())
def test_flax(tally, case, cell, bias, side):
    witness = Witness(f"flax.linen.{cell}", partial(ask_flax, CELLS[cell]))
    for ragged in (True, False):
        problems = [
            alive_problem(replace(case, seed=seed, ragged=ragged), bias=bias) for seed in SEEDS
        ]
        tally.add(f"{side} and {witness.name}", assert_agreement(problems, witness, side))
