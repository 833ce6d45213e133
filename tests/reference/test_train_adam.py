"""The optimiser does what Algorithm 1 of Kingma and Ba says, number by number."""

from itertools import pairwise
from math import hypot, sqrt

import numpy as np
import pytest

from manual_lstm import CharLMParams
from manual_lstm.trees import leaves, tree_map
from reference.training import adam


def algorithm_1(theta, gradients, alpha):
    """Kingma and Ba 2015, Algorithm 1, for one number."""
    m = v = 0.0
    for t, g in enumerate(gradients, start=1):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        theta -= alpha * (m / (1 - 0.9**t)) / (sqrt(v / (1 - 0.999**t)) + 1e-8)
    return theta


def trees(rng, dtype, count):
    shapes = CharLMParams((3, 8), (2, 8), (2, 3))
    drawn = [
        CharLMParams(*(rng.normal(size=shape).astype(dtype) for shape in shapes))
        for _ in range(count)
    ]
    for array in (array for tree in drawn for array in leaves(tree)):
        array.flags.writeable = False
    return drawn


@pytest.mark.parametrize(("dtype", "close"), [("float64", 1e-14), ("float32", 1e-6)])
def test_every_number_moves_as_in_the_paper(dtype, close):
    first, *gradients = trees(np.random.default_rng(0), dtype, 6)
    params, moments = first, adam.start(first)
    for t, gradient in enumerate(gradients, start=1):
        params, moments = adam.update(params, gradient, moments, t, alpha=0.01)
    for name in CharLMParams._fields:
        moved, before = getattr(params, name), getattr(first, name)
        assert moved.dtype == dtype
        for place in np.ndindex(moved.shape):
            history = [float(getattr(gradient, name)[place]) for gradient in gradients]
            right = algorithm_1(float(before[place]), history, alpha=0.01)
            assert moved[place] == pytest.approx(right, abs=close)


@pytest.mark.parametrize("limit", [0.5, 3.0])
def test_clipping_shortens_the_gradient_and_keeps_its_direction(limit):
    (gradient,) = trees(np.random.default_rng(1), "float64", 1)
    norm = adam.global_norm(gradient)
    assert norm == pytest.approx(hypot(*(g for array in leaves(gradient) for g in array.flat)))
    shorter = adam.clipped(gradient, norm, limit)
    assert adam.global_norm(shorter) == pytest.approx(limit)
    scaled = tree_map(lambda g: g * (limit / norm), gradient)
    for short, right in zip(leaves(shorter), leaves(scaled), strict=True):
        np.testing.assert_allclose(short, right, rtol=1e-15)


@pytest.mark.parametrize("limit", [0.0, 1e6])
def test_no_limit_or_a_large_one_changes_nothing(limit):
    (gradient,) = trees(np.random.default_rng(2), "float32", 1)
    assert adam.clipped(gradient, adam.global_norm(gradient), limit) is gradient


def test_learning_rate_falls_to_a_tenth_and_stays_without_a_plan():
    rates = [adam.learning_rate(0.01, step, 100) for step in range(101)]
    assert rates[0] == 0.01
    assert rates[-1] == pytest.approx(0.001)
    assert all(later < earlier for earlier, later in pairwise(rates))
    assert adam.learning_rate(0.01, 77, None) == 0.01
