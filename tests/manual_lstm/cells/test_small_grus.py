"""MGU, UGRNN and minGRU, each told by what it is a special case of."""

from dataclasses import replace

import numpy as np
import pytest

import manual_lstm as ml
from reference.problem import Case, draw

CASE = Case(T=4, B=3, D=2, H=5, seed=6)
OPEN = 50.0  # σ(50) = 1


def with_two_gates(array):
    """Return blocks f, n as blocks r, u, n, in which f stands twice."""
    f, n = np.split(array, 2, axis=-1)
    return np.concatenate((f, f, n), axis=-1)


def as_one_gate(array):
    """Return the gradient of blocks r, u, n as that of f, n: what is read twice sums up."""
    r, u, n = np.split(array, 3, axis=-1)
    return np.concatenate((r + u, n), axis=-1)


@pytest.mark.parametrize("update_gate", ["keeps", "replaces"])
@pytest.mark.parametrize("kind", [ml.MGU, ml.MGUResetAfter])
def test_an_mgu_is_a_gru_whose_gates_share_their_weights(kind, update_gate, assert_same):
    problem = draw(kind(2, 5, update_gate=update_gate), CASE)
    W_x, W_h, b, *b_hn = problem.params
    whole, params = {
        ml.MGU: (ml.GRUResetBefore, ml.GRUResetBeforeParams),
        ml.MGUResetAfter: (ml.GRU, ml.GRUParams),
    }[kind]
    gru = replace(
        problem,
        cell=whole(2, 5, update_gate=update_gate),
        params=params(*map(with_two_gates, (W_x, W_h, b)), *b_hn),
    )
    (hs, state_T, manual), (gru_hs, gru_T, full) = problem.manual(), gru.manual()
    assert_same((hs, state_T), (gru_hs, gru_T), ulps=8)
    assert_same((manual.xs, manual.state0), (full.xs, full.state0), ulps=32)
    for name in ("W_x", "W_h", "b"):
        tied = as_one_gate(getattr(full.params, name))
        assert_same(getattr(manual.params, name), tied, ulps=32)
    if b_hn:
        assert_same(manual.params.b_hn, full.params.b_hn, ulps=32)


@pytest.mark.parametrize("kind", [ml.MGU, ml.MGUResetAfter])
def test_turning_the_convention_makes_another_mgu(kind):
    """Here one gate resets as well, so no sign of its weights turns one into the other."""
    problem = draw(kind(2, 5, update_gate="keeps"), CASE)
    turn = np.repeat([-1.0, 1.0], 5)
    W_x, W_h, b, *rest = problem.params
    turned = type(problem.params)(W_x * turn, W_h * turn, b * turn, *rest)
    other = replace(problem, cell=kind(2, 5, update_gate="replaces"), params=turned)
    assert np.abs(problem.manual()[0] - other.manual()[0]).max() > 0.01


@pytest.mark.parametrize("update_gate", ["keeps", "replaces"])
def test_a_ugrnn_is_a_gru_that_never_resets(update_gate, assert_same):
    problem = draw(ml.UGRNN(2, 5, update_gate=update_gate), CASE)
    W_x, W_h, b = (np.concatenate((0 * a[..., :5], a), axis=-1) for a in problem.params)
    b[:5] = OPEN
    gru = replace(
        problem,
        cell=ml.GRUResetBefore(2, 5, update_gate=update_gate),
        params=ml.GRUResetBeforeParams(W_x, W_h, b),
    )
    (hs, state_T, manual), (gru_hs, gru_T, full) = problem.manual(), gru.manual()
    assert_same((hs, state_T), (gru_hs, gru_T), ulps=8)
    assert_same((manual.xs, manual.state0), (full.xs, full.state0), ulps=32)
    for name in ("W_x", "W_h", "b"):
        assert_same(getattr(manual.params, name), getattr(full.params, name)[..., 5:], ulps=32)


def test_the_update_gate_of_a_ugrnn_starts_open():
    b = ml.UGRNN(2, 3).init_params(np.random.default_rng(0)).b
    np.testing.assert_array_equal(b, [1, 1, 1, 0, 0, 0])


@pytest.mark.parametrize("update_gate", ["keeps", "replaces"])
def test_a_mingru_can_be_computed_by_a_scan(update_gate, assert_same):
    """h_t = a_t h_{t-1} + v_t with a, v told by the inputs, so h_T is a sum over all steps."""
    problem = draw(ml.MinGRU(2, 5, update_gate=update_gate), replace(CASE, ragged=False))
    W_x, b = problem.params
    u, n = np.split(problem.xs @ W_x + b, 2, axis=2)
    u = 1 / (1 + np.exp(-u))
    keep = u if update_gate == "keeps" else 1 - u
    product = np.cumprod(keep, axis=0)
    hs = product * (problem.state0.h + np.cumsum((1 - keep) * n / product, axis=0))
    assert_same(problem.manual()[0], hs, ulps=64)

    # And back: the state at t reaches the loss by every later output, weakened by what is kept.
    dstate, dhs = problem.dstate_T.h, problem.dhs
    dh0 = (product * dhs).sum(axis=0) + product[-1] * dstate
    assert_same(problem.manual()[2].state0.h, dh0, ulps=64)
