"""`along`: gradients of large arrays are judged along directions; a wrong entry is found."""

from __future__ import annotations

import numpy as np
import pytest

from reference.debugger.judging.along import along
from reference.debugger.judging.differences import Slope

W = np.random.default_rng(0).standard_normal((40, 30))
RIGHT = 2 * np.cos(2 * W)


def slope(direction):
    return float((RIGHT * direction).sum())


def test_a_right_gradient_agrees():
    assert along("W", RIGHT, slope, 1.0) is None


@pytest.mark.parametrize("wrong", [(3, 7), (39, 29), (0, 0)])
def test_a_single_wrong_entry_is_found(wrong):
    manual = RIGHT.copy()
    manual[wrong] += 0.1
    mismatch = along("W", manual, slope, 1.0)
    assert mismatch.index == wrong
    assert mismatch.error == pytest.approx(0.1)
    assert mismatch.times > 100


def test_a_gradient_that_is_wrong_everywhere_is_shown_where_it_is_largest():
    mismatch = along("W", 3 * RIGHT, slope, 1.0)
    assert mismatch.index == np.unravel_index(np.abs(RIGHT).argmax(), RIGHT.shape)


def test_a_kink_tells_nothing_nor_does_a_slope_that_is_not_known():
    assert "kink" in along("W", RIGHT, lambda _: Slope(0.5, 1.0, kink=True), 1.0)
    assert "rough" in along("W", RIGHT, lambda _: Slope(0.5, 1e9), 1.0)
    assert "rough" in along("W", RIGHT, lambda _: float("nan"), 1.0)
