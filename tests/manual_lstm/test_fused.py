"""The fast paths of LSTM and GRU against the steps of the cells, and what makes them fast."""

from functools import partial

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import manual_lstm as ml
from manual_lstm import fused, fused_gru, fused_parts
from manual_lstm.sequence import by_steps, runner_of
from manual_lstm.steps import Steps
from manual_lstm.trees import tree_map
from reference import tolerance
from reference.exact import prove_cell
from reference.problem import Case, draw
from reference.rounding import response_to_rounding, run_sequence
from reference.strategies import cases

CELLS = [
    ml.LSTM,
    ml.GRU,
    partial(ml.GRU, update_gate="replaces"),
]


@settings(max_examples=200)
@given(cases(max_T=9, max_B=7, max_D=5, max_H=6), st.booleans(), st.sampled_from(CELLS))
@example(Case(T=2, B=6, D=5, H=1), False, ml.LSTM)
def test_agrees_with_steps(case, bias, make):
    problem = draw(make(case.D, case.H, bias=bias), case)
    assert not isinstance(runner_of(problem.cell, problem.params, problem.xs), Steps)
    manual = run_sequence(problem)
    with by_steps():
        reference = run_sequence(problem)
    assert list(manual) == list(reference)
    for name, array in manual.items():
        other = reference[name]
        assert array.shape == other.shape
        assert array.dtype == other.dtype
        worst = np.abs(array - other).max(initial=0)
        if worst > tolerance.bound(other, np.zeros(1), array.dtype):
            moved = response_to_rounding(problem)[name]
            assert worst <= tolerance.bound(other, moved, array.dtype), name


@pytest.mark.parametrize("make", [ml.LSTM, ml.GRU])
@pytest.mark.parametrize("lengths", [None, [40, 7, 0, 33]])
def test_agrees_over_more_than_one_block(
    make, lengths, monkeypatch, draw_problem, run, assert_same
):
    problem = of_cell(make, draw_problem(T=40, B=4, lengths=lengths))
    monkeypatch.setattr(fused_parts, "BLOCK_OF_VALUES", 4 * 4 * 4 * 7)
    monkeypatch.setattr(fused_parts, "BLOCK_OF_ROWS", 1)
    monkeypatch.setattr(fused_parts, "ROWS_OF_A_PRODUCT", 44)
    in_blocks = run(problem)
    monkeypatch.undo()
    assert_same(dict(enumerate(in_blocks)), dict(enumerate(run(problem))), ulps=16)


@pytest.mark.parametrize("z", [800.0, 80.0, 30.0])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_saturated_gates_are_quiet_and_right(z, sign, dtype, draw_problem, run):
    """Whether exp(-z) overflows or vanishes: no warning, and the gates are 0 or 1."""
    problem = draw_problem(dtype=dtype)
    b = problem.params.b.copy()
    b[:] = sign * z
    problem = problem._replace(params=problem.params._replace(b=b))
    with by_steps(), np.errstate(under="ignore"):
        reference = run(problem)
    manual = run(problem)
    for name in ("h", "c"):
        ours, theirs = getattr(manual[1], name), getattr(reference[1], name)
        np.testing.assert_allclose(
            ours, theirs, rtol=2e-5 if dtype == np.float32 else 1e-13, atol=1e-300
        )


def test_only_the_plain_lstm_takes_it(draw_problem):
    class Changed(ml.LSTM):
        pass

    class Noted(np.ndarray):
        pass

    def taken(cell, *trees):
        return type(runner_of(cell, *trees)) is fused.FusedLSTM

    lstm, plain = ml.LSTM(2, 4), draw_problem().params
    assert taken(lstm, plain, np.zeros((5, 3), np.int8))
    for dtype in (np.complex128, np.float16, np.longdouble, ">f8"):
        assert not taken(lstm, tree_map(lambda array, to=dtype: array.astype(to), plain))
    assert not taken(lstm, plain, plain.b.view(Noted))
    assert not taken(Changed(2, 4), plain)
    assert not taken(ml.PeepholeLSTM(2, 4), plain)
    assert type(runner_of(ml.GRU(2, 4), plain)) is fused_gru.FusedGRU
    assert type(runner_of(ml.GRU(2, 4, gate_activation=ml.HardSigmoid()), plain)) is Steps
    assert type(runner_of(ml.GRU(2, 4, candidate_activation=ml.ReLU()), plain)) is Steps
    assert type(runner_of(ml.GRUResetBefore(2, 4), plain)) is Steps
    with by_steps():
        assert not taken(lstm, plain)
    assert taken(lstm, plain)


class Counting:
    """NumPy, as the fast path sees it, with a note of every call."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        function = getattr(np, name)
        if not callable(function) or isinstance(function, type):
            return function

        def call(*args, **options):
            result = function(*args, **options)
            self.calls.append((name, any(result is given for given in (*args, *options.values()))))
            return result

        return call


def of_cell(make, problem):
    """Return a problem of the LSTM as one of another cell."""
    if make is ml.LSTM:
        return problem
    D, H = problem.cell.input_size, problem.cell.hidden_size
    rng = np.random.default_rng(0)
    cell = make(D, H)
    params = tree_map(lambda like: rng.normal(size=like.shape), cell.init_params(rng))
    state0, dstate_T = (ml.HiddenState(part.h) for part in (problem.state0, problem.dstate_T))
    return problem._replace(cell=cell, params=params, state0=state0, dstate_T=dstate_T)


@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.parametrize(("make", "calls"), [(ml.LSTM, (10, 9)), (ml.GRU, (12, 8))])
def test_calls_of_a_step(make, calls, B, monkeypatch, draw_problem):
    """A small step costs what its calls cost, and each of them writes where it is told to."""
    counted = {}
    for T in (16, 48):
        cell, params, xs, state0, _, dhs, dstate_T = of_cell(make, draw_problem(T=T, B=B))
        numpy = Counting()
        for module in (fused, fused_gru, fused_parts):
            monkeypatch.setattr(module, "np", numpy)
        _, _, tape = ml.forward(cell, params, xs, state0)
        of_forward = numpy.calls.copy()
        ml.backward(tape, dhs, dstate_T)
        counted[T] = of_forward, numpy.calls[len(of_forward) :]
    for shorter, longer, per_step in zip(counted[16], counted[48], calls, strict=True):
        assert len(longer) - len(shorter) == 32 * per_step
        allocations = [
            [name for name, in_place in calls if not in_place] for calls in (shorter, longer)
        ]
        assert allocations[0] == allocations[1]


@pytest.mark.parametrize(("make", "module"), [(ml.LSTM, fused), (ml.GRU, fused_gru)])
def test_a_mistake_of_one_path_alone_is_refuted(make, module, monkeypatch):
    """Each path is proved by itself: one unit in the last place of one factor is noticed."""
    right = module._factors

    def wrong(*arguments):
        factors = right(*arguments)
        factors[2] *= 1 + 2**-52
        return factors

    cell = make(2, 3)
    assert prove_cell(cell).verdict == "proved"
    monkeypatch.setattr(module, "_factors", wrong)
    assert prove_cell(cell).verdict == "refuted"
    with by_steps():
        assert prove_cell(cell).verdict == "proved"
    monkeypatch.setattr(module, "_factors", right)
    step_backward = make.step_backward

    def off(self, params, cache, dstate):
        dparams, dprev, dx = step_backward(self, params, cache, dstate)
        return dparams, dprev._replace(h=dprev.h * (1 + 2**-52)), dx

    monkeypatch.setattr(make, "step_backward", off)
    assert prove_cell(cell).verdict == "refuted"


OPTIONS = [{}, {"lengths": True}, {"index_inputs": True}, {"B": 1}, {"T": 0}, {"T": 1}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("make", CELLS)
def test_proved(make, bias, options):
    assert prove_cell(make(2, 3, bias=bias), **({"B": 3} | options)).verdict == "proved"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("make", CELLS)
def test_padding_reaches_nothing(make, bad, draw_problem, run, assert_same):
    """Nor does the first state of a row without a step."""
    problem = of_cell(make, draw_problem(lengths=[3, 0, 5]))
    padding = np.arange(5)[:, None] >= problem.lengths
    xs, dhs = problem.xs.copy(), problem.dhs.copy()
    xs[padding] = dhs[padding] = bad
    state0 = tree_map(np.copy, problem.state0)
    state0.h[1] = bad
    spoilt = run(problem._replace(xs=xs, dhs=dhs, state0=state0))
    clean = run(problem)
    assert_same(spoilt[0], clean[0])
    assert_same(spoilt[2], clean[2])
