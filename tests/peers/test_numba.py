"""The compiled LSTM against JAX, and against the NumPy code that is proved."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import manual_lstm as ml
from manual_lstm.trees import leaves, named_leaves, tree_map
from reference.batch import compare_batch
from reference.exact import prove_cell
from reference.frameworks import numba
from reference.frameworks.numba import CompiledLSTM
from reference.oracles import JaxOracle
from reference.plan import WIDEST
from reference.problem import Case, draw
from reference.rounding import run_sequence
from reference.stacking import Padded
from reference.strategies import cases

pytestmark = pytest.mark.peers

PADDED = JaxOracle(Padded(ml.LSTM(WIDEST.D, WIDEST.H), T=WIDEST.T, B=WIDEST.B))


def compiled(problem):
    """Return the problem for the compiled cell."""
    cell = problem.cell
    return replace(problem, cell=CompiledLSTM(cell.input_size, cell.hidden_size, cell.bias))


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(cases(), st.booleans()), min_size=32, max_size=32))
@example([(Case(T=0, B=2, ragged=False), True), (Case(B=1, H=1), False)])
def test_agrees_with_jax(tally, drawn):
    problems = [draw(ml.LSTM(case.D, case.H, bias=bias), case) for case, bias in drawn]
    rng = np.random.default_rng(0)
    comparison = compare_batch(problems, PADDED, rng, lambda p: run_sequence(compiled(p)))
    assert not comparison.failing
    tally.add("numba, JAX", comparison)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_padding_reaches_nothing(bad):
    problem = draw(ml.LSTM(2, 5), Case(T=5, B=4, seed=3))
    padding = np.arange(5)[:, None] >= problem.lengths
    xs, dhs = problem.xs.copy(), problem.dhs.copy()
    xs[padding] = dhs[padding] = bad
    spoilt = run_sequence(compiled(replace(problem, xs=xs, dhs=dhs)))
    for name, array in run_sequence(compiled(problem)).items():
        np.testing.assert_array_equal(spoilt[name], array, err_msg=name)


@pytest.mark.parametrize("bias", [np.inf, -np.inf, 800.0, -800.0, np.nan])
def test_gates_that_are_shut_or_open_for_good(bias):
    """As in NumPy: exactly 0 or 1 at infinity, and NaN stays NaN."""
    problem = draw(ml.LSTM(2, 5), Case(T=5, B=3, seed=1))
    b = problem.params.b.copy()
    b[5:10] = bias
    problem = replace(problem, params=problem.params._replace(b=b))
    theirs = run_sequence(problem)
    for name, array in run_sequence(compiled(problem)).items():
        np.testing.assert_allclose(array, theirs[name], rtol=1e-11, atol=1e-13, err_msg=name)


def test_functions_are_right_to_a_few_ulps():
    """The gates of one step with one unit and no weights are σ and tanh of the bias."""
    zs = np.linspace(-40, 40, 20_001)
    cell = CompiledLSTM(1, zs.size // 3)
    H = cell.output_size
    numba_limit, numba.MOST = numba.MOST, H**2
    try:
        params = tree_map(np.zeros_like, cell.init_params(np.random.default_rng(0)))
        params.b[: 2 * H] = np.concatenate([zs[:H], zs[H : 2 * H]])
        params.b[2 * H : 3 * H] = zs[2 * H : 3 * H] / 20
        _, _, tape = ml.forward(cell, params, np.zeros((1, 1, 1)))
    finally:
        numba.MOST = numba_limit
    i, f, g = np.split(tape.cache.tape[0, 0, : 3 * H], 3)
    precise = [zs[:H].astype(np.longdouble), zs[H : 2 * H].astype(np.longdouble)]
    for manual, z in zip((i, f), precise, strict=True):
        reference = 1 / (1 + np.exp(-z))
        assert np.max(np.abs(manual - reference) / np.spacing(reference.astype(float))) < 2.5
    reference = np.tanh((zs[2 * H : 3 * H] / 20).astype(np.longdouble))
    assert np.max(np.abs(g - reference) / np.spacing(np.abs(reference).astype(float))) < 3.5


def test_other_sizes_and_dtypes_run_as_the_lstm():
    layer = CompiledLSTM(3, 4)
    assert prove_cell(layer).verdict == "proved"
    for dtype in (np.complex128, np.longdouble):
        params = tree_map(lambda array, to=dtype: array.astype(to),
                          layer.init_params(np.random.default_rng(0)))  # fmt: skip
        xs = np.ones((5, 2, 3), dtype)
        hs, _, tape = ml.forward(layer, params, xs)
        np.testing.assert_array_equal(hs, ml.forward(layer.cell, params, xs).hs)
        assert ml.backward(tape, hs).params.W_h.dtype == dtype
    large = CompiledLSTM(3, 200)
    params, xs = large.init_params(np.random.default_rng(0)), np.ones((2, 1, 3))
    assert not isinstance(ml.forward(large, params, xs).tape.cache, numba.CompiledCache)


def test_purity():
    """Nothing passed in is changed, nothing returned is shared, and a tape is used twice."""
    problem = compiled(draw(ml.LSTM(2, 5), Case(T=5, B=3, ragged=False)))
    for array in leaves((problem.params, problem.xs, problem.state0, problem.dhs)):
        array.flags.writeable = False
    run = ml.forward(problem.cell, problem.params, problem.xs, problem.state0)
    first = ml.backward(run.tape, problem.dhs, problem.dstate_T)
    kept = tree_map(np.copy, first)
    for array in leaves((run.hs, run.state_T, first)):
        array.fill(np.nan)
    again = ml.backward(run.tape, problem.dhs, problem.dstate_T)
    for name, array in named_leaves(kept).items():
        np.testing.assert_array_equal(named_leaves(again)[name], array)
    params = tree_map(np.copy, problem.params)
    tape = ml.forward(problem.cell, params, problem.xs).tape
    params.b[0] += 1
    with pytest.raises(ValueError, match="b has other values"):
        ml.backward(tape, None)


def test_segments_and_stacks():
    rng = np.random.default_rng(0)
    layer = ml.Stack([CompiledLSTM(2, 3), ml.LSTM(3, 4)])
    plain = ml.Stack([ml.LSTM(2, 3), ml.LSTM(3, 4)])
    params, xs = layer.init_params(rng), rng.normal(size=(7, 2, 2))
    dhs = rng.normal(size=(7, 2, 4))
    manual = ml.backward(ml.forward(layer, params, xs, segment=3).tape, dhs)
    reference = ml.backward(ml.forward(plain, params, xs).tape, dhs)
    for name, array in named_leaves(manual).items():
        np.testing.assert_allclose(array, named_leaves(reference)[name], rtol=1e-11, atol=1e-13)
    assert repr(CompiledLSTM(2, 3)) == "CompiledLSTM(input_size=2, hidden_size=3, bias=True)"
