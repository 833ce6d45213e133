"""JANET's β, and how a nearly closed gate keeps its precision."""

from dataclasses import replace

import numpy as np
import pytest

import manual_lstm as ml
from reference.problem import Case, draw


def one_unit(z_f, z_g, h0, beta=1.0):
    """Run one step of one unit with these pre-activations."""
    cell = ml.JANET(1, 1, beta=beta)
    params = ml.JANETParams(np.zeros((1, 2)), np.zeros((1, 2)), np.array([z_f, z_g]))
    run = ml.forward(cell, params, np.zeros((1, 1, 1)), ml.HiddenState(np.full((1, 1), h0)))
    return run.hs.item()


def test_beta_lowers_the_gate_that_writes():
    σ = 1 / (1 + np.exp(-0.7)), 1 / (1 + np.exp(-(0.7 - 2.0)))
    h = σ[0] * 0.4 + (1 - σ[1]) * np.tanh(0.9)
    np.testing.assert_allclose(one_unit(0.7, 0.9, 0.4, beta=2.0), h, rtol=1e-15)


def test_what_is_written_beside_a_full_memory_keeps_its_precision():
    """1 - σ(40 - 1) is 1.15e-17 and not the 0 that 1 - 1 would give; h0 = 0 shows it alone."""
    np.testing.assert_allclose(one_unit(40.0, 50.0, 0.0), np.exp(-39.0), rtol=1e-14)


def test_without_beta_what_is_forgotten_is_replaced():
    """β = 0: h is a mean of h_prev and g, so it stays within the largest of both."""
    problem = draw(ml.JANET(2, 5, beta=0.0), Case(T=30, B=3, D=2, H=5, ragged=False))
    hs, _, _ = replace(problem, state0=ml.HiddenState(np.ones((3, 5)))).manual()
    assert np.abs(hs).max() <= 1


@pytest.mark.parametrize(
    ("beta", "error"), [(np.nan, ValueError), (np.inf, ValueError), ("1", TypeError)]
)
def test_a_beta_that_is_no_number_is_refused(beta, error):
    with pytest.raises(error, match=r"beta has the value .*, but must be a finite number"):
        ml.JANET(2, 5, beta=beta)


def test_beta_of_another_precision_changes_no_dtype():
    cell = ml.JANET(2, 3, beta=np.float64(1.0))
    params = cell.init_params(np.random.default_rng(0), np.float32)
    run = ml.forward(cell, params, np.zeros((4, 2, 2), np.float32))
    assert run.state_T.h.dtype == np.float32
