"""Zoneout, recurrent and variational dropout: masks given as numbers."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import manual_lstm as ml
from reference import check
from reference.problem import Case, draw

CASE = Case(T=4, B=3, D=2, H=5, seed=7)


def lstm_problem(**options):
    return draw(ml.LSTM(2, 5), replace(CASE, **options))


@pytest.mark.parametrize("kind", [ml.Zoneout, ml.RecurrentDropoutLSTM, ml.VariationalDropoutLSTM])
@pytest.mark.parametrize(("T", "B"), [(0, 3), (2, 0)])
def test_no_step_and_no_row(kind, T, B):
    problem = draw(kind(2, 5), Case(T=T, B=B, D=2, H=5))
    hs, _, gradients = problem.manual()
    assert hs.shape == (T, B, 5)
    assert gradients.xs.shape == problem.xs.shape
    assert not gradients.params.W_x.any()


def test_zoneout_of_nothing_is_the_cell_inside(assert_same):
    problem = lstm_problem()
    masks = [np.zeros((4, 3, 5))] * 2
    zoned = replace(problem, cell=ml.Zoneout(2, 5), xs=ml.with_masks(problem.xs, *masks))
    hs, state_T, manual = problem.manual()
    zoned_hs, zoned_T, gradients = zoned.manual()
    assert_same((zoned_hs, zoned_T), (hs, state_T), ulps=16)
    assert_same((gradients.params, gradients.state0), (manual.params, manual.state0), ulps=32)
    assert_same(gradients.xs[..., :2], manual.xs, ulps=32)


@pytest.mark.parametrize("kept", ["h", "c"])
def test_zoneout_of_all_units_keeps_that_state(kept):
    problem = lstm_problem(ragged=False)
    masks = [np.full((4, 3, 5), float(name == kept)) for name in ("h", "c")]
    _, state_T, _ = ml.forward(
        ml.Zoneout(2, 5), problem.params, ml.with_masks(problem.xs, *masks), problem.state0
    )
    same = {name: np.array_equal(getattr(state_T, name), getattr(problem.state0, name))
            for name in ("h", "c")}  # fmt: skip
    assert same == {"h": kept == "h", "c": kept == "c"}


def test_zoneout_mixes_by_the_mask_of_its_own_step():
    """One unit of one row keeps its state at one step, and only there."""
    problem = lstm_problem(ragged=False)
    mask_h, mask_c = np.zeros((2, 4, 3, 5))
    mask_c[2, 1, 3] = 1
    zoned = ml.forward(
        ml.Zoneout(2, 5), problem.params, ml.with_masks(problem.xs, mask_h, mask_c), problem.state0
    )
    states = [problem.state0]
    for t in range(4):
        state, _ = problem.cell.step(problem.params, states[-1], problem.xs[t])
        if t == 2:
            state.c[1, 3] = states[-1].c[1, 3]
        states.append(state)
    np.testing.assert_allclose(zoned.hs, [state.h for state in states[1:]], rtol=1e-13)
    np.testing.assert_allclose(zoned.state_T.c, states[-1].c, rtol=1e-13)


def test_the_expectation_of_zoneout_is_the_mask_of_probabilities():
    """One step is linear in the mask: the mean over drawn masks is the step with their mean."""
    problem = lstm_problem(ragged=False)
    cell, rng = ml.Zoneout(2, 5), np.random.default_rng(0)
    drawn = (rng.random((400, 3, 10)) < 0.3).astype(float)

    def step(mask):
        x = np.concatenate((problem.xs[0], mask), axis=1)
        return cell.step(problem.params, problem.state0, x)[0]

    mean = np.mean([step(mask) for mask in drawn], axis=0)
    np.testing.assert_allclose(mean, step(drawn.mean(axis=0)), rtol=1e-12)


def test_zoneout_takes_any_cell_even_with_masks_of_its_own():
    cell = ml.Zoneout(3, 4, of=partial(ml.LSTM, bias=False))
    assert cell.init_params(np.random.default_rng(0)).b is None
    assert cell.sizes == {"X": 3, "D": 3 + 4 + 4, "H": 4}
    assert cell.gates == "ifgo"
    nested = ml.Zoneout(3, 4, of=ml.RecurrentDropoutLSTM)
    assert nested.sizes["D"] == 3 + 4 + 4 + 4
    with pytest.raises(TypeError, match="of has the value 3, but must be a class of cells such"):
        ml.Zoneout(3, 4, of=3)


@pytest.mark.parametrize("kind", [ml.Zoneout, ml.RecurrentDropoutLSTM, ml.VariationalDropoutLSTM])
def test_an_index_has_nothing_to_mask(kind):
    cell = kind(3, 4)
    with pytest.raises(TypeError, match=r"x has dtype int64, but must be dense \(B, .*\), because"):
        ml.forward(cell, cell.init_params(np.random.default_rng(0)), np.array([[0, 1], [2, 0]]))


class Echo:
    """A cell of somebody's who states no sizes: h = x + h_prev."""

    def __init__(self, input_size, hidden_size):
        self.size = hidden_size

    def init_params(self, rng, dtype=np.float64):
        return {"w": np.ones(1, dtype)}

    def init_state(self, batch_size, dtype=np.float64):
        return {"h": np.zeros((batch_size, self.size), dtype)}

    def step(self, params, state, x):
        return {"h": params["w"] * (x + state["h"])}, x + state["h"]

    def step_backward(self, params, cache, dstate):
        dh = params["w"] * dstate["h"]
        return {"w": np.array([(cache * dstate["h"]).sum()])}, {"h": dh}, dh.copy()


def test_zoneout_takes_a_cell_that_states_no_sizes():
    cell = ml.Zoneout(3, 3, of=Echo)
    params, xs = {"w": np.array([1.0])}, np.ones((2, 1, 3))
    mask = np.array([[[0.0, 0, 0]], [[0, 1, 0]]])
    hs, _, _ = ml.forward(cell, params, ml.with_masks(xs, mask))
    np.testing.assert_array_equal(hs[:, 0], [[1, 1, 1], [2, 1, 2]])
    assert check(cell, cases=8).verdict == "right"
    message = r"x has shape \(1, 3\), but must be dense \(B, 3 \+ 3\), because masks stand in its"
    with pytest.raises(ValueError, match=message):
        ml.forward(cell, params, xs)


def test_recurrent_dropout_of_nothing_is_the_lstm(assert_same):
    problem = lstm_problem()
    xs = ml.with_masks(problem.xs, np.ones((4, 3, 5)))
    dropped = replace(problem, cell=ml.RecurrentDropoutLSTM(2, 5), xs=xs)
    hs, state_T, manual = problem.manual()
    other_hs, other_T, gradients = dropped.manual()
    assert_same((other_hs, other_T), (hs, state_T), ulps=16)
    assert_same((gradients.params, gradients.state0), (manual.params, manual.state0), ulps=32)
    assert_same(gradients.xs[..., :2], manual.xs, ulps=32)


def test_recurrent_dropout_loses_no_memory():
    """A unit that is dropped at every step keeps what it knew, up to its forget gate."""
    problem = lstm_problem(ragged=False)
    b = problem.params.b.copy()
    b[5:10] = 50  # f = 1, were it not for the rest of z
    weights = [np.where(np.arange(20) // 5 == 1, 0, W) for W in problem.params[:2]]
    _, state_T, _ = ml.forward(
        ml.RecurrentDropoutLSTM(2, 5),
        ml.LSTMParams(*weights, b),
        ml.with_masks(problem.xs, np.zeros((4, 3, 5))),
        problem.state0,
    )
    np.testing.assert_array_equal(state_T.c, problem.state0.c)


def variational(problem, m_x, m_h):
    return replace(
        problem,
        cell=ml.VariationalDropoutLSTM(2, 5),
        state0=ml.VariationalDropoutLSTMState(*problem.state0, m_x, m_h),
        dstate_T=ml.VariationalDropoutLSTMState(
            *problem.dstate_T, np.zeros((3, 2)), np.zeros((3, 5))
        ),
    )


def test_variational_dropout_drops_nothing_by_default(assert_same):
    problem = lstm_problem()
    start = ml.VariationalDropoutLSTM(2, 5).init_state(3)
    hs, state_T, manual = problem.manual()
    other_hs, other_T, gradients = variational(problem, start.m_x, start.m_h).manual()
    assert_same((other_hs, *other_T[:2]), (hs, *state_T), ulps=16)
    assert_same((gradients.params, gradients.xs), (manual.params, manual.xs), ulps=32)


def test_one_mask_for_all_rows_scales_the_rows_of_the_weights(assert_same):
    """(m ⊙ x) W = x (diag(m) W): the LSTM with scaled weights computes the same."""
    problem = lstm_problem()
    rng = np.random.default_rng(1)
    m_x, m_h = rng.normal(size=2), rng.normal(size=5)
    dropped = variational(problem, np.tile(m_x, (3, 1)), np.tile(m_h, (3, 1)))
    W_x, W_h, b = problem.params
    scaled = replace(problem, params=ml.LSTMParams(m_x[:, None] * W_x, m_h[:, None] * W_h, b))
    (hs, state_T, manual), (other_hs, other_T, other) = dropped.manual(), scaled.manual()
    assert_same((hs, *state_T[:2]), (other_hs, *other_T), ulps=32)
    assert_same(manual.params.W_x, m_x[:, None] * other.params.W_x, ulps=64)
    assert_same(manual.params.W_h, m_h[:, None] * other.params.W_h, ulps=64)
    # The gradient of a mask is that of the scale, summed over the steps: <dW, W> row by row.
    assert_same(manual.state0.m_h.sum(axis=0), (other.params.W_h * W_h).sum(axis=1), ulps=256)


def test_masks_come_out_as_they_went_in():
    """They serve the next segment of a long text, and no step has changed them."""
    problem = lstm_problem()
    rng = np.random.default_rng(2)
    m_x, m_h = rng.normal(size=(3, 2)), rng.normal(size=(3, 5))
    _, state_T, _ = variational(problem, m_x, m_h).manual()
    np.testing.assert_array_equal(state_T.m_x, m_x)
    np.testing.assert_array_equal(state_T.m_h, m_h)
    assert not np.shares_memory(state_T.m_x, m_x)


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ([np.ones((4, 3))], r"masks\[0\] has shape \(4, 3\), but must be \(T, B, H\) with T = 4"),
        ([np.ones((4, 3, 5)), np.ones((4, 1, 5))], r"masks\[1\] has shape \(4, 1, 5\), but must"),
        ([np.ones((4, 3, 5), bool)], r"masks\[0\] has dtype bool, but must be float64, because xs"),
        ([[1.0]], r"masks\[0\] has type list, but must be a NumPy array"),
    ],
)
def test_masks_that_do_not_fit_are_refused(masks, message):
    with pytest.raises((TypeError, ValueError), match=message):
        ml.with_masks(np.ones((4, 3, 2)), *masks)


def test_masks_join_dense_inputs_only():
    with pytest.raises(TypeError, match="xs has dtype int64, but must be float64 or float32"):
        ml.with_masks(np.zeros((4, 3), int), np.ones((4, 3, 5)))
    with pytest.raises(ValueError, match=r"xs has shape \(4, 3\), but must be \(T, B, D\)"):
        ml.with_masks(np.zeros((4, 3)), np.ones((4, 3, 5)))
    assert ml.with_masks(np.zeros((0, 3, 2)), np.ones((0, 3, 5))).shape == (0, 3, 7)
