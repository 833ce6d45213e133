"""Softmax cross-entropy: hand-computed, by complex step, and at the extremes."""

from math import exp, log

import numpy as np
import pytest

from manual_lstm import softmax_cross_entropy, softmax_cross_entropy_backward

RNG = np.random.default_rng(0)
SHAPES = [(7,), (5, 4), (3, 2, 6), (2, 3, 2, 5), (4, 1)]


def draw(shape):
    logits = RNG.normal(size=shape) * 3
    targets = RNG.integers(0, shape[-1], shape[:-1])
    return logits, np.asarray(targets)


@pytest.mark.parametrize(("reduction", "share"), [("mean", 0.5), ("sum", 1)])
def test_by_hand(reduction, share):
    logits = np.array([[0.0, log(3)], [1.0, -1.0]])
    loss, cache = softmax_cross_entropy(logits, np.array([1, 1]), reduction)
    p = exp(1) / (exp(1) + exp(-1))
    np.testing.assert_allclose(loss, share * (-log(3 / 4) - log(1 - p)), rtol=1e-15)
    dlogits = softmax_cross_entropy_backward(cache, dloss=3)
    by_hand = 3 * share * np.array([[1 / 4, -1 / 4], [p, -p]])
    np.testing.assert_allclose(dlogits, by_hand, rtol=1e-15)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("shape", SHAPES)
def test_gradient_by_complex_step(shape, reduction, complex_gradient, assert_same):
    logits, targets = draw(shape)

    def loss(moved):
        return softmax_cross_entropy(moved, targets, reduction)[0] * 1.75

    _, cache = softmax_cross_entropy(logits, targets, reduction)
    manual = softmax_cross_entropy_backward(cache, 1.75)
    assert_same(manual, complex_gradient(loss, logits), ulps=8)
    assert not np.shares_memory(manual, cache.probabilities)


@pytest.mark.parametrize("shape", SHAPES)
def test_equals_the_definition_row_by_row(shape):
    logits, targets = draw(shape)
    K = shape[-1]
    nats = [
        log(sum(exp(score) for score in row)) - row[target]
        for row, target in zip(logits.reshape(-1, K).tolist(), targets.ravel(), strict=True)
    ]
    total, _ = softmax_cross_entropy(logits, targets, "sum")
    mean, _ = softmax_cross_entropy(logits, targets)
    np.testing.assert_allclose([total, mean], [sum(nats), sum(nats) / len(nats)], atol=1e-14)


def test_gradients_of_a_row_sum_to_zero():
    logits, targets = draw((4, 3, 9))
    _, cache = softmax_cross_entropy(logits, targets, "sum")
    assert np.abs(softmax_cross_entropy_backward(cache).sum(axis=-1)).max() < 1e-15


def test_a_shift_of_a_row_changes_nothing():
    logits = RNG.integers(-8, 8, (5, 4)).astype(float)  # integers: the shift is exact
    targets = RNG.integers(0, 4, 5)
    loss, cache = softmax_cross_entropy(logits, targets)
    shifted, cache_shifted = softmax_cross_entropy(logits + 2.0**40, targets)
    assert loss == shifted
    np.testing.assert_array_equal(cache.probabilities, cache_shifted.probabilities)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("huge", [1e4, -1e4, 1e30])
def test_huge_logits_are_finite(huge, dtype):
    logits = np.array([[huge, 0, -huge]], dtype)
    best = 0 if huge > 0 else 2
    for target in range(3):
        loss, cache = softmax_cross_entropy(logits, np.array([target]))
        np.testing.assert_allclose(loss, abs(huge) * abs(target - best), rtol=1e-6)
        dlogits = softmax_cross_entropy_backward(cache)
        np.testing.assert_array_equal(dlogits, [np.eye(3)[best] - np.eye(3)[target]])


def test_a_class_ruled_out_has_probability_zero():
    logits = np.array([[-np.inf, 0.0, 0.0]])
    loss, cache = softmax_cross_entropy(logits, np.array([1]))
    np.testing.assert_allclose(loss, log(2), rtol=1e-15)
    np.testing.assert_array_equal(softmax_cross_entropy_backward(cache), [[0, -0.5, 0.5]])


def test_nan_is_passed_through_and_stays_in_its_row():
    logits = np.array([[np.nan, 0.0], [1.0, 0.0]])
    loss, cache = softmax_cross_entropy(logits, np.array([0, 0]))
    assert np.isnan(loss)
    dlogits = softmax_cross_entropy_backward(cache)
    assert np.isnan(dlogits[0]).all()
    assert np.isfinite(dlogits[1]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize("dloss", [1, 0.5, np.float64(2), np.array(3.0)], ids=repr)
def test_dtype_is_that_of_the_logits(dtype, dloss):
    logits = RNG.normal(size=(3, 4)).astype(dtype)
    loss, cache = softmax_cross_entropy(logits, np.array([0, 1, 2]))
    assert loss.dtype == dtype
    assert softmax_cross_entropy_backward(cache, dloss).dtype == dtype


def test_one_class_costs_nothing():
    loss, cache = softmax_cross_entropy(RNG.normal(size=(3, 1)), np.zeros(3, np.int64))
    assert loss == 0
    assert not softmax_cross_entropy_backward(cache).any()


def test_the_sum_of_nothing_is_zero():
    loss, cache = softmax_cross_entropy(np.zeros((0, 3)), np.zeros(0, np.int64), "sum")
    assert loss == 0
    assert softmax_cross_entropy_backward(cache).shape == (0, 3)


def test_inputs_are_left_alone_and_the_cache_is_its_own(read_only):
    logits, targets = draw((3, 4))
    loss, cache = softmax_cross_entropy(read_only(logits.copy()), read_only(targets.copy()))
    reference = softmax_cross_entropy_backward(cache)
    loss_2, cache_2 = softmax_cross_entropy(logits, targets)
    logits.fill(np.nan)
    targets.fill(0)
    assert loss == loss_2
    np.testing.assert_array_equal(softmax_cross_entropy_backward(cache_2), reference)
    np.testing.assert_array_equal(softmax_cross_entropy_backward(cache_2), reference)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.uint64])
def test_any_integer_dtype_names_a_class(dtype):
    logits, targets = draw((6, 4))
    loss, cache = softmax_cross_entropy(logits, targets)
    loss_narrow, cache_narrow = softmax_cross_entropy(logits, targets.astype(dtype))
    assert loss == loss_narrow
    np.testing.assert_array_equal(
        softmax_cross_entropy_backward(cache), softmax_cross_entropy_backward(cache_narrow)
    )
