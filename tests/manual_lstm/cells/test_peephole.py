"""Which cell state each gate sees, and the error that flows back through the peepholes."""

from dataclasses import replace
from math import exp, tanh

import numpy as np

import manual_lstm as ml
from reference.problem import Case, draw

CASE = Case(T=4, B=3, D=2, H=5, seed=3)


def test_without_peepholes_it_is_the_lstm(assert_same):
    """Greff et al. call that NP: their vanilla LSTM is this cell, their NP is `ml.LSTM`."""
    problem = draw(ml.PeepholeLSTM(2, 5), CASE)
    none = {name: np.zeros(5) for name in ("p_i", "p_f", "p_o")}
    hs, state_T, gradients = replace(problem, params=problem.params._replace(**none)).manual()
    plain = ml.LSTMParams(*problem.params[:3])
    lstm = replace(problem, cell=ml.LSTM(2, 5), params=plain).manual()
    # The LSTM takes a path of its own over a sequence, which rounds in another order.
    assert_same((hs, state_T), lstm[:2], ulps=8)
    assert_same(gradients.xs, lstm[2].xs, ulps=32)
    assert_same(ml.LSTMParams(*gradients.params[:3]), lstm[2].params, ulps=32)


def one_unit(**peepholes):
    """Return a cell of one unit whose gates see nothing but c: g = tanh(1/2), all else 0."""
    cell = ml.PeepholeLSTM(1, 1)
    b = np.array([0.0, 0.0, 0.5, 0.0])
    weights = {name: np.array([peepholes.get(name, 0.0)]) for name in ("p_i", "p_f", "p_o")}
    return cell, ml.PeepholeLSTMParams(np.zeros((1, 4)), np.zeros((1, 4)), b, **weights)


def σ(z):
    return 1 / (1 + exp(-z))


def test_input_and_forget_gate_see_the_cell_state_before_and_the_output_gate_the_one_after():
    cell, params = one_unit(p_i=2.0, p_f=-3.0, p_o=5.0)
    state0 = ml.LSTMState(np.zeros((1, 1)), np.full((1, 1), 0.4))
    run = ml.forward(cell, params, np.zeros((1, 1, 1)), state0)
    c = σ(-3.0 * 0.4) * 0.4 + σ(2.0 * 0.4) * tanh(0.5)
    np.testing.assert_allclose(run.state_T.c.item(), c, rtol=1e-15)
    np.testing.assert_allclose(run.hs.item(), σ(5.0 * c) * tanh(c), rtol=1e-15)


def test_the_error_flows_back_through_the_peepholes():
    """Gers and Schmidhuber cut it off there; the gradient of the equations does not."""
    cell, params = one_unit(p_f=-3.0)
    state0 = ml.LSTMState(np.zeros((1, 1)), np.full((1, 1), 0.4))
    tape = ml.forward(cell, params, np.zeros((1, 1, 1)), state0).tape
    gradients = ml.backward(tape, None, ml.LSTMState(None, np.ones((1, 1))))
    f = σ(-3.0 * 0.4)
    cut_off, through_the_peephole = f, f * (1 - f) * 0.4 * -3.0
    np.testing.assert_allclose(
        gradients.state0.c.item(), cut_off + through_the_peephole, rtol=1e-14
    )
