"""What is handed on from step to step: an edit is known by its first change alone."""

from __future__ import annotations

import numpy as np
import pytest

from reference.debugger.searching.beginning import may_begin
from reference.debugger.values.evidence import Evidence
from reference.debugger.values.probe import Jacobian

RNG = np.random.default_rng(0)
# A value of two entries at three steps; of the first step one entry is seen.
MATRIX = RNG.standard_normal((12, 6)) * np.array([1.0, 0.0, 1.0, 1.0, 1.0, 1.0])
CHANGE = RNG.standard_normal(6)


def begins(first: np.ndarray, matrix: np.ndarray = MATRIX) -> bool:
    spans = [slice(0, 2), slice(2, 4), slice(4, 6)]
    jacobian = Jacobian({"W": slice(0, len(matrix))}, {7: spans}, matrix)
    evidence = Evidence(7, 1.0, ("W",), 0.5, (0, 1, 2), CHANGE)
    later = [RNG.standard_normal(2), RNG.standard_normal(2)]  # as they were recorded: others
    return may_begin(jacobian, {"W": matrix @ CHANGE}, evidence, [first, *later])


@pytest.mark.parametrize("unseen", [0.0, 5.0])
def test_the_right_first_change_may_begin_whatever_its_later_ones_were(unseen):
    assert begins(np.array([CHANGE[0], unseen]))


def test_another_first_change_may_not():
    assert not begins(np.array([CHANGE[0] + 0.1, 0.0]))
    assert not begins(np.zeros(2))


def test_where_later_changes_explain_anything_nothing_is_known():
    assert begins(CHANGE[:2], MATRIX[:8])
    assert not begins(CHANGE[:2], MATRIX[:5])
