"""The character model against the same model in torch: one-hot, LSTM, Linear, cross_entropy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from tests.peers import layouts
from tests.peers.witness import one_ulp_off

import manual_lstm as ml
from manual_lstm.trees import named_leaves, tree_map
from reference import tolerance
from reference.oracle import char_lm_gradients

pytestmark = pytest.mark.peers
SIZES = {"T=5": (5, 3, 4, 6), "T=30": (30, 4, 7, 5), "T=B=1": (1, 1, 3, 2)}  # T, B, K, H
SEEDS = range(25)


def draw_model(T: int, B: int, K: int, H: int, seed: int) -> tuple[Any, ...]:
    """Return parameters of order one, inputs, targets and a state that is not zero."""
    rng = np.random.default_rng(seed)
    model = ml.CharLM(vocab_size=K, hidden_size=H)
    params = tree_map(lambda a: rng.standard_normal(a.shape), model.init_params(rng))
    state0 = tree_map(lambda a: rng.standard_normal(a.shape), model.init_state(B))
    inputs, targets = rng.integers(0, K, (2, T, B))
    return params, inputs, targets, state0


def ask_torch(params, inputs, targets, state0, reduction):
    """Return loss and gradients, by name, from torch."""
    K, H = params.V.shape[1], len(params.V)
    lstm = torch.nn.LSTM(K, H, bias=False, dtype=torch.float64)
    weights = layouts.to_torch(ml.LSTMParams(params.W_x, params.W_h, None))
    lstm.load_state_dict({name: torch.tensor(array) for name, array in weights.items()})
    linear = torch.nn.Linear(H, K, bias=False, dtype=torch.float64)
    linear.load_state_dict({"weight": torch.tensor(params.V.T)})
    h_0, c_0 = (torch.tensor(part[None], requires_grad=True) for part in state0)

    xs = torch.nn.functional.one_hot(torch.tensor(inputs), K).to(torch.float64)
    hs, _ = lstm(xs, (h_0, c_0))
    logits = linear(hs).reshape(-1, K)
    targets = torch.tensor(targets).reshape(-1)
    loss = torch.nn.functional.cross_entropy(logits, targets, reduction=reduction)
    loss.backward()
    gradients = {name: weight.grad.numpy() for name, weight in lstm.named_parameters()}
    dW_x, dW_h, _ = layouts.from_torch(gradients)
    dparams = ml.CharLMParams(dW_x, dW_h, linear.weight.grad.numpy().T)
    dstate0 = ml.LSTMState(h_0.grad.numpy()[0], c_0.grad.numpy()[0])
    return name_all(loss.detach().numpy(), dparams, dstate0)


def ask_numpy(params, inputs, targets, state0, reduction):
    model = ml.CharLM(vocab_size=params.V.shape[1], hidden_size=len(params.V))
    loss, _, tape = model.forward(params, inputs, targets, state0, reduction)
    return name_all(loss, *model.backward(tape))


def ask_jax(params, inputs, targets, state0, reduction):
    return name_all(*char_lm_gradients(params, inputs, targets, state0, reduction))


def name_all(loss, dparams, dstate0):
    return named_leaves({"loss": np.asarray(loss), "params": dparams, "state0": dstate0})


SIDES = {"NumPy": ask_numpy, "JAX": ask_jax}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES.keys())
def test_character_model(tally, sizes, reduction, side):
    agreement = tally.pairs[f"{side} and torch, character model"]
    for seed in SEEDS:
        params, inputs, targets, state0 = draw_model(*sizes, seed)
        rng = np.random.default_rng(seed)
        nearby, nearby_state0 = tree_map(
            lambda array, rng=rng: one_ulp_off(array, rng), (params, state0)
        )
        expected = ask_torch(params, inputs, targets, state0, reduction)
        moved = ask_torch(nearby, inputs, targets, nearby_state0, reduction)
        given = SIDES[side](params, inputs, targets, state0, reduction)
        assert given.keys() == expected.keys()
        agreement.problems += 1
        for name, reference in expected.items():
            response = moved[name] - reference
            error = float(np.abs(given[name] - reference).max())
            bound = tolerance.bound(reference, response, np.float64)
            assert error <= bound, f"{name}, sizes {sizes}, seed {seed}: {error:.3g} > {bound:.3g}"
            ulps = tolerance.ulps(error, reference, np.float64)
            agreement.add(name, ulps, tolerance.SAFETY * error / bound)
