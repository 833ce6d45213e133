"""`check` calls every built-in cell right, and proves it where nothing stands against it."""

from __future__ import annotations

import pytest

import manual_lstm as ml
from reference import check
from reference.cells import TWINS
from reference.exact import prove_cell


@pytest.mark.parametrize("kind", TWINS, ids=lambda kind: kind.__name__)
@pytest.mark.usefixtures("compiled")
def test_the_verdict_is_right_and_proved(kind):
    report = check(kind, cases=64)
    assert report.verdict == "right", str(report)
    assert not report.evidence.proofs or report.evidence.sampled >= 64 * len(TWINS[kind].variants)
    proofs = {name: proof.verdict for name, proof in report.evidence.proofs.items()}
    assert {"dense inputs", "ragged lengths"} <= proofs.keys()
    if TWINS[kind].not_proved:
        assert set(proofs.values()) != {"proved"}, (
            "it is proved after all: the table is out of date"
        )
    else:
        assert set(proofs.values()) == {"proved"}, report.evidence.proofs


def test_zoneout_around_a_state_of_every_rank():
    """The memory of an mLSTM is a matrix, its stabiliser a number."""
    cell = ml.Zoneout(input_size=2, hidden_size=3, of=ml.MLSTM)
    assert prove_cell(cell, B=3, lengths=True).verdict == "proved"
