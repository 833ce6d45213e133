"""`check` of layers: whatever they are made of, and with the name of the part that is wrong."""

from __future__ import annotations

import pytest
from tests.reference import planted

import manual_lstm as ml
from reference import check
from reference.exact import prove_cell


def test_a_layer_is_checked_and_proved():
    layer = ml.Stack([ml.Bidirectional(ml.RNN(2, 2)), ml.Residual(ml.RNN(4, 4))])
    report = check(layer, cases=64)
    assert report.verdict == "right", str(report)
    assert report.evidence.proved
    assert report.evidence.sampled == 64


def test_a_mistake_in_a_part_is_named_by_its_place():
    """The part is a cell of somebody's own, without a twin: its step is traced."""
    layer = ml.Stack([planted.MeanForSum(2, 3), ml.RNN(3, 2)])
    report = check(layer, cases=64)
    assert report.verdict == "wrong", str(report)
    assert {(m.stage, m.name) for m in report.mismatches} == {("TOTAL", "params.0.b")}


class Doubled(ml.Residual):
    """A layer of somebody's own: twice what the layer inside gives."""

    def run(self, params, xs, state0, lengths):
        hs, state_T, tape = ml.forward(self.layer, params, xs, state0, lengths)
        return 2 * hs, state_T, tape

    def run_backward(self, cache, dhs, dstate_T):
        return tuple(ml.backward(cache, 2 * dhs, dstate_T))


class HalfDoubled(Doubled):
    def run_backward(self, cache, dhs, dstate_T):
        return tuple(ml.backward(cache, dhs, dstate_T))


@pytest.mark.parametrize(("kind", "verdict"), [(Doubled, "right"), (HalfDoubled, "wrong")])
def test_a_layer_of_ones_own_is_compared_with_its_own_forward(kind, verdict):
    layer = ml.Stack([kind(ml.RNN(2, 2))]) if verdict == "wrong" else kind(ml.RNN(2, 2))
    report = check(layer, cases=4)
    assert report.verdict == verdict, str(report)
    assert report.evidence.oracle == "the complex step"


@pytest.mark.parametrize("merge", ["concat", "sum", "mean", "mul"])
@pytest.mark.parametrize("options", [{}, {"lengths": True}, {"index_inputs": True}], ids=str)
def test_every_merge_is_proved(merge, options):
    layer = ml.Bidirectional(ml.LSTM(3, 2), ml.GRU(3, 2), merge=merge)
    assert prove_cell(layer, B=3, **options).verdict == "proved"


def test_what_is_too_large_to_prove_in_time_is_not_applicable():
    proof = prove_cell(ml.Stack([ml.LSTM(64, 64)]), seconds=0.01)
    assert (proof.verdict, proof.reason) == (
        "not applicable", "it takes too long at these sizes"
    )  # fmt: skip
