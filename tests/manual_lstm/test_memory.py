"""Whose memory is whose: nothing passed in is changed, nothing returned is shared."""

import dataclasses
from itertools import combinations

import numpy as np
import pytest

import manual_lstm as ml
from manual_lstm.trees import leaves, named_leaves, tree_map

pytestmark = pytest.mark.usefixtures("either_path")

CASES = {
    "plain": {},
    "ragged": {"lengths": [5, 0, 2]},
    "full lengths": {"lengths": [5, 5, 5]},
    "indices": {"indices": True},
    "no bias": {"bias": False},
    "T=0": {"T": 0},
    "T=1": {"T": 1},
    "B=1": {"B": 1},
    "H=1": {"H": 1},
}


def _inside(array, stride):
    """Return an equal array that is a view with `stride` on each axis of a larger one."""
    larger = np.zeros([abs(stride) * size for size in array.shape], array.dtype)
    view = larger[tuple(slice(None, None, stride) for _ in array.shape)]
    view[...] = array
    return view


def _not_aligned(array):
    view = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


LAYOUTS = {
    "Fortran order": np.asfortranarray,
    "every second of each axis": lambda array: _inside(array, 2),
    "every axis backwards": lambda array: _inside(array, -1),
    "axes in another order in memory": lambda array: np.moveaxis(
        np.ascontiguousarray(np.moveaxis(array, 0, -1)), -1, 0
    ),
    "not aligned": _not_aligned,
}


def everything_in(value):
    """Return every array that can be reached from `value`, through any container."""
    if isinstance(value, np.ndarray):
        return [value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        children = [getattr(value, field.name) for field in dataclasses.fields(value)]
    elif isinstance(value, dict):
        children = list(value.values())
    elif isinstance(value, list | tuple):
        children = list(value)
    else:
        return []
    return [array for child in children for array in everything_in(child)]


def inputs_of(problem):
    return named_leaves(problem._replace(cell=None)._asdict())


@pytest.mark.parametrize("case", CASES)
def test_outputs_share_no_memory(case, draw_problem):
    """Neither with what was passed in, nor with the tape, nor with each other."""
    problem = draw_problem(**CASES[case])
    cell, params, xs, state0, lengths, dhs, dstate_T = problem
    hs, state_T, tape = ml.forward(cell, params, xs, state0, lengths)
    kept = everything_in(tape)
    assert len(kept) >= len(leaves((params, xs, state0)))
    outputs = named_leaves({"hs": hs, "state_T": state_T})
    for round_ in ("first", "second"):
        outputs |= named_leaves({round_: ml.backward(tape, dhs, dstate_T)})
    for name, array in outputs.items():
        assert array.flags.writeable, name
        for other in [*inputs_of(problem).values(), *kept]:
            assert not np.shares_memory(array, other), name
    for one, two in combinations(outputs, 2):
        assert not np.shares_memory(outputs[one], outputs[two]), (one, two)


@pytest.mark.parametrize("case", CASES)
def test_inputs_are_not_changed(case, draw_problem, run):
    problem = draw_problem(**CASES[case])
    problem = problem._replace(
        params=tree_map(np.copy, problem.params),  # writeable: nothing holds a write back
        xs=problem.xs.copy(),
        state0=tree_map(np.copy, problem.state0),
        dhs=problem.dhs.copy(),
        dstate_T=tree_map(np.copy, problem.dstate_T),
    )
    before = {name: array.tobytes() for name, array in inputs_of(problem).items()}
    run(problem)
    assert {name: array.tobytes() for name, array in inputs_of(problem).items()} == before


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", ["plain", "ragged", "indices"])
def test_any_memory_layout_gives_the_same(case, layout, draw_problem, run, read_only, assert_same):
    problem = draw_problem(**CASES[case])
    arrange = LAYOUTS[layout]
    names = ("params", "xs", "state0", "dhs", "dstate_T")
    parts = {name: read_only(tree_map(arrange, getattr(problem, name))) for name in names}
    assert not all(array.flags.c_contiguous and array.flags.aligned for array in leaves(parts))
    assert_same(parts, {name: getattr(problem, name) for name in names})
    manual, reference = run(problem._replace(**parts)), run(problem)
    # Another layout may pick another matrix kernel, hence another order of summation.
    assert_same(dict(enumerate(manual)), dict(enumerate(reference)), ulps=8)


@pytest.mark.parametrize("case", CASES)
def test_a_tape_is_used_twice(case, draw_problem, assert_same):
    cell, params, xs, state0, lengths, dhs, dstate_T = draw_problem(**CASES[case])
    _, _, tape = ml.forward(cell, params, xs, state0, lengths)
    first = ml.backward(tape, dhs, dstate_T)
    kept = tree_map(np.copy, first)
    ml.backward(tape, 2 * dhs, None)
    assert_same(ml.backward(tape, dhs, dstate_T), kept)
    assert_same(first, kept)


@pytest.mark.parametrize("case", CASES)
def test_writing_into_results_does_not_reach_the_tape(case, draw_problem, run, assert_same):
    problem = draw_problem(**CASES[case])
    cell, params, xs, state0, lengths, dhs, dstate_T = problem
    reference = run(problem)[2]
    hs, state_T, tape = ml.forward(cell, params, xs, state0, lengths)
    for array in leaves((hs, state_T)):
        array.fill(np.nan)
    gradients = ml.backward(tape, dhs, dstate_T)
    assert_same(gradients, reference)
    for array in leaves(gradients):
        array.fill(np.nan)
    assert_same(ml.backward(tape, dhs, dstate_T), reference)


def test_lengths_and_cotangents_may_change_after_use(draw_problem, run, assert_same):
    problem = draw_problem(lengths=[5, 0, 2])
    cell, params, xs, state0, lengths, dhs, dstate_T = problem
    reference = run(problem)[2]
    lengths, dhs, dstate_T = lengths.copy(), dhs.copy(), tree_map(np.copy, dstate_T)
    _, _, tape = ml.forward(cell, params, xs, state0, lengths)
    lengths[:] = 1
    gradients = ml.backward(tape, dhs, dstate_T)
    for array in leaves((dhs, dstate_T)):
        array.fill(np.nan)
    assert_same(gradients, reference)
