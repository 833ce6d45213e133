"""Segments: the same results, in memory that grows with the root of the length."""

import tracemalloc

import numpy as np
import pytest

import manual_lstm as ml
from manual_lstm.segments import size_of
from manual_lstm.sequence import by_steps
from manual_lstm.trees import leaves, tree_map

ROUNDING = 8  # ulps of the largest entry: sums over segments

SETTINGS = {
    "plain": {},
    "ragged": {"lengths": [7, 0, 3]},
    "indices": {"indices": True},
    "no bias, ragged indices": {"bias": False, "indices": True, "lengths": [2, 6, 7]},
    "one row": {"B": 1},
    "T=0": {"T": 0},
    "T=1": {"T": 1},
}


def forward_and_backward(problem, segment):
    cell, params, xs, state0, lengths, dhs, dstate_T = problem
    hs, state_T, tape = ml.forward(cell, params, xs, state0, lengths, segment=segment)
    return hs, state_T, ml.backward(tape, dhs, dstate_T)


@pytest.mark.usefixtures("either_path")
@pytest.mark.parametrize("segment", [1, 2, 3, 7, 100, "auto"])
@pytest.mark.parametrize("setting", SETTINGS)
def test_segments_change_nothing(setting, segment, draw_problem, run, assert_same):
    problem = draw_problem(**{"T": 7, **SETTINGS[setting]})
    manual = forward_and_backward(problem, segment)
    assert_same(dict(enumerate(manual)), dict(enumerate(run(problem))), ROUNDING)


@pytest.mark.parametrize("cell", [ml.PeepholeLSTM(2, 4), ml.GRU(2, 4)], ids=repr)
def test_any_cell(cell, draw_problem, assert_same):
    rng = np.random.default_rng(0)
    params = cell.init_params(rng)
    state0 = tree_map(lambda zero: rng.normal(size=zero.shape), cell.init_state(3))
    problem = draw_problem(T=7)._replace(cell=cell, params=params, state0=state0, dstate_T=None)
    manual, reference = (forward_and_backward(problem, segment) for segment in (3, None))
    assert_same(dict(enumerate(manual)), dict(enumerate(reference)), ROUNDING)


def test_a_stack(assert_same):
    rng = np.random.default_rng(0)
    layer = ml.Stack([ml.LSTM(2, 3), ml.Residual(ml.LSTM(3, 3))])
    params, xs = layer.init_params(rng), rng.normal(size=(7, 2, 2))
    dhs = rng.normal(size=(7, 2, 3))
    manual, reference = (
        ml.backward(ml.forward(layer, params, xs, segment=segment).tape, dhs)
        for segment in (3, None)
    )
    assert_same(manual, reference, ROUNDING)


def test_a_tape_is_used_twice_and_shares_nothing(draw_problem, assert_same):
    cell, params, xs, state0, lengths, dhs, dstate_T = draw_problem(T=7, lengths=[7, 0, 5])
    lengths = lengths.copy()
    hs, state_T, tape = ml.forward(cell, params, xs, state0, lengths, segment=2)
    lengths[:] = 1
    first = ml.backward(tape, dhs, dstate_T)
    kept = tree_map(np.copy, first)
    for array in leaves((hs, state_T, first)):
        array.fill(np.nan)
    assert_same(ml.backward(tape, dhs, dstate_T), kept)


def test_a_change_of_the_parameters_is_found(draw_problem):
    cell, params, xs, *_ = draw_problem()
    params = tree_map(np.copy, params)
    tape = ml.forward(cell, params, xs, segment=2).tape
    params.W_h[0, 0] += 1
    with pytest.raises(ValueError, match=r"^params\.W_h has other values"):
        ml.backward(tape, None)


@pytest.mark.parametrize(
    ("T", "steps"), [(0, 1), (1, 1), (2, 2), (4, 2), (5, 3), (4096, 64), (4097, 65)]
)
def test_auto_is_the_root(T, steps):
    assert size_of("auto", T) == steps


def kept_and_peak(T, segment, draw_problem):
    """Return the bytes of the tape alone, and the most that the backward used beside results."""
    problem = draw_problem(T=T, B=2, D=3, H=8, indices=True)
    cell, params, xs, state0, _, dhs, dstate_T = problem
    tracemalloc.start()
    try:
        hs, _, tape = ml.forward(cell, params, xs, state0, segment=segment)
        kept = tracemalloc.get_traced_memory()[0] - hs.nbytes
        ml.backward(tape, dhs, dstate_T)
        return kept, tracemalloc.get_traced_memory()[1] - hs.nbytes
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("path", ["fused", "by steps"])
def test_memory_grows_with_the_root_of_the_length(path, draw_problem):
    """From T to 16 T the tape of all steps grows 16 times, that of segments 4 times."""
    lengths = (400, 6400) if path == "fused" else (64, 1024)
    with by_steps() if path == "by steps" else np.errstate():
        kept_and_peak(10, None, draw_problem)  # what is imported or cached at first
        (kept_1, peak_1), (kept_16, peak_16) = (
            kept_and_peak(T, "auto", draw_problem) for T in lengths
        )
        (all_1, _), (all_16, peak_of_all_16) = (
            kept_and_peak(T, None, draw_problem) for T in lengths
        )
    assert all_16 > 10 * all_1
    assert kept_16 < 5 * kept_1
    assert peak_16 < 6 * peak_1
    assert peak_of_all_16 > 8 * peak_16
