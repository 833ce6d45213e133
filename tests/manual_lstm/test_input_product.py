"""x W for dense and index inputs."""

import numpy as np
import pytest

from manual_lstm.input_product import input_product, input_product_backward

RNG = np.random.default_rng(0)
W = RNG.normal(size=(3, 5))
DZ = RNG.normal(size=(4, 5))
INDEX = np.array([2, 0, 2, 2])  # 2 three times, 1 never


def test_index_equals_one_hot():
    one_hot = np.eye(3)[INDEX]
    np.testing.assert_array_equal(input_product(INDEX, W), input_product(one_hot, W))
    dx, dW = input_product_backward(INDEX, W, DZ)
    assert dx is None
    np.testing.assert_allclose(dW, input_product_backward(one_hot, W, DZ)[1], rtol=1e-15)


def test_repeated_indices_add_up_and_unseen_ones_get_nothing():
    _, dW = input_product_backward(INDEX, W, DZ)
    np.testing.assert_allclose(dW[2], DZ[0] + DZ[2] + DZ[3], rtol=1e-15)
    np.testing.assert_array_equal(dW[0], DZ[1])
    assert not dW[1].any()


def test_dense_by_hand():
    x, weights, dz = np.array([[2.0, 3.0]]), np.array([[5.0], [7.0]]), np.array([[11.0]])
    np.testing.assert_array_equal(input_product(x, weights), [[31.0]])
    dx, dW = input_product_backward(x, weights, dz)
    np.testing.assert_array_equal(dx, [[55.0, 77.0]])
    np.testing.assert_array_equal(dW, [[22.0], [33.0]])


def test_adjoint():
    """⟨dz, x W⟩ is linear in x and in W: ⟨dx, x⟩ = ⟨dW, W⟩ = ⟨dz, x W⟩."""
    x = RNG.normal(size=(4, 3))
    dx, dW = input_product_backward(x, W, DZ)
    value = (DZ * input_product(x, W)).sum()
    np.testing.assert_allclose([(dx * x).sum(), (dW * W).sum()], value, rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_dtype_is_that_of_the_weights(dtype):
    weights, dz = W.astype(dtype), DZ.astype(dtype)
    assert input_product(INDEX, weights).dtype == dtype
    assert input_product_backward(INDEX, weights, dz)[1].dtype == dtype


def test_the_product_of_an_index_is_a_copy():
    assert not np.shares_memory(input_product(INDEX, W), W)
