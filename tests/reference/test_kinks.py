"""At a kink there is no derivative, and whoever takes one between the two sides is not accused."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

import manual_lstm as ml
from reference import check
from reference.batch import compare_batch
from reference.exact import prove_cell
from reference.oracles import JaxOracle
from reference.problem import Case, Problem, draw
from reference.rounding import run_sequence
from reference.stacking import SameShape
from reference.vote import vote


def at_the_kink(cell: ml.RNN, z: float) -> Problem:
    """Return a problem in which z of unit 0 of row 1 is exactly `z` at the first step."""
    problem = draw(cell, Case(T=4, B=3, D=2, H=5, ragged=False))
    xs, h, b = problem.xs.copy(), problem.state0.h.copy(), problem.params.b.copy()
    xs[0, 1] = 0
    h[1] = 0
    b[0] = z
    params, state0 = problem.params._replace(b=b), problem.state0._replace(h=h)
    return replace(problem, xs=xs, state0=state0, params=params)


@dataclass(frozen=True)
class Chosen(ml.RNN):
    """An RNN whose slope at the kink of its ReLU is told: as in ``z >= 0`` for ``z > 0``."""

    chosen: float = 0.0

    def step(self, params, state, x):
        z = x @ params.W_x + state.h @ params.W_h + params.b
        return ml.HiddenState(np.maximum(z, 0)), (x, state.h, z)

    def step_backward(self, params, cache, dstate):
        x, h_prev, z = cache
        dz = dstate.h * np.where(z == 0, self.chosen, z > 0)
        dparams = ml.RNNParams(x.T @ dz, h_prev.T @ dz, dz.sum(axis=0))
        return dparams, ml.HiddenState(dz @ params.W_h.T), dz @ params.W_x.T


def test_the_built_in_choice_is_not_accused_where_jax_takes_another():
    """At the kinks of a hard sigmoid JAX takes the mean of both sides; here it is the flat one."""
    activation = ml.HardSigmoid(alpha=0.25)
    for kink in activation.kinks:
        problem = at_the_kink(ml.RNN(2, 5, activation=activation), kink)
        oracle = JaxOracle(SameShape(cell=problem.cell))
        comparison = compare_batch([problem], oracle, np.random.default_rng(0))
        off = comparison.errors["params.b"][0]
        assert off > 1e-3  # they do differ
        assert comparison.failing == []


@pytest.mark.parametrize(("chosen", "allowed"), [(0, True), (0.5, True), (1, True), (2, False)])
def test_a_vote_compares_with_the_one_sided_derivatives(chosen, allowed):
    problem = at_the_kink(Chosen(2, 5, chosen=chosen), 0.0)
    reference = run_sequence(at_the_kink(Chosen(2, 5, chosen=1), 0.0))["params.b"]
    votes = vote(problem, "params.b", run_sequence(problem)["params.b"], reference)
    assert votes.sides is not None
    assert votes.allowed_by_kink is allowed
    assert votes.against_manual is not allowed
    assert "a kink, with derivatives" in str(votes)


def test_a_kink_far_away_excuses_nothing():
    problem = draw(Chosen(2, 5), Case(T=4, B=3, D=2, H=5, ragged=False))
    manual = run_sequence(problem)["params.b"]
    votes = vote(problem, "params.b", 1.01 * manual, manual)
    assert votes.sides is None
    assert votes.against_manual


@dataclass(frozen=True)
class Own:
    """Somebody's activation, 2 tanh, whose slope is told right or wrong."""

    factor: float = 1.0

    def __call__(self, z):
        return 2 * np.tanh(z)

    def slope(self, y):
        return self.factor * (2 - y * y / 2)


def test_an_activation_of_ones_own_is_checked_in_a_built_in_cell():
    """The twin does not know it, so JAX traces the step."""
    report = check(ml.RNN(2, 3, activation=Own()), cases=8)
    assert report.verdict == "right"
    assert report.evidence.oracle == "JAX, which traced the step itself"
    assert prove_cell(ml.RNN(2, 3, activation=Own(0.5))).verdict == "refuted"
