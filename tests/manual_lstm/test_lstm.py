"""One LSTM step worked out by hand, and the description of the cell."""

import dataclasses
from math import exp, tanh

import numpy as np
import pytest

import manual_lstm as ml
from manual_lstm.trees import named_leaves


def σ(z: float) -> float:
    return 1 / (1 + exp(-z))


# One input, one unit, one row: every name below is a plain number.
x, h_prev, c_prev = 0.5, -0.3, 0.8
w_i, w_f, w_g, w_o = 0.4, -0.6, 1.2, 0.9  # W_x
u_i, u_f, u_g, u_o = 0.7, 0.2, -0.5, 1.1  # W_h
b_i, b_f, b_g, b_o = 0.1, 1.0, -0.2, 0.3
dh, dc_from_next = 1.5, -0.7

i, f = σ(w_i * x + u_i * h_prev + b_i), σ(w_f * x + u_f * h_prev + b_f)
g, o = tanh(w_g * x + u_g * h_prev + b_g), σ(w_o * x + u_o * h_prev + b_o)
c = f * c_prev + i * g
h = o * tanh(c)

dc = dc_from_next + dh * o / (exp(c) + exp(-c)) ** 2 * 4  # tanh' = 1 / cosh²
dz_i = dc * g * i * σ(-(w_i * x + u_i * h_prev + b_i))  # σ'(z) = σ(z) σ(-z)
dz_f = dc * c_prev * f * σ(-(w_f * x + u_f * h_prev + b_f))
dz_g = dc * i * 4 / (exp(w_g * x + u_g * h_prev + b_g) + exp(-w_g * x - u_g * h_prev - b_g)) ** 2
dz_o = dh * tanh(c) * o * σ(-(w_o * x + u_o * h_prev + b_o))


@pytest.fixture
def hand():
    """Return the same step as arrays: cell, params, state, x, dstate."""
    return (
        ml.LSTM(1, 1),
        ml.LSTMParams(
            np.array([[w_i, w_f, w_g, w_o]]),
            np.array([[u_i, u_f, u_g, u_o]]),
            np.array([b_i, b_f, b_g, b_o]),
        ),
        ml.LSTMState(np.array([[h_prev]]), np.array([[c_prev]])),
        np.array([[x]]),
        ml.LSTMState(np.array([[dh]]), np.array([[dc_from_next]])),
    )


EXPECTED = {
    "params.W_x": [[dz_i * x, dz_f * x, dz_g * x, dz_o * x]],
    "params.W_h": [[dz_i * h_prev, dz_f * h_prev, dz_g * h_prev, dz_o * h_prev]],
    "params.b": [dz_i, dz_f, dz_g, dz_o],
    "state.h": [[dz_i * u_i + dz_f * u_f + dz_g * u_g + dz_o * u_o]],
    "state.c": [[dc * f]],
    "x": [[dz_i * w_i + dz_f * w_f + dz_g * w_g + dz_o * w_o]],
}


def assert_by_hand(gradients):
    assert list(gradients) == list(EXPECTED)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, EXPECTED[name], rtol=1e-14, err_msg=name)


def test_the_hand_calculation_itself():
    """Its rounded figures, so that the formulas above cannot drift unseen."""
    assert [round(value, 6) for value in (i, f, g, o)] == [0.522485, 0.654753, 0.500520, 0.603483]
    assert (round(c, 6), round(h, 6)) == (0.785317, 0.395733)
    assert round(dc, 6) == -0.184027


def test_one_step_by_hand(hand):
    cell, params, state, x_array, dstate = hand
    (h_t, c_t), cache = cell.step(params, state, x_array)
    np.testing.assert_allclose([h_t.item(), c_t.item()], [h, c], rtol=1e-15)
    dparams, dstate_prev, dx = cell.step_backward(params, cache, dstate)
    assert_by_hand(named_leaves({"params": dparams, "state": dstate_prev, "x": dx}))


def test_a_sequence_of_one_step_by_hand(hand):
    cell, params, state, x_array, dstate = hand
    hs, state_T, tape = ml.forward(cell, params, x_array[None], state)
    np.testing.assert_allclose([hs.item(), state_T.h.item()], [h, h], rtol=1e-15)
    # dh arrives in two parts: from the output of the step, and from the final state.
    gradients = ml.backward(tape, 0.25 * dstate.h[None], dstate._replace(h=0.75 * dstate.h))
    as_named = {"params": gradients.params, "state": gradients.state0, "x": gradients.xs[0]}
    assert_by_hand(named_leaves(as_named))


def test_two_steps_by_hand():
    """All weights 0 but the forget bias ln 3 and c0 = 1: c is 3/4, then 9/16."""
    cell = ml.LSTM(1, 1)
    params = ml.LSTMParams(np.zeros((1, 4)), np.zeros((1, 4)), np.array([0, np.log(3), 0, 0]))
    state0 = ml.LSTMState(np.zeros((1, 1)), np.ones((1, 1)))
    hs, state_T, tape = ml.forward(cell, params, np.zeros((2, 1, 1)), state0)
    np.testing.assert_allclose(hs.ravel(), [tanh(3 / 4) / 2, tanh(9 / 16) / 2], rtol=1e-15)
    np.testing.assert_allclose(state_T.c.item(), 9 / 16, rtol=1e-15)
    gradients = ml.backward(tape, None, ml.LSTMState(None, np.ones((1, 1))))
    np.testing.assert_allclose(gradients.state0.c.item(), 9 / 16, rtol=1e-15)
    # dc = 1 then 3/4; df = dc c_prev = 3/4, 3/4; f (1 - f) = 3/16: twice 9/64.
    np.testing.assert_allclose(gradients.params.b[1], 18 / 64, rtol=1e-14)
    # dg = dc i = 1/2, then 3/8; tanh'(0) = 1.
    np.testing.assert_allclose(gradients.params.b[2], 7 / 8, rtol=1e-15)


def test_init_params_draws_the_stated_distribution():
    cell = ml.LSTM(30, 16)
    params = cell.init_params(np.random.default_rng(0))
    for W in (params.W_x, params.W_h):
        assert np.abs(W).max() <= 1 / 4
        assert np.abs(W).max() > 0.24
        assert abs(W.mean()) < 0.01
        assert abs(W.std() - 0.25 / 3**0.5) < 0.01
    np.testing.assert_array_equal(params.b.reshape(4, 16).sum(axis=1), [0, 16, 0, 0])


def test_init_params_is_reproducible(assert_same):
    cell = ml.LSTM(3, 4)
    draws = [cell.init_params(np.random.default_rng(seed)) for seed in (7, 7, 8)]
    assert_same(draws[0], draws[1])
    assert not np.array_equal(draws[0].W_x, draws[2].W_x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128, "f4"])
def test_init_gives_the_dtype_asked_for(dtype):
    cell, rng = ml.LSTM(3, 4), np.random.default_rng(0)
    arrays = named_leaves((cell.init_params(rng, dtype), cell.init_state(2, dtype)))
    assert len(arrays) == 5
    assert all(array.dtype == np.dtype(dtype) for array in arrays.values())


def test_no_bias():
    params = ml.LSTM(3, 4, bias=False).init_params(np.random.default_rng(0))
    assert params.b is None


def test_a_zero_bias_is_no_bias(draw_problem, run, assert_same):
    without = draw_problem(bias=False)
    params = without.params._replace(b=np.zeros(16))
    zero = without._replace(cell=ml.LSTM(2, 4), params=params)
    (hs, state_T, gradients), (hs_0, state_T_0, gradients_0) = run(without), run(zero)
    assert_same((hs, state_T), (hs_0, state_T_0), ulps=4)
    assert_same(gradients.params, gradients_0.params._replace(b=None), ulps=8)


def test_init_state_is_zero_and_not_one_array():
    h0, c0 = ml.LSTM(3, 4).init_state(2)
    assert (h0.shape, c0.shape) == ((2, 4), (2, 4))
    assert not h0.any()
    assert not c0.any()
    assert not np.shares_memory(h0, c0)


def test_small_unsigned_sizes_do_not_wrap_around():
    params = ml.LSTM(np.uint8(3), np.uint8(100)).init_params(np.random.default_rng(0))
    assert params.W_h.shape == (100, 400)


def test_the_description_is_immutable_and_equal_by_value():
    cell = ml.LSTM(3, 4)
    assert cell == ml.LSTM(input_size=3, hidden_size=4, bias=True)
    assert cell != ml.LSTM(3, 4, bias=False)
    assert hash(cell) == hash(ml.LSTM(3, 4))
    with pytest.raises(dataclasses.FrozenInstanceError):
        cell.hidden_size = 5  # type: ignore[misc]


def test_lstm_is_a_cell():
    assert isinstance(ml.LSTM(3, 4), ml.Cell)
    assert not isinstance(np.zeros(3), ml.Cell)
