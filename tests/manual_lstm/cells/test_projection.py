"""The output has a size of its own: shapes, defaults, errors, and the LSTM as a special case."""

from dataclasses import replace

import numpy as np
import pytest

import manual_lstm as ml
from reference.problem import Case, draw


def test_projecting_by_the_identity_is_the_lstm(assert_same):
    problem = draw(ml.LSTMP(2, 5, projection_size=5), Case(T=4, B=3, D=2, H=5, seed=5))
    params = problem.params._replace(W_p=np.eye(5))
    hs, state_T, gradients = replace(problem, params=params).manual()
    lstm = replace(problem, cell=ml.LSTM(2, 5), params=ml.LSTMParams(*params[:3]))
    lstm_hs, lstm_T, lstm_gradients = lstm.manual()
    # The LSTM takes a path of its own over a sequence, which rounds in another order.
    assert_same((hs, state_T), (lstm_hs, lstm_T), ulps=8)
    assert_same(ml.LSTMParams(*gradients.params[:3]), lstm_gradients.params, ulps=32)
    assert_same(gradients.state0, lstm_gradients.state0, ulps=32)


def test_the_output_has_p_numbers_and_the_cell_state_h():
    cell = ml.LSTMP(input_size=2, hidden_size=6, projection_size=4)
    problem = draw(cell, Case(T=3, B=2, D=2, H=6, ragged=False))
    hs, state_T, gradients = problem.manual()
    assert (hs.shape, state_T.h.shape, state_T.c.shape) == ((3, 2, 4), (2, 4), (2, 6))
    assert gradients.params.W_h.shape == (4, 24)
    assert (gradients.state0.h.shape, gradients.state0.c.shape) == ((2, 4), (2, 6))


@pytest.mark.parametrize(("H", "P"), [(1, 1), (2, 1), (5, 3), (6, 3)])
def test_half_of_the_units_by_default(H, P):
    assert ml.LSTMP(2, H).init_state(1).h.shape == (1, P)
    assert ml.LSTMP(2, H) == ml.LSTMP(2, H, projection_size=None)


@pytest.mark.parametrize("size", [0, -1, 2.0, True, "4"])
def test_a_projection_size_that_is_no_size_is_refused(size):
    message = f"projection_size has the value {size!r}, but must be a positive integer"
    with pytest.raises((TypeError, ValueError), match=message):
        ml.LSTMP(2, 5, projection_size=size)


def test_cotangents_of_another_size_are_refused_in_the_letters_of_the_cell():
    cell = ml.LSTMP(2, 6, projection_size=4)
    run = ml.forward(cell, cell.init_params(np.random.default_rng(0)), np.zeros((3, 2, 2)))
    with pytest.raises(ValueError, match=r"dhs has shape \(3, 2, 6\), but must be \(T, B, P\) = "):
        ml.backward(run.tape, np.zeros((3, 2, 6)))
    wrong = ml.LSTMState(np.zeros((2, 6)), np.zeros((2, 6)))
    with pytest.raises(ValueError, match=r"state0.h has shape \(2, 6\), but must be \(B, P\) = "):
        ml.forward(cell, run.tape.params, np.zeros((3, 2, 2)), wrong)
