"""The activations that a cell may be told to take, and the slopes told from their values."""

import numpy as np
import pytest

import manual_lstm as ml
from reference.exact import Element, trial

ACTIVATIONS = [
    ml.Sigmoid(),
    ml.Tanh(),
    ml.HardSigmoid(),
    ml.HardSigmoid(alpha=0.2),
    ml.HardSigmoid(alpha=0.5, beta=-1.0),
    ml.ReLU(),
    ml.Softsign(),
    ml.ScaledTanh(),
    ml.ScaledTanh(alpha=0.5, beta=3.0),
]
WITH_KINKS = [activation for activation in ACTIVATIONS if hasattr(activation, "kinks")]
Z = np.array([-30.0, -5.0, -2.75, -1.0, -1e-3, 1e-3, 0.5, 2.75, 5.0, 30.0])

pytestmark = pytest.mark.filterwarnings("error")


@pytest.mark.parametrize(
    ("activation", "z", "y", "slope"),
    [
        (ml.Sigmoid(), np.log(3), 0.75, 0.1875),
        (ml.Tanh(), np.log(3) / 2, 0.5, 0.75),
        (ml.HardSigmoid(), 1.5, 0.75, 1 / 6),
        (ml.HardSigmoid(), -4.0, 0.0, 0.0),
        (ml.HardSigmoid(), 4.0, 1.0, 0.0),
        (ml.HardSigmoid(0.2), 1.25, 0.75, 0.2),
        (ml.HardSigmoid(0.2), 2.75, 1.0, 0.0),
        (ml.ReLU(), 3.0, 3.0, 1.0),
        (ml.ReLU(), -3.0, 0.0, 0.0),
        (ml.Softsign(), -3.0, -0.75, 0.0625),
        (ml.ScaledTanh(2.0, 0.5), np.log(3), 1.0, 0.75),
        (ml.ScaledTanh(), 1.0, 1.0, 2 / 3 * (1.7159 - 1 / 1.7159)),  # y(1) = 1, to five digits
    ],
)
def test_known_values(activation, z, y, slope):
    value = activation(np.array([z]))
    np.testing.assert_allclose(value, [y], rtol=1e-5 if activation == ml.ScaledTanh() else 1e-15)
    np.testing.assert_allclose(activation.slope(np.array([y])), [slope], rtol=1e-15)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_slopes_are_derivatives(activation):
    """By the complex step, which also shows that the value is analytic on either side."""
    derivative = activation(Z + 1e-30j).imag / 1e-30
    slope = activation.slope(activation(Z))
    np.testing.assert_allclose(slope, derivative, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_dtypes_and_shapes_are_kept_and_nothing_is_changed(activation, dtype):
    z = np.array([[[-1.0, 2.0]], [[0.0, 5.0]]], dtype)
    z.flags.writeable = False
    y = activation(z)
    slope = activation.slope(y)
    assert y.dtype == slope.dtype == dtype
    assert y.shape == slope.shape == z.shape
    assert not np.shares_memory(y, z)
    assert not np.shares_memory(slope, y)
    assert activation(np.zeros((3, 0), dtype)).shape == (3, 0)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_exact_numbers_run_through(activation):
    real = 0.375
    with trial(seed=0):
        z = np.array([Element(value=12345, tangent=1, shadow=real)])
        y = activation(z)
        slope = activation.slope(y)
        value = y[0] + Element(value=0, shadow=0.0)  # flat pieces are plain numbers
        assert value.tangent == (slope[0] * Element(1)).value
    np.testing.assert_allclose(value.shadow, activation(np.array([real]))[0], rtol=1e-14)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_nan_stays_nan(activation):
    assert np.isnan(activation(np.array([np.nan]))).all()


@pytest.mark.parametrize("activation", WITH_KINKS, ids=repr)
def test_at_a_kink_the_slope_is_that_of_the_flat_side(activation):
    assert activation.kinks
    z = np.array(activation.kinks)
    y = activation(z)
    np.testing.assert_array_equal(activation.slope(y), 0)
    h = 1e-6
    sides = np.sort([(activation(z + h) - y) / h, (y - activation(z - h)) / h], axis=0)
    np.testing.assert_allclose(sides[0], 0, atol=1e-9)
    assert (sides[1] > 0.1).all()


def test_the_kinks_are_where_implementations_have_them():
    assert ml.HardSigmoid().kinks == pytest.approx((-3, 3))  # Keras 3, PyTorch
    assert ml.HardSigmoid(alpha=0.2).kinks == pytest.approx((-2.5, 2.5))  # ONNX
    assert ml.ReLU().kinks == (0.0,)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: ml.HardSigmoid(alpha=0.0), ValueError, "alpha has the value 0.0, but must be a"),
        (lambda: ml.HardSigmoid(beta=np.nan), ValueError, "beta has the value nan, but must be a"),
        (lambda: ml.ScaledTanh(alpha="1"), TypeError, "alpha has the value '1', but must be a num"),
        (lambda: ml.ScaledTanh(beta=-1), ValueError, "beta has the value -1, but must be a number"),
    ],
)
def test_constants_that_make_no_sense_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_they_are_equal_by_value_and_hashable():
    assert ml.HardSigmoid(0.2) == ml.HardSigmoid(alpha=0.2)
    assert len({*ACTIVATIONS, *ACTIVATIONS}) == len(ACTIVATIONS)
    assert all(isinstance(activation, ml.Activation) for activation in ACTIVATIONS)
