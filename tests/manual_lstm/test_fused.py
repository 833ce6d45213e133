"""The fast path of the LSTM against its own steps, and what makes it fast."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import manual_lstm as ml
from manual_lstm import fused
from manual_lstm.sequence import by_steps, runner_of
from manual_lstm.trees import tree_map
from reference import tolerance
from reference.exact import prove_cell
from reference.problem import Case, draw
from reference.rounding import response_to_rounding, run_sequence
from reference.strategies import cases


@settings(max_examples=150)
@given(cases(max_T=9, max_B=7, max_D=5, max_H=6), st.booleans())
@example(Case(T=2, B=6, D=5, H=1), False)
def test_agrees_with_steps(case, bias):
    problem = draw(ml.LSTM(case.D, case.H, bias=bias), case)
    manual = run_sequence(problem)
    with by_steps():
        reference = run_sequence(problem)
    moved = response_to_rounding(problem)
    assert list(manual) == list(reference)
    for name, array in manual.items():
        other = reference[name]
        assert array.shape == other.shape
        assert array.dtype == other.dtype
        worst = np.abs(array - other).max(initial=0)
        assert worst <= tolerance.bound(other, moved[name], array.dtype), name


@pytest.mark.parametrize("lengths", [None, [40, 7, 0, 33]])
def test_agrees_over_more_than_one_block(lengths, monkeypatch, draw_problem, run, assert_same):
    problem = draw_problem(T=40, B=4, lengths=lengths)
    monkeypatch.setattr(fused, "BLOCK_OF_VALUES", 4 * 4 * 4 * 7)
    monkeypatch.setattr(fused, "BLOCK_OF_ROWS", 1)
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


@pytest.mark.parametrize("B", [1, 3])
def test_calls_of_a_step(B, monkeypatch, draw_problem):
    """A small step costs what its calls cost, and each of them writes where it is told to."""
    counted = {}
    for T in (16, 48):
        cell, params, xs, state0, _, dhs, dstate_T = draw_problem(T=T, B=B)
        numpy = Counting()
        monkeypatch.setattr(fused, "np", numpy)
        _, _, tape = ml.forward(cell, params, xs, state0)
        of_forward = numpy.calls.copy()
        ml.backward(tape, dhs, dstate_T)
        counted[T] = of_forward, numpy.calls[len(of_forward) :]
    for shorter, longer, per_step in zip(counted[16], counted[48], (10, 9), strict=True):
        assert len(longer) - len(shorter) == 32 * per_step
        allocations = [
            [name for name, in_place in calls if not in_place] for calls in (shorter, longer)
        ]
        assert allocations[0] == allocations[1]


def test_a_mistake_of_the_fast_path_alone_is_refuted(monkeypatch):
    """Each path is proved by itself: one unit in the last place of one factor is noticed."""
    right = fused._factors

    def wrong(tape, hs):
        factors = right(tape, hs)
        factors[3] *= 1 + 2**-52
        return factors

    cell = ml.LSTM(2, 3)
    assert prove_cell(cell).verdict == "proved"
    monkeypatch.setattr(fused, "_factors", wrong)
    assert prove_cell(cell).verdict == "refuted"
    with by_steps():
        assert prove_cell(cell).verdict == "proved"
    monkeypatch.setattr(fused, "_factors", right)
    step_backward = ml.LSTM.step_backward

    def off(self, params, cache, dstate):
        dparams, dprev, dx = step_backward(self, params, cache, dstate)
        return dparams, dprev._replace(c=dprev.c * (1 + 2**-52)), dx

    monkeypatch.setattr(ml.LSTM, "step_backward", off)
    assert prove_cell(cell).verdict == "refuted"
