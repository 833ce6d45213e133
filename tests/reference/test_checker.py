"""check(): right cells pass whatever their style; planted mistakes are caught and named."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.reference import planted

import manual_lstm as ml
from reference import BackwardIsWrongError, check
from reference.exact import prove_cell

RIGHT = [
    ml.LSTM,
    ml.LSTM(input_size=3, hidden_size=5),
    ml.LSTM(input_size=4, hidden_size=2, bias=False),
    planted.RNN,
    planted.RNN(input_size=2, hidden_size=4),
    planted.InPlaceRNN,
    planted.LeakyRNN,
    planted.DictGRU,
]


@pytest.mark.parametrize("cell", RIGHT, ids=lambda cell: getattr(cell, "__name__", repr(cell)))
def test_right_cells_pass(cell):
    report = check(cell, cases=128, seed=3)
    assert report.verdict == "right", str(report)
    assert not report.mismatches
    assert report.evidence.sampled > 0
    report.raise_if_wrong()


def test_the_lstm_is_proved_for_every_kind_of_input():
    evidence = check(ml.LSTM, cases=64).evidence
    assert evidence.proved
    assert set(evidence.proofs) == {"dense inputs", "ragged lengths", "index inputs"}


# cell: stage at which it must be named, name that must be in it
WRONG = {
    planted.WrongDerivative: ("LOCAL", "state0.h"),
    planted.MeanForSum: ("LOCAL", "params.b"),
    planted.NotTransposed: ("LOCAL", "state0.h"),
    planted.ChangesItsArgument: ("EFFECT", "dstate.h"),
    planted.RemembersGradients: ("EFFECT", "dparams.b"),
    planted.OverwritesItsCache: ("EFFECT", "cache.2"),
    planted.Raises: ("RAISES", "step_backward"),
}


@pytest.mark.parametrize(
    ("cell", "expected"), WRONG.items(), ids=lambda x: getattr(x, "__name__", "")
)
def test_planted_mistakes_are_caught_and_named(cell, expected):
    report = check(cell, cases=64, seed=1)
    assert report.verdict == "wrong", str(report)
    assert expected in {(m.stage, m.name) for m in report.mismatches}, str(report)
    with pytest.raises(BackwardIsWrongError, match=cell.__name__):
        report.raise_if_wrong()


def test_a_gradient_of_no_parameter_is_an_effect():
    report = check(planted.GradientOfNothing(3, 4, bias=False), cases=64)
    assert report.verdict == "wrong", str(report)
    (mismatch,) = report.mismatches
    assert (mismatch.stage, mismatch.name) == ("EFFECT", "dparams.b")


def test_what_is_right_is_not_among_the_mismatches():
    report = check(planted.MeanForSum, cases=64)
    assert {m.name for m in report.mismatches} == {"params.b"}


def test_a_mismatch_tells_place_and_size():
    report = check(planted.MeanForSum, cases=64)
    mismatch = next(m for m in report.mismatches if m.stage == "TOTAL")
    assert mismatch.times > 1e6
    assert mismatch.manual != mismatch.reference
    assert "Case(" in mismatch.reproduce
    assert "× what rounding explains" in str(report)
    assert "vote on one step: params.b" in str(report)


def test_one_unit_in_the_last_place_is_refuted_though_floats_agree():
    proof = prove_cell(planted.OneUlpOff(2, 3))
    assert proof.verdict == "refuted"
    report = check(planted.OneUlpOff(2, 3), cases=32)
    assert report.verdict == "right"
    assert any("could not prove" in note for note in report.notes)


def test_a_forward_that_blows_up_is_inconclusive():
    class BlowsUp(planted.RNN):
        def step(self, params, state, x):
            state, cache = super().step(params, state, x)
            return planted.RNNState(state.h * np.inf), cache

    with np.errstate(invalid="ignore"):
        report = check(BlowsUp, cases=16)
    assert report.verdict == "inconclusive"
    assert report.reasons


def test_a_forward_that_raises_is_inconclusive_and_told_with_its_line():
    class Broken(planted.RNN):
        def step(self, params, state, x):
            return self.no_such_method(x)

    report = check(Broken, cases=16)
    assert report.verdict == "inconclusive"
    assert "no_such_method" in " ".join(report.reasons)


def test_the_same_seed_gives_the_same_report():
    one, other = (check(planted.WrongDerivative, cases=64, seed=5) for _ in range(2))
    assert [m.to_json() for m in one.mismatches] == [m.to_json() for m in other.mismatches]


def test_json_is_plain():
    text = json.dumps(check(planted.MeanForSum, cases=64).to_json())
    assert '"verdict": "wrong"' in text


def test_progress_is_told():
    seen = []
    check(ml.LSTM(2, 3), cases=128, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(64, 128), (128, 128)]


class NoBackward:
    def init_params(self, rng, dtype=float): ...
    def init_state(self, batch_size, dtype=float): ...
    def step(self, params, state, x): ...


class OddConstructor(planted.RNN):
    def __init__(self, n):
        super().__init__(n, n)


BAD_INPUT = [
    (NoBackward(), "cell NoBackward has no method step_backward, but must be a class with"),
    (OddConstructor, r"class OddConstructor has the parameters \(n\), but must be made by"),
    (42, "cell int has no method init_params"),
]


@pytest.mark.parametrize(("cell", "message"), BAD_INPUT)
def test_what_is_no_cell_is_refused(cell, message):
    with pytest.raises(TypeError, match=message):
        check(cell)
