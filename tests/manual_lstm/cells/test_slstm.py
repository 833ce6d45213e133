"""What the stabiliser of an sLSTM does to the state, and what it does not do to the output."""

from dataclasses import replace

import numpy as np
import pytest

import manual_lstm as ml
from reference.problem import Case, draw

CASE = Case(T=5, B=3, D=2, H=4, seed=10, ragged=False)


def positive(problem):
    """Return `problem` with a normaliser above zero, as a running sLSTM has it."""
    return replace(problem, state0=problem.state0._replace(n=np.abs(problem.state0.n) + 0.5))


def without_stabiliser(params, xs, c, n, h):
    """Return hs of the equations as they are without m: i = exp(z_i), f = σ(z_f)."""
    hs = []
    for x in xs:
        z_i, z_f, z_g, z_o = np.split(x @ params.W_x + h @ params.W_h + params.b, 4, axis=1)
        i, f, o = np.exp(z_i), 1 / (1 + np.exp(-z_f)), 1 / (1 + np.exp(-z_o))
        c, n = f * c + i * np.tanh(z_g), f * n + i
        h = o * c / n
        hs.append(h)
    return np.array(hs)


@pytest.mark.parametrize("seed", range(3))
def test_the_output_and_its_gradients_are_those_without_stabiliser(seed, complex_gradient):
    problem = positive(draw(ml.SLSTM(2, 4), replace(CASE, seed=seed)))
    state0 = problem.state0._replace(m=np.zeros((3, 4)))

    def loss(tree):
        state = tree["state0"]
        hs = without_stabiliser(tree["params"], problem.xs, state.c, state.n, state.h)
        return (hs * problem.dhs).sum()

    run = ml.forward(problem.cell, problem.params, problem.xs, state0)
    plain = without_stabiliser(problem.params, problem.xs, state0.c, state0.n, state0.h)
    np.testing.assert_allclose(run.hs, plain, rtol=1e-12)
    gradients = ml.backward(run.tape, problem.dhs)
    by_step = complex_gradient(loss, {"params": problem.params, "state0": state0})
    for manual, reference in (
        *zip(gradients.params, by_step["params"], strict=True),
        *zip(gradients.state0[:3], by_step["state0"][:3], strict=True),
    ):
        np.testing.assert_allclose(manual, reference, atol=1e-11 * np.abs(reference).max())


def test_the_output_sees_only_what_the_state_means():
    """The same c exp(m) and n exp(m), written with another m, are the same memory."""
    problem = positive(draw(ml.SLSTM(2, 4), CASE))
    h, c, n, m = problem.state0
    shift = np.random.default_rng(0).normal(size=m.shape)
    same = ml.SLSTMState(h, c * np.exp(-shift), n * np.exp(-shift), m + shift)
    hs, T, _ = problem.manual()
    hs_same, T_same, _ = replace(problem, state0=same).manual()
    np.testing.assert_allclose(hs_same, hs, rtol=1e-12)
    np.testing.assert_allclose(T_same.c * np.exp(T_same.m), T.c * np.exp(T.m), rtol=1e-12)
    np.testing.assert_allclose(T_same.c / T_same.n, T.c / T.n, rtol=1e-12)


def test_a_loss_of_the_output_has_no_gradient_along_the_stabiliser():
    problem = positive(draw(ml.SLSTM(2, 4), CASE))
    state0 = problem.state0._replace(m=np.full((3, 4), 20.0))  # the memory outweighs all inputs
    tape = ml.forward(problem.cell, problem.params, problem.xs, state0).tape
    of_output = ml.backward(tape, problem.dhs).state0
    along = state0.c * of_output.c + state0.n * of_output.n
    np.testing.assert_allclose(of_output.m, along, rtol=0, atol=1e-12 * np.abs(along).max())
    of_state = ml.backward(tape, None, problem.dstate_T._replace(h=np.zeros((3, 4)))).state0
    along = state0.c * of_state.c + state0.n * of_state.n
    assert np.abs(of_state.m - along).max() > 0.01  # the returned state does see it


@pytest.mark.parametrize("z_i", [1000.0, -700.0])
def test_exponential_gates_stay_finite(z_i):
    cell = ml.SLSTM(1, 1)
    params = ml.SLSTMParams(np.zeros((1, 4)), np.zeros((1, 4)), np.array([z_i, 0.0, 0.5, 0.0]))
    run = ml.forward(cell, params, np.zeros((3, 1, 1)))
    np.testing.assert_allclose(run.hs.ravel(), np.tanh(0.5) / 2, rtol=1e-12)  # c/n is a mean of g
    gradients = ml.backward(run.tape, np.ones((3, 1, 1)))
    assert all(np.isfinite(array).all() for array in (*gradients.params, *gradients.state0))


def test_the_side_taken_at_the_kink():
    """At log σ(z_f) + m_prev = z_i the derivative of m is that of the memory's side."""
    cell = ml.SLSTM(1, 1)
    params = ml.SLSTMParams(np.zeros((1, 4)), np.zeros((1, 4)), np.zeros(4))
    state0 = cell.init_state(1)._replace(n=np.ones((1, 1)), m=np.full((1, 1), -np.log(0.5)))
    run = ml.forward(cell, params, np.zeros((1, 1, 1)), state0)
    assert run.state_T.m.item() == 0.0
    dstate_T = ml.SLSTMState(None, None, None, np.ones((1, 1)))
    gradients = ml.backward(run.tape, None, dstate_T)
    assert gradients.state0.m.item() == 1.0
    np.testing.assert_array_equal(gradients.params.b, [0.0, 0.5, 0.0, 0.0])
