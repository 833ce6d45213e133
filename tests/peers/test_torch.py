"""The NumPy LSTM and the JAX reference against ``torch.nn.LSTM`` and its autograd."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
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
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from manual_lstm import LSTMState
from reference.oracles import Named
from reference.problem import Case, Problem
from reference.strategies import cases

pytestmark = pytest.mark.peers
SEEDS = range(24)


def ask_torch(problem: Problem, bias: str = "bias_ih_l0") -> Named:
    """Return what torch says; ragged problems are packed."""
    cell = problem.cell
    module = torch.nn.LSTM(cell.input_size, cell.hidden_size, bias=cell.bias, dtype=torch.float64)
    # Ours is split between torch's two biases, differently in each unit.
    share = np.random.default_rng(0).uniform(size=4 * cell.hidden_size)
    weights = layouts.to_torch(problem.params, share)
    module.load_state_dict({name: torch.tensor(array) for name, array in weights.items()})

    def leaf(array):
        return torch.tensor(array, requires_grad=True)

    xs = leaf(float_inputs(problem))
    h_0, c_0 = leaf(problem.state0.h[None]), leaf(problem.state0.c[None])
    if problem.lengths is None:
        hs, (h_T, c_T) = module(xs, (h_0, c_0))
    else:
        packed = pack_padded_sequence(xs, torch.tensor(problem.lengths), enforce_sorted=False)
        hs, (h_T, c_T) = module(packed, (h_0, c_0))
        hs, lengths = pad_packed_sequence(hs, total_length=len(xs))
        assert lengths.tolist() == lengths_of(problem).tolist()
    cotangents = (problem.dhs, problem.dstate_T.h[None], problem.dstate_T.c[None])
    torch.autograd.backward((hs, h_T, c_T), [torch.tensor(array) for array in cotangents])

    gradients = {name: weight.grad.numpy() for name, weight in module.named_parameters()}
    return name_results(
        problem,
        hs.detach().numpy(),
        LSTMState(h_T.detach().numpy()[0], c_T.detach().numpy()[0]),
        layouts.from_torch(gradients, bias),
        xs.grad.numpy(),
        LSTMState(h_0.grad.numpy()[0], c_0.grad.numpy()[0]),
    )


TORCH = Witness("torch.nn.LSTM", ask_torch)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(cases(max_T=20, max_B=5, max_D=9, max_H=12), st.booleans())
def test_numpy_at_random_sizes(tally, case, bias):
    comparison = assert_agreement([alive_problem(case, bias=bias)], TORCH, "NumPy", case.seed)
    tally.add("NumPy and torch.nn.LSTM, any size", comparison)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("case", SHAPES.values(), ids=SHAPES.keys())
def test_both_sides(tally, side, case, bias):
    """Few sizes, because JAX compiles each; ragged and whole, dense and index inputs."""
    for ragged, indices in ((True, False), (False, False), (True, True)):
        problems = [
            alive_problem(replace(case, seed=seed, ragged=ragged, index_inputs=indices), bias=bias)
            for seed in SEEDS
        ]
        tally.add(f"{side} and torch.nn.LSTM", assert_agreement(problems, TORCH, side))


def test_each_of_the_two_biases_has_the_gradient_of_ours(tally):
    problems = [alive_problem(Case(seed=seed), bias=True) for seed in SEEDS]
    for name in ("bias_ih_l0", "bias_hh_l0"):
        witness = Witness("torch.nn.LSTM", partial(ask_torch, bias=name))
        assert_agreement(problems, witness, "NumPy")


def test_a_mistake_is_seen():
    """The comparison can fail: gates in another order, and an error of 1e-9."""
    problem = alive_problem(Case(seed=1), bias=True)

    def swap_gates(array):
        parts = layouts.blocks(array)
        return np.concatenate([parts[gate] for gate in "figo"], axis=-1)

    def ask_swapped(problem):
        params = problem.params._make(map(swap_gates, problem.params))
        return ask_torch(replace(problem, params=params))

    def ask_inexact(problem):
        answer = ask_torch(problem)
        return answer | {"params.W_h": answer["params.W_h"] * (1 + 1e-9)}

    with pytest.raises(AssertionError, match=r"hs: NumPy differs by"):
        assert_agreement([problem], Witness("swapped", ask_swapped), "NumPy")
    with pytest.raises(AssertionError, match=r"params\.W_h: NumPy differs by"):
        assert_agreement([problem], Witness("inexact", ask_inexact), "NumPy")
