"""The strategies that others use draw what they promise."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

import manual_lstm as ml
from manual_lstm.trees import leaves
from reference.cells import TWINS
from reference.strategies import cells, cotangents, lengths, problems, sequences


@settings(max_examples=30)
@given(problems(ml.GRU, max_T=7, max_B=4, max_D=3, max_H=5))
def test_problems_are_whole_and_within_their_limits(problem):
    T, B = problem.xs.shape[:2]
    assert T <= 7
    assert 1 <= B <= 4
    assert problem.cell.input_size <= 3
    assert problem.dhs.shape == (T, B, problem.cell.hidden_size)
    assert problem.cell.hidden_size <= 5
    hs, _, gradients = problem.manual()
    assert np.isfinite(hs).all()
    assert len(leaves(gradients.params)) == len(leaves(problem.params))


def test_every_built_in_cell_is_drawn():
    # `sampled_from` keeps its elements; that is asked rather than waiting for all to be drawn
    found = {make.func for make in cells().elements}
    assert found == set(TWINS)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(cells(), st.data())
def test_cells_and_problems_go_together(make, data):
    problem = data.draw(problems(make, max_T=4, max_B=3, max_D=3, max_H=4))
    hs, _, _ = problem.manual()
    assert hs.shape == problem.dhs.shape


@settings(max_examples=30)
@given(sequences(4, max_T=6, max_B=3), sequences(4, max_T=6, max_B=3, indices=True))
def test_sequences_are_inputs_of_a_cell(xs, indices):
    cell = ml.LSTM(4, 3)
    params = cell.init_params(np.random.default_rng(0))
    for inputs in (xs, indices):
        hs, _, _ = ml.forward(cell, params, inputs)
        assert hs.shape == (*inputs.shape[:2], 3)
        assert len(hs) <= 6
        assert 1 <= hs.shape[1] <= 3


@settings(max_examples=30)
@given(lengths(5, 3), st.data())
def test_lengths_and_cotangents_are_arguments_of_the_two_passes(given_lengths, data):
    cell = ml.LSTM(4, 3)
    params = cell.init_params(np.random.default_rng(0), np.float32)
    xs = np.ones((5, 3, 4), np.float32)
    hs, state_T, tape = ml.forward(cell, params, xs, lengths=given_lengths)
    gradients = ml.backward(tape, data.draw(cotangents(hs)), data.draw(cotangents(state_T)))
    assert np.any(gradients.state0.c)
    assert not np.any(gradients.xs[np.arange(5)[:, None] >= given_lengths])


def test_lengths_shrink_to_the_whole_sequence():
    assert find(lengths(5, 2), lambda _: True).tolist() == [5, 5]
