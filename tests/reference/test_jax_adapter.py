"""The hand-written backward as a function that JAX differentiates."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

import manual_lstm as ml
from manual_lstm.trees import named_leaves
from reference import Case, draw
from reference.frameworks.jax import recurrence
from reference.oracle import reference_of

CASES = {
    "ragged": Case(T=4, B=3, D=2, H=5),
    "whole": Case(T=4, B=3, D=2, H=5, ragged=False),
    "indices": Case(T=4, B=3, D=2, H=5, index_inputs=True),
    "no steps": Case(T=0, B=2, D=2, H=3),
    "sizes of one": Case(T=1, B=1, D=1, H=1, ragged=False),
}


def loss_of(problem):
    """Return a function of params, xs and state0 whose gradients `backward` gives."""

    def loss(params, xs, state0):
        hs, state_T = recurrence(problem.cell, params, xs, state0, problem.lengths)
        total = (hs * problem.dhs).sum()
        return total + sum(
            (part * dpart).sum() for part, dpart in zip(state_T, problem.dstate_T, strict=True)
        )

    return loss


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_gradients_are_those_of_the_reference(case, bias):
    problem = draw(ml.LSTM(case.D, case.H, bias=bias), case)
    gradient = jax.grad(loss_of(problem), argnums=(0, 1, 2), allow_int=True)
    dparams, dxs, dstate0 = jax.jit(gradient)(problem.params, problem.xs, problem.state0)
    reference = named_leaves(reference_of(problem).gradients)
    given = named_leaves({"params": dparams, "state0": dstate0})
    if not case.index_inputs:
        given["xs"] = dxs
    assert given.keys() == reference.keys()
    for name, array in reference.items():
        np.testing.assert_allclose(given[name], array, rtol=1e-11, atol=1e-12, err_msg=name)


def test_own_check_of_jax_passes():
    problem = draw(ml.LSTM(2, 3), Case(T=3, B=2, D=2, H=3))
    arguments = (problem.params, problem.xs, problem.state0)
    check_grads(loss_of(problem), arguments, order=1, modes=["rev"])


def test_own_check_of_jax_can_fail():
    class Slip(ml.LSTM):
        def step_backward(self, params, cache, dstate):
            dparams, dstate_prev, dx = super().step_backward(params, cache, dstate)
            return dparams, dstate_prev._replace(c=dstate.c + dstate_prev.c), dx

    problem = draw(Slip(2, 3), Case(T=3, B=2, D=2, H=3))
    arguments = (problem.params, problem.xs, problem.state0)
    with pytest.raises(AssertionError, match="VJP"):
        check_grads(loss_of(problem), arguments, order=1, modes=["rev"])


def test_mapped_over_and_in_single_precision():
    cell = ml.LSTM(2, 3)
    params = cell.init_params(np.random.default_rng(0), np.float32)
    many = np.random.default_rng(1).normal(size=(4, 5, 2, 2)).astype(np.float32)

    def loss(params, xs):
        return recurrence(cell, params, xs)[0].sum()

    each = jax.vmap(jax.grad(loss), in_axes=(None, 0))(params, many)
    total = jax.grad(lambda params: sum(loss(params, xs) for xs in many))(params)
    assert each.W_h.dtype == jnp.float32
    np.testing.assert_allclose(each.W_h.sum(axis=0), total.W_h, rtol=1e-5)


def test_many_numbers_do_not_block_the_callback():
    """Large arguments are copied by another thread, which must not be waited for in vain."""
    cell = ml.LSTM(64, 128)
    params = cell.init_params(np.random.default_rng(0))
    xs = np.random.default_rng(1).normal(size=(20, 32, 64))
    gradient = jax.jit(jax.grad(lambda params: recurrence(cell, params, xs)[0].sum()))(params)
    hs, _, tape = ml.forward(cell, params, xs)
    expected = ml.backward(tape, np.ones_like(hs)).params
    np.testing.assert_array_equal(gradient.W_h, expected.W_h)


def test_layers():
    model = ml.Stack((ml.Bidirectional(ml.GRU(2, 3)), ml.RNN(6, 4)))
    params = model.init_params(np.random.default_rng(0))
    xs = np.random.default_rng(1).normal(size=(4, 2, 2))
    gradient = jax.grad(lambda xs: recurrence(model, params, xs)[0].sum())(xs)
    hs, _, tape = ml.forward(model, params, xs)
    np.testing.assert_array_equal(gradient, ml.backward(tape, np.ones_like(hs)).xs)


def test_bad_input_is_refused_in_our_words():
    cell = ml.LSTM(2, 3)
    params = cell.init_params(np.random.default_rng(0))
    with pytest.raises(Exception, match=r"xs has shape \(4, 2, 5\), but must be \(T, B, D\)"):
        jax.block_until_ready(recurrence(cell, params, np.zeros((4, 2, 5))))
