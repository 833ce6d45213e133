"""The logistic function: exact where it must be, quiet at the extremes, analytic."""

import numpy as np
import pytest

from manual_lstm.activations import sigmoid

KNOWN = [
    (0.0, 0.5),
    (np.log(3), 0.75),
    (-np.log(3), 0.25),
    (np.log(7), 0.875),
    (1000.0, 1.0),
    (-1000.0, 0.0),
    (np.inf, 1.0),
    (-np.inf, 0.0),
    (-700.0, np.exp(-700.0)),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
@pytest.mark.parametrize(("z", "value"), KNOWN)
def test_known_values(z, value, dtype):
    if dtype is np.complex128 and np.isinf(z):
        z = np.sign(z) * 1e300  # the direction of a complex infinity is not defined
    result = sigmoid(np.array([z], dtype))
    assert result.dtype == dtype
    np.testing.assert_allclose(result, np.array([value], dtype), rtol=4 * np.finfo(dtype).eps)


def test_no_warning_at_the_extremes():
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        sigmoid(np.array([-1e308, -1000.0, 1000.0, 1e308]))


def test_nan_stays_nan():
    assert np.isnan(sigmoid(np.array([np.nan]))).all()


def test_symmetry_and_monotony():
    z = np.linspace(-40, 40, 2001)
    np.testing.assert_allclose(sigmoid(z) + sigmoid(-z), 1, rtol=0, atol=2**-52)
    assert np.all(np.diff(sigmoid(z)) >= 0)
    assert np.all(np.diff(sigmoid(z[z < 0])) > 0)


def test_a_closed_gate_keeps_its_relative_precision():
    z = np.linspace(-700, -37, 500)  # exp(z) is below rounding against 1
    np.testing.assert_allclose(sigmoid(z), np.exp(z), rtol=1e-15)


def test_both_branches_are_one_analytic_function():
    """The complex step through either branch gives σ(z) σ(-z)."""
    z = np.array([-30.0, -2.0, -1e-3, 0.0, 1e-3, 2.0, 30.0])
    derivative = sigmoid(z + 1e-30j).imag / 1e-30
    np.testing.assert_allclose(derivative, sigmoid(z) * sigmoid(-z), rtol=1e-15)


def test_input_is_left_alone_and_any_shape_will_do():
    z = np.array([[[1.0, -2.0]]])
    z.flags.writeable = False
    result = sigmoid(z)
    assert result.shape == z.shape
    assert not np.shares_memory(result, z)
    assert sigmoid(np.zeros((3, 0))).shape == (3, 0)
