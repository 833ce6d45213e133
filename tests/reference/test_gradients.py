"""Every gradient of the LSTM against JAX, over random problems."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import manual_lstm as ml
from manual_lstm.trees import tree_map
from reference.batch import BatchComparison, compare_batch
from reference.compare import axes_of, compare
from reference.lane_check import LANES, LaneOracle, suspects
from reference.lanes import draw_lanes, lane, run_steps
from reference.oracles import JaxOracle
from reference.plan import WIDEST
from reference.problem import Case, Problem, draw
from reference.report.text import mismatch_lines
from reference.rounding import run_sequence
from reference.stacking import Padded, SameShape
from reference.strategies import cases

BATCH = 64
THOROUGH = settings().max_examples > 1000
WIDE = Padded(ml.LSTM(WIDEST.D, WIDEST.H), T=WIDEST.T, B=WIDEST.B)
PADDED, IN_LANES = JaxOracle(WIDE, count=BATCH), LaneOracle(WIDE)


def lstm_problem(case: Case, *, bias: bool = True) -> Problem:
    return draw(ml.LSTM(case.D, case.H, bias=bias), case)


def explain(problem: Problem, comparison: BatchComparison, n: int) -> str:
    """Tell every mismatch of problem n, at its own size."""
    alone = JaxOracle(SameShape(cell=problem.cell))
    answers = compare_batch([problem], alone, np.random.default_rng(0))
    manual = run_sequence(problem)
    lines = [f"{problem.cell!r}, {problem.case!r}"]
    for name, bounds in answers.bounds.items():
        mismatch = compare(
            "TOTAL", name, manual[name], answers.reference[name][0], float(bounds[0]),
            axes=axes_of(name, problem.cell), gates="ifgo",
        )  # fmt: skip
        lines += mismatch_lines(mismatch) if mismatch else []
    return "\n".join(lines)


def assert_right(problems: list[Problem], oracle: JaxOracle, seed: int = 0) -> BatchComparison:
    comparison = compare_batch(problems, oracle, np.random.default_rng(seed))
    for n in comparison.failing:
        raise AssertionError(explain(problems[n], comparison, n))
    return comparison


@settings(
    max_examples=16_000 if THOROUGH else 170,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(st.tuples(cases(), st.booleans()), min_size=BATCH, max_size=BATCH))
def test_random_problems_of_every_size(tally, drawn):
    """Padded to one size and checked together; the manual side runs each at its own size."""
    problems = [lstm_problem(case, bias=bias) for case, bias in drawn]
    comparison = assert_right(problems, PADDED, seed=drawn[0][0].seed)
    tally.add("any size, padded oracle", comparison, len(problems))


@settings(max_examples=4_000 if THOROUGH else 40, suppress_health_check=[HealthCheck.too_slow])
@given(cases(max_T=8, max_B=4, max_D=6, max_H=6), st.booleans())
@example(Case(T=0, B=2, ragged=False), True)
def test_random_problems_in_lanes(tally, case, bias):
    """The step-by-step path, on many problems of one size."""
    problem = draw_lanes(ml.LSTM(case.D, case.H, bias=bias), case, LANES)
    again = [lane(problem, n) for n in suspects(problem, IN_LANES)]
    for start in range(0, len(again), BATCH):
        comparison = compare_batch(
            again[start : start + BATCH], PADDED, np.random.default_rng(case.seed), run_steps
        )
        assert not comparison.failing, case
    tally.cases["in lanes"] += LANES


@settings(max_examples=100 if THOROUGH else 6, suppress_health_check=[HealthCheck.too_slow])
@given(
    cases(max_T=60, max_B=9, max_D=20, max_H=24),
    st.booleans(),
)
@example(Case(T=200, B=2, D=3, H=8, seed=1), True)
def test_larger_problems_each_compiled_at_its_own_size(tally, case, bias):
    """The control of the padded oracle: nothing is padded here."""
    problem = lstm_problem(case, bias=bias)
    comparison = assert_right([problem], JaxOracle(SameShape(cell=problem.cell)))
    tally.add("own size, own compilation", comparison, 1)


EDGES = {
    "T=0": Case(T=0, B=2, ragged=False),
    "T=1": Case(T=1, B=2, ragged=False),
    "B=1": Case(T=4, B=1),
    "H=1": Case(T=4, B=3, H=1),
    "D=1": Case(T=4, B=3, D=1),
    "D=H": Case(T=4, B=3, D=5, H=5),
    "float32": Case(float32=True),
    "zero weights": Case(weight_scale=0.0),
    "zero weights and biases": Case(weight_scale=0.0, bias_scale=0.0),
    "zero state": Case(state_scale=0.0),
    "one repeated index": Case(T=7, B=3, D=1, index_inputs=True),
    "large weights": Case(T=8, weight_scale=6.0),
}


@pytest.mark.parametrize("case", EDGES.values(), ids=EDGES.keys())
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
def test_edges(case, bias):
    problems = [lstm_problem(replace(case, seed=seed), bias=bias) for seed in range(BATCH)]
    assert_right(problems, PADDED)


@pytest.mark.parametrize("gates", range(16))
def test_saturated_gates(gates):
    """Each gate open or shut by a bias of ±30: what is left of 1 - σ is a few digits."""
    signs = np.array([1.0 if gates >> k & 1 else -1.0 for k in range(4)])
    problems = []
    for seed in range(8):
        problem = lstm_problem(Case(H=3, seed=seed))
        b = problem.params.b + 30 * np.repeat(signs, 3)
        problems.append(replace(problem, params=problem.params._replace(b=b)))
    assert_right(problems, JaxOracle(SameShape(cell=problems[0].cell)))


def test_lengths_of_zero_and_of_all():
    problem = lstm_problem(Case(T=4, B=3, ragged=False))
    for lengths in ([0, 0, 0], [0, 4, 2], [4, 4, 4], [1, 0, 0]):
        assert_right([replace(problem, lengths=np.array(lengths))], PADDED)


def test_read_only_and_strided_arrays():
    """The memory layout of what is passed in makes no difference to the last bit."""
    problem = lstm_problem(Case(T=5, B=3))
    plain = run_sequence(problem)

    def strided(array):
        spread = np.zeros(tuple(2 * n for n in array.shape), array.dtype)
        view = spread[tuple(slice(None, None, 2) for _ in array.shape)]
        view[...] = array
        view.setflags(write=False)
        return view

    other = replace(
        problem,
        params=tree_map(strided, problem.params),
        xs=strided(problem.xs),
        state0=tree_map(strided, problem.state0),
        dhs=strided(problem.dhs),
        dstate_T=tree_map(strided, problem.dstate_T),
    )
    assert_right([other], JaxOracle(SameShape(cell=problem.cell)))
    for name, array in run_sequence(other).items():
        np.testing.assert_allclose(array, plain[name], rtol=1e-12, atol=1e-14)


def test_padding_of_the_oracle_is_exact():
    """The same problem padded and alone gives the same reference, to the rounding of sums."""
    problem = lstm_problem(Case(T=3, B=2, D=2, H=3))
    rng = np.random.default_rng(0)
    padded = compare_batch([problem], PADDED, rng)
    alone = compare_batch([problem], JaxOracle(SameShape(cell=problem.cell)), rng)
    for name, expected in alone.reference.items():
        assert abs(padded.scales[name] - alone.scales[name]) <= 1e-14 * alone.scales[name]
        assert np.count_nonzero(padded.reference[name]) == np.count_nonzero(expected)
