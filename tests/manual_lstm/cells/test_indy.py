"""An IndyLSTM is an LSTM whose recurrent matrices are diagonal."""

from dataclasses import replace

import numpy as np

import manual_lstm as ml
from reference.problem import Case, draw


def test_it_is_the_lstm_with_diagonal_matrices(assert_same):
    problem = draw(ml.IndyLSTM(2, 5), Case(T=4, B=3, D=2, H=5, seed=9))
    W_x, u, b = problem.params
    W_h = np.concatenate([np.diag(block) for block in np.split(u, 4)], axis=1)
    lstm = replace(problem, cell=ml.LSTM(2, 5), params=ml.LSTMParams(W_x, W_h, b))
    (hs, state_T, gradients), (hs_full, state_T_full, full) = problem.manual(), lstm.manual()
    assert_same((hs, state_T), (hs_full, state_T_full), ulps=8)
    assert_same(gradients.state0, full.state0, ulps=32)
    diagonals = [np.diag(block) for block in np.split(full.params.W_h, 4, axis=1)]
    assert_same(gradients.params.u, np.concatenate(diagonals), ulps=32)


def test_units_do_not_see_each_other():
    problem = draw(ml.IndyLSTM(2, 5), Case(T=4, B=3, D=2, H=5, ragged=False))
    hs, _, _ = problem.manual()
    h = problem.state0.h.copy()
    h[:, 2] += 1
    moved, _, _ = replace(problem, state0=problem.state0._replace(h=h)).manual()
    np.testing.assert_array_equal(np.delete(moved, 2, axis=2), np.delete(hs, 2, axis=2))
    assert np.abs(moved - hs)[..., 2].min() > 0
