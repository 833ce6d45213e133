"""The plain RNN and the IndRNN: hand-made numbers, and one as a special case of the other."""

from dataclasses import replace

import numpy as np
import pytest

import manual_lstm as ml
from reference.problem import Case, draw

CASE = Case(T=4, B=3, D=2, H=5, seed=8)


def test_two_steps_by_hand():
    cell = ml.RNN(1, 1, activation=ml.ReLU())
    params = ml.RNNParams(np.array([[2.0]]), np.array([[3.0]]), np.array([-1.0]))
    xs = np.array([[[1.0]], [[-1.0]]])
    hs, state_T, tape = ml.forward(cell, params, xs, ml.HiddenState(np.array([[0.5]])))
    # z = 2·1 + 3·0.5 - 1 = 2.5, then 2·(-1) + 3·2.5 - 1 = 4.5
    np.testing.assert_array_equal(hs.ravel(), [2.5, 4.5])
    grads = ml.backward(tape, dhs=None, dstate_T=ml.HiddenState(np.array([[1.0]])))
    # dz = 1 at the last step, and 3 before it
    assert (grads.params.W_x, grads.params.W_h, grads.params.b) == (-1 + 3, 2.5 + 3 * 0.5, 4)
    np.testing.assert_array_equal(grads.xs.ravel(), [6, 2])
    assert grads.state0.h == 9
    np.testing.assert_array_equal(state_T.h, hs[-1])


@pytest.mark.parametrize("activation", [ml.ReLU(), ml.Tanh()])
def test_an_indrnn_is_an_rnn_with_a_diagonal_matrix(activation, assert_same):
    problem = draw(ml.IndRNN(2, 5, activation=activation), CASE)
    W_x, w_h, b = problem.params
    rnn = replace(
        problem,
        cell=ml.RNN(2, 5, activation=activation),
        params=ml.RNNParams(W_x, np.diag(w_h), b),
    )
    (hs, state_T, manual), (rnn_hs, rnn_T, full) = problem.manual(), rnn.manual()
    assert_same((hs, state_T), (rnn_hs, rnn_T), ulps=8)
    assert_same((manual.xs, manual.state0), (full.xs, full.state0), ulps=32)
    assert_same(manual.params.w_h, np.diag(full.params.W_h).copy(), ulps=32)
    assert manual.params.w_h.shape == (5,)


def test_without_a_bias_it_is_as_with_zeros(assert_same):
    problem = draw(ml.RNN(2, 5, bias=False), CASE)
    assert problem.params.b is None
    zeros = replace(problem, cell=ml.RNN(2, 5), params=problem.params._replace(b=np.zeros(5)))
    without, with_zeros = problem.manual(), zeros.manual()
    assert without[2].params.b is None
    assert_same(without[0], with_zeros[0])
    assert_same(without[2].params[:2], with_zeros[2].params[:2])


def test_a_dead_rectifier_passes_nothing():
    cell = ml.IndRNN(2, 3)
    params = ml.IndRNNParams(np.ones((2, 3)), np.ones(3), np.array([-100.0, 0, 0]))
    _, _, tape = ml.forward(cell, params, np.ones((4, 1, 2)))
    grads = ml.backward(tape, dhs=np.ones((4, 1, 3)))
    assert not grads.params.b[0]
    assert not grads.params.W_x[:, 0].any()
    assert (grads.params.b[1:] == 4 + 3 + 2 + 1).all()
