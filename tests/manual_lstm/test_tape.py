"""The tape finds out when what it refers to is no longer what it was."""

import numpy as np
import pytest

import manual_lstm as ml
from manual_lstm.tape import check_same, checksums
from manual_lstm.trees import named_leaves, tree_map

pytestmark = pytest.mark.usefixtures("either_path")

CHANGED = ["params.W_x", "params.W_h", "params.b", "xs", "state0.h", "state0.c"]
MESSAGE = (
    "{} has other values than in the forward that made this tape, but must be unchanged, "
    "because backward reads it again.\n"
    "HINT: run forward again after an update, or update copies."
)


def writeable(problem):
    return problem._replace(
        params=tree_map(np.copy, problem.params),
        xs=problem.xs.copy(),
        state0=tree_map(np.copy, problem.state0),
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128])
@pytest.mark.parametrize("name", CHANGED)
def test_a_change_of_one_bit_is_found_and_its_undoing_forgiven(
    name, dtype, draw_problem, assert_same
):
    problem = writeable(draw_problem(dtype=dtype))
    _, _, tape = ml.forward(problem.cell, problem.params, problem.xs, problem.state0)
    before = ml.backward(tape, problem.dhs)
    array = named_leaves(problem._replace(cell=None)._asdict())[name]
    array.view(np.uint8).flat[-1] ^= 1
    with pytest.raises(ValueError, match="has other values") as caught:
        ml.backward(tape, problem.dhs)
    assert str(caught.value) == MESSAGE.format(name)
    array.view(np.uint8).flat[-1] ^= 1
    assert_same(ml.backward(tape, problem.dhs), before)


def test_a_change_of_an_index_is_found(draw_problem):
    problem = writeable(draw_problem(indices=True))
    _, _, tape = ml.forward(problem.cell, problem.params, problem.xs)
    problem.xs[2, 1] = 1 - problem.xs[2, 1]
    with pytest.raises(ValueError, match=r"^xs has other values"):
        ml.backward(tape, problem.dhs)


def test_a_change_through_a_view_is_found(draw_problem):
    """An optimizer often keeps all the parameters in one flat array."""
    problem = draw_problem()
    flat = np.concatenate([array.ravel() for array in problem.params])
    ends = np.cumsum([array.size for array in problem.params])
    parts = np.split(flat, ends[:-1])
    params = tree_map(lambda like, part: part.reshape(like.shape), problem.params, tuple(parts))
    _, _, tape = ml.forward(problem.cell, params, problem.xs)
    flat[ends[0]] += 1e-3
    with pytest.raises(ValueError, match=r"^params.W_h has other values"):
        ml.backward(tape, problem.dhs)


def test_two_rows_that_change_places_are_found(draw_problem):
    problem = writeable(draw_problem())
    _, _, tape = ml.forward(problem.cell, problem.params, problem.xs)
    problem.xs[:, [0, 1]] = problem.xs[:, [1, 0]]
    with pytest.raises(ValueError, match=r"^xs has other values"):
        ml.backward(tape, problem.dhs)


def test_the_update_that_follows_a_backward_is_no_mistake(draw_problem):
    """Forward, backward, update in place, forward again: the usual loop of training."""
    problem = writeable(draw_problem())
    for _ in range(3):
        _, _, tape = ml.forward(problem.cell, problem.params, problem.xs, problem.state0)
        gradients = ml.backward(tape, problem.dhs)
        for array, gradient in zip(problem.params, gradients.params, strict=True):
            array -= 0.1 * gradient


def test_an_array_that_has_gone_is_found():
    held = {"params": {"W": np.ones(3), "b": np.zeros(2)}}
    before = checksums(held)
    check_same(before, checksums(held))
    del held["params"]["b"]
    with pytest.raises(ValueError, match=r"^params.b has other values"):
        check_same(before, checksums(held))


@pytest.mark.parametrize("size", [1, 1023, 1024, 1025, 5000])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int8])
def test_any_bit_of_a_large_array_counts(size, dtype):
    """Also where words are first made fewer: at a block's first and last, and in what is over."""
    array = np.random.default_rng(0).normal(size=size).astype(dtype)
    before = checksums({"x": array})
    octets = array.view(np.uint8)
    rng = np.random.default_rng(1)
    for place in {0, octets.size - 1, *rng.integers(0, octets.size, 50).tolist()}:
        for bit in range(8):
            octets[place] ^= 1 << bit
            assert checksums({"x": array}) != before
            octets[place] ^= 1 << bit
    assert checksums({"x": array}) == before


def test_checksums_see_values_and_not_layout():
    array = np.arange(24.0).reshape(4, 6)
    spread = np.zeros((8, 12))[::2, ::2]
    spread[...] = array
    same = [array, array.copy(), np.asfortranarray(array), spread]
    assert len({checksums({"x": layout})["x"] for layout in same}) == 1
    assert checksums({"x": np.zeros((0, 3))}) == checksums({"x": np.zeros((0, 3))})


def test_repr_of_a_tape_is_short_of_its_caches(draw_problem):
    problem = draw_problem()
    _, _, tape = ml.forward(problem.cell, problem.params, problem.xs)
    assert repr(tape).startswith("Tape(cell=LSTM(input_size=2, hidden_size=4, bias=True)")
    assert "caches" not in repr(tape)
