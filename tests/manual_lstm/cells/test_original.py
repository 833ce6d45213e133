"""The constant error carousel, and what the cell of 1997 is a special case of."""

from dataclasses import replace

import numpy as np

import manual_lstm as ml
from reference.problem import Case, draw


def test_an_error_in_the_cell_state_is_carried_undiminished():
    """With no recurrent weights nothing but c connects the steps: dc0 is dc_T, bit for bit."""
    problem = draw(ml.OriginalLSTM(2, 4), Case(T=100, B=3, D=2, H=4, ragged=False))
    params = problem.params._replace(W_h=np.zeros((4, 12)))
    tape = ml.forward(problem.cell, params, problem.xs, problem.state0).tape
    dc_T = problem.dstate_T.c
    gradients = ml.backward(tape, None, ml.LSTMState(None, dc_T))
    np.testing.assert_array_equal(gradients.state0.c, dc_T)


def test_with_peepholes_it_is_the_lstm_without_forget_gate(assert_same):
    problem = draw(ml.OriginalLSTM(2, 5), Case(T=4, B=3, D=2, H=5, seed=6))
    nothing = np.zeros(5)
    params = ml.NoForgetGateLSTMParams(*problem.params, p_i=nothing, p_o=nothing)
    peephole = replace(problem, cell=ml.NoForgetGateLSTM(2, 5), params=params)
    (hs, state_T, gradients), (hs_p, state_T_p, gradients_p) = problem.manual(), peephole.manual()
    assert_same((hs, state_T), (hs_p, state_T_p))
    assert_same(gradients.params, ml.OriginalLSTMParams(*gradients_p.params[:3]))
    assert_same((gradients.xs, gradients.state0), (gradients_p.xs, gradients_p.state0))


def test_the_product_of_gate_and_candidate_is_added():
    """One step of zeros but b_g = 1: c = 3 + 1/2 tanh 1."""
    cell = ml.OriginalLSTM(1, 1)
    params = ml.OriginalLSTMParams(np.zeros((1, 3)), np.zeros((1, 3)), np.array([0.0, 1.0, 0.0]))
    state0 = ml.LSTMState(np.zeros((1, 1)), np.full((1, 1), 3.0))
    state_T = ml.forward(cell, params, np.zeros((1, 1, 1)), state0).state_T
    np.testing.assert_allclose(state_T.c.item(), 3 + np.tanh(1) / 2, rtol=1e-15)
