"""The intermediate state of a multiplicative LSTM."""

from dataclasses import replace

import numpy as np

import manual_lstm as ml
from reference.problem import Case, draw


def test_where_the_input_is_one_hot_and_its_factor_one_it_is_the_lstm(assert_same):
    """A row of ones in W_mx and W_mh = 1 leave m = h_prev, so that W_m is the LSTM's W_h."""
    problem = draw(ml.MultiplicativeLSTM(3, 5), Case(T=4, B=3, D=3, H=5, index_inputs=True))
    params = problem.params._replace(W_mx=np.ones((3, 5)), W_mh=np.eye(5))
    hs, state_T, gradients = replace(problem, params=params).manual()
    plain = ml.LSTMParams(params.W_x, params.W_m, params.b)
    lstm_hs, lstm_T, lstm = replace(problem, cell=ml.LSTM(3, 5), params=plain).manual()
    # The LSTM takes a path of its own over a sequence, which rounds in another order.
    assert_same((hs, state_T), (lstm_hs, lstm_T), ulps=8)
    assert_same(gradients.state0, lstm.state0, ulps=32)
    assert_same(gradients.params.W_m, lstm.params.W_h, ulps=32)
    assert gradients.xs is None


def test_each_input_has_recurrent_weights_of_its_own():
    """What index 1 multiplies h_prev with is row 1 of W_mx, and nothing else."""
    problem = draw(ml.MultiplicativeLSTM(3, 5), Case(T=2, B=2, D=3, H=5, ragged=False))
    tape = ml.forward(problem.cell, problem.params, np.ones((2, 2), int), problem.state0).tape
    dW_mx = ml.backward(tape, problem.dhs).params.W_mx
    assert np.abs(dW_mx[1]).min() > 0
    np.testing.assert_array_equal(dW_mx[[0, 2]], 0)


def test_a_zero_input_cuts_the_past_off_except_for_the_cell_state():
    problem = draw(ml.MultiplicativeLSTM(2, 5), Case(T=1, B=3, D=2, H=5, ragged=False))
    _, _, gradients = replace(problem, xs=np.zeros((1, 3, 2))).manual()
    np.testing.assert_array_equal(gradients.state0.h, 0)
    assert np.abs(gradients.state0.c).min() > 0
