"""Right cells that are written differently are never accused."""

from __future__ import annotations

import numpy as np
import pytest
from tests.mutation.false_alarms import count_false_alarms
from tests.mutation.rewritten import REWRITTEN

import manual_lstm as ml
from reference import check
from reference.batch import compare_batch
from reference.oracles import JaxOracle
from reference.plan import WIDEST
from reference.problem import Case, draw
from reference.stacking import Padded


def test_sampled_comparison_accuses_nobody():
    tally = count_false_alarms(2_000)
    assert tally.cases >= 2_000
    assert set(tally.compared) == {cell.__name__ for cell in REWRITTEN}
    assert not tally.accused, [(problem.cell, problem.case) for problem in tally.accused]
    assert max(tally.worst.values()) < 32


# In both, a gate is nearly open, and JAX loses more digits in 1 - f than the cell does.
HARD = {
    "OneMatrix": Case(
        T=5, B=3, D=1, H=1, seed=365478844, index_inputs=True, weight_scale=1.3752687994307713,
        bias_scale=2.313248588362982, state_scale=1.830290622282658,
    ),
    "Einsums": Case(
        T=3, B=2, D=6, H=3, seed=418361519, weight_scale=1.1987859033842707,
        bias_scale=3.993779160861118, state_scale=0.8188324529558004,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HARD)
def test_a_cell_more_exact_than_the_oracle_is_not_accused(name):
    case = HARD[name]
    (cell,) = (cell for cell in REWRITTEN if cell.__name__ == name)
    oracle = JaxOracle(Padded(ml.LSTM(WIDEST.D, WIDEST.H), T=WIDEST.T, B=WIDEST.B))
    problem = draw(cell(case.D, case.H), case)
    assert not compare_batch([problem], oracle, np.random.default_rng(1)).failing


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
