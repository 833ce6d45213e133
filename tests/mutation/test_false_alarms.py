"""Right cells that are written differently are never accused."""

from __future__ import annotations

import numpy as np
import pytest
from tests.mutation.false_alarms import count_false_alarms
from tests.mutation.rewritten import REWRITTEN

import manual_lstm as ml
from reference import check
from reference.problem import Case, draw


def test_sampled_comparison_accuses_nobody():
    tally = count_false_alarms(2_000)
    assert tally.cases >= 2_000
    assert set(tally.compared) == {cell.__name__ for cell in REWRITTEN}
    assert not tally.accused, [(problem.cell, problem.case) for problem in tally.accused]
    assert max(tally.worst.values()) < 32


@pytest.mark.parametrize("cell", REWRITTEN, ids=lambda cell: cell.__name__)
def test_check_says_right(cell):
    report = check(cell, cases=64)
    assert report.verdict == "right", str(report)
    assert {proof.verdict for proof in report.evidence.proofs.values()} == {"proved"}


@pytest.mark.parametrize("cell", REWRITTEN, ids=lambda cell: cell.__name__)
def test_they_do_round_differently(cell):
    """Else their passing would say nothing."""
    case = Case(T=6, B=4, D=5, H=6)
    ours = draw(ml.LSTM(5, 6), case).manual()[2]
    theirs = draw(cell(5, 6), case).manual()[2]
    assert not np.array_equal(ours.params.W_h, theirs.params.W_h)
    np.testing.assert_allclose(ours.params.W_h, theirs.params.W_h, rtol=1e-9, atol=1e-12)
