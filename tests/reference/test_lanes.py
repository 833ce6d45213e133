"""Problems in lanes: the same lines, the same numbers, and mistakes seen in their lane."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import manual_lstm as ml
from reference.lane_check import LANES, LaneOracle, can_have_lanes, lane_problem, suspects
from reference.lanes import Lanes, draw_lanes, lane, run_lanes, run_steps
from reference.plan import Plan
from reference.problem import Case
from reference.stacking import Padded
from reference.subject import subject_of

CASE = Case(T=4, B=3, D=2, H=5, seed=3)
ORACLE = LaneOracle(Padded(ml.LSTM(4, 5), T=5, B=3))


@pytest.mark.parametrize(
    "case",
    [CASE, replace(CASE, index_inputs=True), replace(CASE, ragged=False, seed=4),
     replace(CASE, T=0, ragged=False), replace(CASE, B=1, H=1, D=1)],
    ids=["ragged", "index inputs", "whole", "T=0", "ones"],
)  # fmt: skip
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
def test_each_lane_is_the_problem_alone(case, bias):
    problem = draw_lanes(ml.LSTM(case.D, case.H, bias=bias), case, 6)
    together = run_lanes(problem)
    for n in range(6):
        alone = run_steps(lane(problem, n))
        assert alone.keys() == together.keys()
        for name, array in alone.items():
            assert together[name].shape == (6, *array.shape)
            np.testing.assert_allclose(together[name][n], array, rtol=1e-10, atol=1e-13)


def test_lanes_differ_from_each_other():
    W_h = draw_lanes(ml.LSTM(2, 5), CASE, 6).params.W_h
    assert len(np.unique(W_h)) == W_h.size


def test_precision_is_kept():
    problem = draw_lanes(ml.LSTM(2, 5), replace(CASE, float32=True), 2)
    assert {array.dtype for array in run_lanes(problem).values()} == {np.dtype(np.float32)}


def test_a_product_with_a_plain_array():
    A, B = np.arange(6.0).reshape(2, 3, 1), np.arange(12.0).reshape(3, 4, 1)
    expected = A[..., 0] @ B[..., 0]
    for left, right in ((A.view(Lanes), B), (A, B.view(Lanes))):
        assert isinstance(left @ right, Lanes)
        np.testing.assert_array_equal((left @ right)[..., 0], expected)


COMMON = [ml.LSTM, ml.GRU, ml.GRUResetBefore, ml.PeepholeLSTM, ml.RNN]


@pytest.mark.parametrize("cell", COMMON)
def test_built_in_classes_can_have_lanes(cell):
    assert can_have_lanes(Plan(subject_of(cell)))


@pytest.mark.parametrize("ragged", [True, False])
@pytest.mark.parametrize("cell", COMMON)
def test_every_variant_of_them_in_lanes(cell, ragged):
    subject = subject_of(cell)
    for variant in range(subject.variants):
        problem = draw_lanes(subject.make(2, 5, variant), replace(CASE, ragged=ragged), 4)
        together = run_lanes(problem)
        for name, array in run_steps(lane(problem, 3)).items():
            np.testing.assert_allclose(together[name][3], array, rtol=1e-10, atol=1e-13)


class Reshapes(ml.LSTM):
    """Nothing wrong with it, but one axis more is one too many."""

    def step(self, params, state, x):
        state, cache = super().step(params, state, x)
        return state._replace(h=state.h.reshape(len(x), self.hidden_size)), cache


class Averages(ml.LSTM):
    """Nothing wrong with it, but the last axis is not what it thinks."""

    def step(self, params, state, x):
        return super().step(params, state, x - x.mean(axis=-1, keepdims=True))


@pytest.mark.parametrize("cell", [Reshapes, Averages])
def test_what_lanes_cannot_follow_is_found_out(cell):
    plan = Plan(replace(subject_of(ml.LSTM), factory=cell))
    assert not can_have_lanes(plan)
    assert not can_have_lanes(Plan(subject_of(cell)))


def test_a_right_cell_has_few_suspects():
    rng = np.random.default_rng(0)
    plan = Plan(subject_of(ml.LSTM))
    oracle, problem = lane_problem(plan, rng, variant=1)
    assert problem.dhs.shape[-1] == LANES
    assert problem.params.b is None
    found = suspects(problem, oracle)
    assert len(found) < LANES / 10
    assert suspects(problem, oracle, count=9) == [n for n in found if n < 9]


class Slip(ml.LSTM):
    """One part in a billion of one gradient, in lane 2 alone, is too much."""

    def step_backward(self, params, cache, dstate):
        dparams, dstate_prev, dx = super().step_backward(params, cache, dstate)
        slip = 1 + 1e-9 * (np.arange(dx.shape[-1]) == 2)
        return dparams._replace(W_x=dparams.W_x * slip), dstate_prev, dx


class Broken(ml.LSTM):
    """A cell state that is lost in lane 1."""

    def step(self, params, state, x):
        state, cache = super().step(params, state, x)
        return state._replace(c=np.where(np.arange(6) == 1, np.nan, state.c)), cache


@pytest.mark.parametrize(("cell", "number"), [(Slip, 2), (Broken, 1)])
def test_a_mistake_is_seen_in_its_lane(cell, number):
    right = draw_lanes(ml.LSTM(2, 5), replace(CASE, ragged=False), 6)
    assert suspects(right, ORACLE) == []
    assert suspects(replace(right, cell=cell(2, 5)), ORACLE) == [number]


class Raises(ml.LSTM):
    """What raises in lanes may do so alone, or not."""

    def step_backward(self, params, cache, dstate):
        raise ValueError("dstate")


def test_where_lanes_raise_every_one_is_a_suspect():
    problem = draw_lanes(Raises(2, 5), CASE, 6)
    assert suspects(problem, ORACLE) == [0, 1, 2, 3, 4, 5]
    assert suspects(problem, ORACLE, count=2) == [0, 1]
