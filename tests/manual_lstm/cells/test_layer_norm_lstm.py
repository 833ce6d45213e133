"""What layer normalisation makes of a row, and what of the state is normalised."""

from dataclasses import replace

import numpy as np
import pytest

import manual_lstm as ml
from manual_lstm.layer_norm import layer_norm, layer_norm_backward
from reference.problem import Case, draw

rng = np.random.default_rng(7)
ROWS, GAIN, COTANGENT = rng.normal(size=(3, 6)), rng.normal(size=6), rng.normal(size=(3, 6))


def test_rows_get_mean_zero_and_variance_one():
    y, _ = layer_norm(ROWS, np.ones(6), epsilon=1e-12)
    np.testing.assert_allclose(y.mean(axis=1), 0, atol=1e-15)
    np.testing.assert_allclose(y.var(axis=1), 1, rtol=1e-10)


def test_a_row_of_equal_entries_becomes_zero():
    y, cache = layer_norm(np.full((1, 4), 3.0), np.ones(4), epsilon=1e-5)
    np.testing.assert_array_equal(y, 0)
    da, dgain = layer_norm_backward(np.ones(4), cache, np.array([[1.0, 0, 0, 0]]))
    np.testing.assert_allclose(da, np.array([[3, -1, -1, -1]]) / 4 / np.sqrt(1e-5), rtol=1e-12)
    np.testing.assert_array_equal(dgain, 0)


def test_the_gradient_sees_no_shift_and_no_scale():
    """LN(a + s) = LN(a), and LN(s a) = LN(a) up to ε: so da is orthogonal to 1 and to a."""
    _, cache = layer_norm(ROWS, GAIN, epsilon=1e-12)
    da, _ = layer_norm_backward(GAIN, cache, COTANGENT)
    np.testing.assert_allclose(da.sum(axis=1), 0, atol=1e-14)
    np.testing.assert_allclose((da * ROWS).sum(axis=1), 0, atol=1e-10)


def test_the_gradient_by_complex_step(complex_gradient):
    def loss(tree):
        return (layer_norm(tree["a"], tree["gain"], 0.3)[0] * COTANGENT).sum()

    by_step = complex_gradient(loss, {"a": ROWS, "gain": GAIN})
    da, dgain = layer_norm_backward(GAIN, layer_norm(ROWS, GAIN, 0.3)[1], COTANGENT)
    np.testing.assert_allclose(da, by_step["a"], rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(dgain, by_step["gain"], rtol=1e-13, atol=1e-15)


def test_the_scale_of_a_weight_matrix_does_not_matter():
    """Up to ε, LN(x (3 W_x)) = LN(x W_x): the gradient with respect to W_x is orthogonal to it."""
    problem = draw(ml.LayerNormLSTM(2, 5, epsilon=1e-12), Case(T=4, B=3, D=2, H=5, seed=8))
    hs, _, gradients = problem.manual()
    larger = problem.params._replace(W_x=3 * problem.params.W_x)
    hs_larger, _, _ = replace(problem, params=larger).manual()
    np.testing.assert_allclose(hs, hs_larger, atol=1e-10)
    inner = (gradients.params.W_x * problem.params.W_x).sum()
    assert abs(inner) < 1e-8 * np.abs(gradients.params.W_x).sum()


def test_the_cell_state_is_stored_as_it_is():
    """With f and i open and g = tanh 20 = 1, c counts the steps; normalised, it could not."""
    cell = ml.LayerNormLSTM(1, 2)
    zeros = cell.init_params(np.random.default_rng(0))
    params = type(zeros)(*(np.zeros_like(array) for array in zeros))
    params.b[:6] = 20.0
    state_T = ml.forward(cell, params, np.zeros((5, 1, 1))).state_T
    np.testing.assert_allclose(state_T.c, 5.0, rtol=1e-7)


def test_gains_start_at_one_and_shifts_at_zero():
    params = ml.LayerNormLSTM(2, 3).init_params(np.random.default_rng(0))
    for gain in (params.gain_x, params.gain_h, params.gain_c):
        np.testing.assert_array_equal(gain, 1)
    np.testing.assert_array_equal(params.b_c, 0)
    np.testing.assert_array_equal(params.b, np.repeat([0.0, 1.0, 0.0, 0.0], 3))


@pytest.mark.parametrize("epsilon", [0.0, -1e-5])
def test_an_epsilon_that_is_not_positive_is_refused(epsilon):
    with pytest.raises(ValueError, match=f"epsilon has the value {epsilon}, but must be a number"):
        ml.LayerNormLSTM(2, 3, epsilon=epsilon)
