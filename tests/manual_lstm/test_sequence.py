"""What a run over a sequence means: lengths, segments, batches, indices, dtypes."""

import numpy as np
import pytest

import manual_lstm as ml
from manual_lstm.trees import leaves, tree_map

ROUNDING = 8  # ulps of the largest entry: another order of summation
LENGTHS = [3, 0, 5, 1]

pytestmark = pytest.mark.usefixtures("either_path")


def one_row(problem, n, steps):
    """Return row `n` of a problem alone, without its padding."""
    row = slice(n, n + 1)
    return problem._replace(
        xs=problem.xs[:steps, row],
        state0=tree_map(lambda array: array[row], problem.state0),
        lengths=None,
        dhs=problem.dhs[:steps, row],
        dstate_T=tree_map(lambda array: array[row], problem.dstate_T),
    )


@pytest.mark.parametrize("indices", [False, True])
def test_ragged_rows_equal_rows_run_alone(indices, draw_problem, run, assert_same):
    problem = draw_problem(B=4, D=3, lengths=LENGTHS, indices=indices)
    hs, state_T, gradients = run(problem)
    total = tree_map(np.zeros_like, problem.params)
    for n, steps in enumerate(LENGTHS):
        hs_n, state_n, gradients_n = run(one_row(problem, n, steps))
        row = slice(n, n + 1)
        assert_same(hs[:steps, row], hs_n, ROUNDING)
        assert_same(tree_map(lambda array, row=row: array[row], state_T), state_n, ROUNDING)
        dstate0_n = tree_map(lambda array, row=row: array[row], gradients.state0)
        assert_same(dstate0_n, gradients_n.state0, ROUNDING)
        if not indices:
            assert_same(gradients.xs[:steps, row], gradients_n.xs, ROUNDING)
        total = tree_map(np.add, total, gradients_n.params)
    assert_same(gradients.params, total, ROUNDING)


def test_padding_is_zero(draw_problem, run):
    hs, _, gradients = run(draw_problem(B=4, lengths=LENGTHS))
    for n, steps in enumerate(LENGTHS):
        assert not hs[steps:, n].any()
        assert not gradients.xs[steps:, n].any()
        assert hs[:steps, n].all()
        assert gradients.xs[:steps, n].all()


def test_state_is_carried_past_the_end(draw_problem, run, assert_same):
    """The final state of a row is the state after its own last step; of no step, state0."""
    problem = draw_problem(B=4, lengths=LENGTHS)
    hs, state_T, gradients = run(problem)
    for n, steps in enumerate(LENGTHS):
        last_h = hs[steps - 1, n] if steps else problem.state0.h[n]
        assert_same(state_T.h[n], last_h)
    assert_same(state_T.c[1], problem.state0.c[1])
    assert_same(gradients.state0.h[1], problem.dstate_T.h[1])
    assert_same(gradients.state0.c[1], problem.dstate_T.c[1])


def test_full_lengths_change_nothing(draw_problem, run, assert_same):
    problem = draw_problem()
    full = problem._replace(lengths=np.array([5, 5, 5]))
    assert_same(dict(enumerate(run(full))), dict(enumerate(run(problem))))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint64])
def test_any_integer_dtype_counts_and_indexes(dtype, draw_problem, run, assert_same):
    problem = draw_problem(B=4, D=3, lengths=LENGTHS, indices=True)
    narrow = problem._replace(xs=problem.xs.astype(dtype), lengths=problem.lengths.astype(dtype))
    assert_same(dict(enumerate(run(narrow))), dict(enumerate(run(problem))))


@pytest.mark.parametrize("lengths", [None, [2, 5, 0]])
def test_index_inputs_equal_one_hot_inputs(lengths, draw_problem, run, assert_same):
    problem = draw_problem(D=3, indices=True, lengths=lengths)
    one_hot = problem._replace(xs=np.eye(3)[problem.xs])
    hs, state_T, gradients = run(problem)
    hs_1, state_T_1, gradients_1 = run(one_hot)
    assert_same((hs, state_T), (hs_1, state_T_1), ROUNDING)
    assert gradients.xs is None
    assert_same(gradients._replace(xs=None), gradients_1._replace(xs=None), ROUNDING)


@pytest.mark.parametrize("lengths", [None, [4, 0, 2]])
@pytest.mark.parametrize("cut", [0, 1, 3, 5])
def test_two_segments_equal_one_run(cut, lengths, draw_problem, run, assert_same):
    """State goes forward over the cut, its cotangent back over it; parameter gradients add."""
    problem = draw_problem(lengths=lengths)
    hs, state_T, gradients = run(problem)

    first, second = problem, problem
    if lengths is not None:
        first = first._replace(lengths=np.clip(problem.lengths, 0, cut))
        second = second._replace(lengths=np.clip(problem.lengths - cut, 0, 5 - cut))
    hs_1, state_cut, tape_1 = ml.forward(
        problem.cell, problem.params, problem.xs[:cut], problem.state0, first.lengths
    )
    hs_2, state_end, tape_2 = ml.forward(
        problem.cell, problem.params, problem.xs[cut:], state_cut, second.lengths
    )
    gradients_2 = ml.backward(tape_2, problem.dhs[cut:], problem.dstate_T)
    gradients_1 = ml.backward(tape_1, problem.dhs[:cut], gradients_2.state0)

    assert_same(np.concatenate([hs_1, hs_2]), hs, ROUNDING)
    assert_same(state_end, state_T, ROUNDING)
    assert_same(np.concatenate([gradients_1.xs, gradients_2.xs]), gradients.xs, ROUNDING)
    assert_same(gradients_1.state0, gradients.state0, ROUNDING)
    total = tree_map(np.add, gradients_1.params, gradients_2.params)
    assert_same(total, gradients.params, ROUNDING)


def test_batch_rows_are_independent(draw_problem, run):
    """Another row 1 leaves rows 0 and 2 as they were, in every per-row result."""
    problem = draw_problem()
    other = draw_problem(seed=1)

    def spoil(array, value, axis):
        changed = array.copy()
        place = (slice(None),) * axis + (1,)
        changed[place] = value[place]
        return changed

    spoilt = problem._replace(
        xs=spoil(problem.xs, other.xs, 1),
        state0=tree_map(lambda array, value: spoil(array, value, 0), problem.state0, other.state0),
        dhs=spoil(problem.dhs, other.dhs, 1),
    )
    results = []
    for case in (problem, spoilt):
        hs, state_T, gradients = run(case)
        over_time = np.concatenate([hs, gradients.xs], axis=-1)
        results.append([over_time.swapaxes(0, 1), *leaves(state_T), *leaves(gradients.state0)])
    for before, after in zip(*results, strict=True):
        np.testing.assert_array_equal(after[[0, 2]], before[[0, 2]])
        assert np.all(after[1] != before[1])


def test_left_out_arguments_are_zeros(draw_problem, run, assert_same):
    problem = draw_problem()
    zero_state = tree_map(np.zeros_like, problem.state0)
    for short, long in [
        ({"state0": None}, {"state0": zero_state}),
        ({"dhs": None}, {"dhs": np.zeros_like(problem.dhs)}),
        ({"dstate_T": None}, {"dstate_T": zero_state}),
        (
            {"dstate_T": problem.dstate_T._replace(h=None)},
            {"dstate_T": problem.dstate_T._replace(h=zero_state.h)},
        ),
    ]:
        manual, reference = run(problem._replace(**short)), run(problem._replace(**long))
        assert_same(dict(enumerate(manual)), dict(enumerate(reference)))


def test_gradients_are_linear_in_the_cotangents(draw_problem, run, assert_same):
    problem = draw_problem(lengths=[5, 2, 0])
    from_outputs = run(problem._replace(dstate_T=None))[2]
    from_state = run(problem._replace(dhs=None))[2]
    assert_same(tree_map(np.add, from_outputs, from_state), run(problem)[2], ROUNDING)
    tripled = problem._replace(
        dhs=4 * problem.dhs, dstate_T=tree_map(lambda array: 4 * array, problem.dstate_T)
    )
    assert_same(run(tripled)[2], tree_map(lambda array: 4 * array, run(problem)[2]))


@pytest.mark.parametrize("indices", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_results_keep_the_dtype_of_the_parameters(dtype, indices, draw_problem, run):
    problem = draw_problem(dtype=dtype, lengths=[5, 0, 2], indices=indices)
    for result in leaves(dict(enumerate(run(problem)))):
        assert result.dtype == dtype
    hs, state_T, tape = ml.forward(problem.cell, problem.params, problem.xs)
    for result in leaves((hs, state_T, ml.backward(tape, None))):
        assert result.dtype == dtype


def test_float32_is_float64_rounded(draw_problem, run):
    single = draw_problem(dtype=np.float32, lengths=[5, 0, 2])
    double = single._replace(
        params=tree_map(lambda array: array.astype(np.float64), single.params),
        xs=single.xs.astype(np.float64),
        state0=tree_map(lambda array: array.astype(np.float64), single.state0),
        dhs=single.dhs.astype(np.float64),
        dstate_T=tree_map(lambda array: array.astype(np.float64), single.dstate_T),
    )
    for low, high in zip(*(leaves(dict(enumerate(run(p)))) for p in (single, double)), strict=True):
        assert np.abs(low - high).max() <= 32 * np.finfo(np.float32).eps * np.abs(high).max()


@pytest.mark.parametrize("sizes", [(0, 3), (5, 0), (0, 0)])
@pytest.mark.parametrize("indices", [False, True])
def test_nothing_to_run(sizes, indices, draw_problem, run, assert_same):
    T, B = sizes
    problem = draw_problem(T=T, B=B, indices=indices)
    hs, state_T, gradients = run(problem)
    assert hs.shape == (T, B, 4)
    assert_same(state_T, problem.state0)
    assert_same(gradients.state0, problem.dstate_T)
    assert_same(gradients.params, tree_map(np.zeros_like, problem.params))
    if not indices:
        assert gradients.xs.shape == problem.xs.shape
