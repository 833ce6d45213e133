"""The linear recurrence of the minLSTM, and its gates where both are closed."""

from dataclasses import replace

import numpy as np

import manual_lstm as ml
from reference.problem import Case, draw


def one_unit(z_f, z_i):
    """Run one step of one unit, h0 = 3 and g = 5, with these pre-activations of the gates."""
    params = ml.MinLSTMParams(np.zeros((1, 3)), np.array([z_i, z_f, 5.0]))
    state0 = ml.HiddenState(np.full((1, 1), 3.0))
    run = ml.forward(ml.MinLSTM(1, 1), params, np.zeros((1, 1, 1)), state0)
    return run.hs.item(), ml.backward(run.tape, np.ones((1, 1, 1)))


def test_gates_are_normalised_by_their_sum():
    forget, write = 1 / (1 + np.exp(-0.3)), 1 / (1 + np.exp(1.1))
    h, gradients = one_unit(0.3, -1.1)
    np.testing.assert_allclose(h, (3 * forget + 5 * write) / (forget + write), rtol=1e-15)
    np.testing.assert_allclose(gradients.state0.h.item(), forget / (forget + write), rtol=1e-15)
    np.testing.assert_allclose(gradients.params.b[2], write / (forget + write), rtol=1e-15)


def test_gates_that_are_both_closed_still_share():
    """σ(-800) is 0 in float64, and the paper's quotient 0/0; e^-800 : e^-801 = e : 1 is not."""
    h, gradients = one_unit(-800.0, -801.0)
    f = 1 / (1 + np.exp(-1.0))
    np.testing.assert_allclose(h, 3 * f + 5 * (1 - f), rtol=1e-14)
    dr = (3 - 5) * f * (1 - f)
    np.testing.assert_allclose(gradients.params.b, [-dr, dr, 1 - f], rtol=1e-14)


def test_gates_that_are_both_open_share_equally_and_do_not_move():
    h, gradients = one_unit(800.0, 900.0)
    assert h == 4.0
    np.testing.assert_array_equal(gradients.params.b, [0, 0, 0.5])


def test_the_state_enters_linearly():
    """h_T(h_0) is affine, with a slope, the product of all f, that no gradient of it changes."""
    problem = draw(ml.MinLSTM(2, 5), Case(T=6, B=3, D=2, H=5, ragged=False))
    starts = [ml.HiddenState(np.full((3, 5), value)) for value in (0.0, 1.0, 10.0)]
    none, one, ten = (replace(problem, state0=start).manual() for start in starts)
    slope = one[1].h - none[1].h
    np.testing.assert_allclose(ten[1].h - none[1].h, 10 * slope, rtol=1e-9)
    tape = ml.forward(problem.cell, problem.params, problem.xs, starts[2]).tape
    dh_0 = ml.backward(tape, None, ml.HiddenState(np.ones((3, 5)))).state0.h
    np.testing.assert_allclose(dh_0, slope, rtol=1e-9)
