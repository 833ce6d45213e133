"""Every gradient of the character model against JAX, over random problems."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import manual_lstm as ml
from manual_lstm.trees import named_leaves
from reference import tolerance
from reference.oracle import char_lm_gradients

THOROUGH = settings().max_examples > 1000
# One compilation each: steps, rows, characters, units. Pairwise different, then the ones.
SHAPES = ((5, 3, 4, 2), (1, 2, 3, 4), (3, 1, 1, 1), (9, 2, 7, 5))


def random_problem(shape: tuple[int, ...], seed: int, scale: float, dtype: type):
    T, B, K, H = shape
    rng = np.random.default_rng(seed)

    def normal(*size):
        return (scale * rng.standard_normal(size)).astype(dtype)

    params = ml.CharLMParams(normal(K, 4 * H), normal(H, 4 * H), normal(H, K))
    state0 = ml.LSTMState(normal(B, H), normal(B, H))
    inputs, targets = rng.integers(0, K, (2, T, B))
    return ml.CharLM(K, H), params, inputs, targets, state0


@settings(max_examples=20_000 if THOROUGH else 300)
@given(
    st.sampled_from(SHAPES),
    st.integers(0, 2**31 - 1),
    st.sampled_from((1.0, 0.0, 0.5, 3.0)),
    st.sampled_from(("mean", "sum")),
    st.sampled_from((np.float64, np.float64, np.float64, np.float32)),
)
def test_loss_and_gradients_agree_with_jax(shape, seed, scale, reduction, dtype):
    model, params, inputs, targets, state0 = random_problem(shape, seed, scale, dtype)
    loss, _, tape = model.forward(params, inputs, targets, state0, reduction)
    gradients = model.backward(tape)

    reference_loss, dparams, dstate0 = char_lm_gradients(params, inputs, targets, state0, reduction)
    eps = np.finfo(dtype).eps
    assert abs(float(loss) - reference_loss) <= 32 * eps * max(1.0, abs(reference_loss))
    rng = np.random.default_rng(seed)
    moved = char_lm_gradients(nudged(params, rng), inputs, targets, nudged(state0, rng), reduction)
    named = named_leaves({"params": dparams, "state0": dstate0})
    responses = named_leaves({"params": moved[1], "state0": moved[2]})
    for name, manual in named_leaves(gradients).items():
        explained = tolerance.bound(named[name], responses[name] - named[name], dtype)
        error = np.abs(manual - named[name]).max(initial=0)
        assert error <= explained, f"{name}: off by {error}, rounding explains {explained}"
        assert manual.dtype == dtype


def nudged(tree, rng):
    return type(tree)(
        *(a * (1 + np.finfo(a.dtype).eps * rng.choice((-1, 1), a.shape)).astype(a.dtype) for a in tree)
    )


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_gradient_of_the_final_state_and_of_a_scaled_loss(reduction):
    """`dloss` scales and `dstate_T` adds: both are linear in the cotangents."""
    model, params, inputs, targets, state0 = random_problem((5, 3, 4, 2), 0, 1.0, np.float64)
    _, state_T, tape = model.forward(params, inputs, targets, state0, reduction)
    dstate_T = ml.LSTMState(*(np.ones_like(part) for part in state_T))
    of_loss = named_leaves(model.backward(tape))
    of_state = named_leaves(model.backward(tape, dloss=0.0, dstate_T=dstate_T))
    both = named_leaves(model.backward(tape, dloss=3.0, dstate_T=dstate_T))
    for name, gradient in both.items():
        np.testing.assert_allclose(gradient, 3 * of_loss[name] + of_state[name], atol=1e-13)
