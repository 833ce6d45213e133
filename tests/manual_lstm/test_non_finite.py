"""NaN and infinity go through as IEEE 754 says, and what stands in the padding goes nowhere."""

import numpy as np
import pytest

import manual_lstm as ml
from manual_lstm.trees import leaves, tree_map

pytestmark = pytest.mark.usefixtures("either_path")

LENGTHS = [3, 0, 5]


def with_value(array, place, value):
    changed = array.copy()
    changed[place] = value
    return changed


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_padding_reaches_nothing(bad, draw_problem, run, assert_same):
    problem = draw_problem(lengths=LENGTHS)
    padding = np.arange(5)[:, None] >= problem.lengths
    spoilt = problem._replace(
        xs=with_value(problem.xs, padding, bad), dhs=with_value(problem.dhs, padding, bad)
    )
    assert_same(dict(enumerate(run(spoilt))), dict(enumerate(run(problem))))


@pytest.mark.parametrize("bad", [-1, 2, 10**9])
def test_indices_in_the_padding_reach_nothing(bad, draw_problem, run, assert_same):
    problem = draw_problem(lengths=LENGTHS, indices=True)
    padding = np.arange(5)[:, None] >= problem.lengths
    spoilt = problem._replace(xs=with_value(problem.xs, padding, bad))
    assert_same(dict(enumerate(run(spoilt))), dict(enumerate(run(problem))))


def test_nan_in_an_input_stays_in_its_row_and_spoils_later_steps(draw_problem, run):
    problem = draw_problem()
    hs, state_T, gradients = run(problem._replace(xs=with_value(problem.xs, (2, 1, 0), np.nan)))
    is_nan = np.zeros((5, 3), bool)
    is_nan[2:, 1] = True
    np.testing.assert_array_equal(np.isnan(hs), is_nan[..., None] & np.ones(4, bool))
    for state in leaves((state_T, gradients.state0)):
        assert np.isnan(state[1]).all()
        assert np.isfinite(state[[0, 2]]).all()
    assert np.isnan(gradients.xs[:, 1]).all()
    assert np.isfinite(gradients.xs[:, [0, 2]]).all()
    assert all(np.isnan(array).any() for array in leaves(gradients.params))


def test_nan_in_a_cotangent_stays_in_its_row_and_spoils_earlier_steps(draw_problem, run):
    problem = draw_problem()
    dhs = with_value(problem.dhs, (2, 1), np.nan)
    hs, _, gradients = run(problem._replace(dhs=dhs))
    assert np.isfinite(hs).all()
    assert np.isnan(gradients.xs[:3, 1]).all()
    assert np.isfinite(gradients.xs[3:]).all()
    assert np.isfinite(gradients.xs[:, [0, 2]]).all()
    assert np.isnan(gradients.state0.c[1]).all()
    assert np.isfinite(gradients.state0.c[[0, 2]]).all()


def test_nan_in_a_parameter_spoils_what_reads_it(draw_problem, run):
    problem = draw_problem()
    b = with_value(problem.params.b, 3 * 4, np.nan)  # the output gate of unit 0
    hs, _, _ = run(problem._replace(params=problem.params._replace(b=b)))
    assert np.isnan(hs[..., 0]).all()
    assert np.isfinite(hs[0, :, 1:]).all()  # at t = 0 no other unit has read it
    assert np.isnan(hs[1:]).all()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_an_infinite_bias_is_an_ideal_switch(sign, draw_problem, run, assert_same):
    """A gate at z = ±∞ is exactly 0 or 1: no NaN, and no gradient through it."""
    H = 4
    problem = draw_problem(H=H)
    b = problem.params.b.copy()
    b[H : 2 * H] = sign * np.inf
    hs, state_T, gradients = run(problem._replace(params=problem.params._replace(b=b)))
    assert all(np.isfinite(array).all() for array in leaves((hs, state_T, gradients)))
    assert not gradients.params.b[H : 2 * H].any()
    assert gradients.params.b[:H].all()
    if sign < 0:  # a closed forget gate: c0 is forgotten
        assert not gradients.state0.c.any()


def test_infinite_cell_state(draw_problem):
    """The output of c = ∞ is the output gate; no gradient passes its tanh, and 0·∞ is NaN."""
    problem = draw_problem(T=1)
    state0 = problem.state0._replace(c=np.full((3, 4), np.inf))
    hs, state_T, tape = ml.forward(problem.cell, problem.params, problem.xs, state0)
    assert np.isposinf(state_T.c).all()
    assert np.all((hs > 0) & (hs < 1))
    with np.errstate(invalid="ignore"):  # NumPy tells of the 0·∞ in df = dc c_prev
        gradients = ml.backward(tape, problem.dhs)
    assert not gradients.state0.c.any()
    i, f, g, o = gradients.params.b.reshape(4, 4)
    assert np.isnan(f).all()
    assert not i.any()
    assert not g.any()
    assert np.isfinite(o).all()


def test_float32_overflow_of_weights_is_quiet(draw_problem, run):
    """The largest float32 weights saturate every gate; nothing overflows into NaN."""
    problem = draw_problem(dtype=np.float32)
    huge = np.float32(1e37)
    params = tree_map(lambda array: np.sign(array) * huge, problem.params)
    hs, state_T, _ = run(problem._replace(params=params))
    assert np.isfinite(hs).all()
    assert np.isfinite(state_T.c).all()
