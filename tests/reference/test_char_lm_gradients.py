"""Every gradient of the character model against JAX, over random problems."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import manual_lstm as ml
from manual_lstm.trees import named_leaves
from reference.char_lm_check import SHAPES, check_char_lm, compare_char_lm, random_problem

THOROUGH = settings().max_examples > 1000


@settings(max_examples=20_000 if THOROUGH else 300)
@given(
    st.sampled_from(SHAPES),
    st.integers(0, 2**31 - 1),
    st.sampled_from((1.0, 0.0, 0.5, 3.0)),
    st.sampled_from(("mean", "sum")),
    st.sampled_from((np.float64, np.float64, np.float64, np.float32)),
)
def test_loss_and_gradients_agree_with_jax(shape, seed, scale, reduction, dtype):
    problem = random_problem(shape, seed, scale=scale, reduction=reduction, dtype=dtype)
    assert compare_char_lm(problem, seed).mismatches == []
    assert {array.dtype for array in problem.manual().values()} == {np.dtype(dtype)}


def test_the_check_proves_it_and_counts_what_it_compared():
    report = check_char_lm(cases=16)
    assert report.verdict == "right"
    assert report.evidence.proved
    assert report.evidence.sampled == 16


def test_a_wrong_gradient_is_named(monkeypatch):
    right = ml.CharLM.backward

    def wrong(self, tape, dloss=1, dstate_T=None):
        gradients = right(self, tape, dloss, dstate_T)
        return gradients._replace(params=gradients.params._replace(V=-gradients.params.V))

    monkeypatch.setattr(ml.CharLM, "backward", wrong)
    report = check_char_lm(cases=16)
    assert report.verdict == "wrong"
    assert {m.name for m in report.mismatches} == {"params.V"}


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_gradient_of_the_final_state_and_of_a_scaled_loss(reduction):
    """`dloss` scales and `dstate_T` adds: both are linear in the cotangents."""
    problem = random_problem((5, 3, 4, 2), 0)
    model = problem.model
    _, state_T, tape = model.forward(
        problem.params, problem.inputs, problem.targets, problem.state0, reduction
    )
    dstate_T = ml.LSTMState(*(np.ones_like(part) for part in state_T))
    of_loss = named_leaves(model.backward(tape))
    of_state = named_leaves(model.backward(tape, dloss=0.0, dstate_T=dstate_T))
    both = named_leaves(model.backward(tape, dloss=3.0, dstate_T=dstate_T))
    for name, gradient in both.items():
        np.testing.assert_allclose(gradient, 3 * of_loss[name] + of_state[name], atol=1e-13)
