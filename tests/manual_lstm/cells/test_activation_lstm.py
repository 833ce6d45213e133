"""The LSTM with other activations: the LSTM itself by default, and kinks where they must be."""

from dataclasses import replace

import numpy as np
import pytest

import manual_lstm as ml
from reference.problem import Case, draw

CASE = Case(T=4, B=3, D=2, H=5, seed=5)


@pytest.mark.parametrize("bias", [True, False])
def test_by_default_it_is_the_lstm(bias, assert_same):
    problem = draw(ml.ActivationLSTM(2, 5, bias=bias), CASE)
    lstm = replace(problem, cell=ml.LSTM(2, 5, bias=bias))
    assert_same(problem.manual(), lstm.manual(), ulps=16)


def test_each_activation_stands_where_it_should():
    """All weights zero: i = f = o = φ(b), g = γ(b), and one step is c = φγ, h = φ χ(c)."""
    cell = ml.ActivationLSTM(
        1, 1, True, ml.HardSigmoid(0.2), ml.ScaledTanh(2.0, 0.5), ml.Softsign()
    )
    params = ml.LSTMParams(np.zeros((1, 4)), np.zeros((1, 4)), np.array([1.0, 1.5, 3.0, -1.0]))
    state, _ = cell.step(params, cell.init_state(1), np.zeros((1, 1)))
    c = 0.7 * 2 * np.tanh(1.5)
    np.testing.assert_allclose(state.c, [[c]], rtol=1e-14)
    np.testing.assert_allclose(state.h, [[0.3 * c / (1 + c)]], rtol=1e-14)


def test_a_saturated_hard_gate_passes_no_gradient():
    problem = draw(ml.ActivationLSTM(2, 5, gate_activation=ml.HardSigmoid()), CASE)
    b = problem.params.b.copy()
    b[5:10] = 100  # the forget gates are 1, beyond the kink
    grads = replace(problem, params=problem.params._replace(b=b)).manual()[2].params
    assert not grads.W_x[:, 5:10].any()
    assert not grads.W_h[:, 5:10].any()
    assert not grads.b[5:10].any()
    assert grads.b[:5].all()


@pytest.mark.parametrize("name", ["gate_activation", "candidate_activation", "output_activation"])
def test_what_is_no_activation_is_refused(name):
    message = f"{name} has the value <ufunc 'tanh'>, but must be an activation such as Sigmoid"
    with pytest.raises(TypeError, match=message):
        ml.ActivationLSTM(2, 3, **{name: np.tanh})
