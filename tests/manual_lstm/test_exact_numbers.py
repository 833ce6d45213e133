"""The same lines run on objects that know arithmetic and nothing else: no float slips in."""

import math

import numpy as np
import pytest

import manual_lstm as ml
from manual_lstm.trees import leaves, tree_map

pytestmark = pytest.mark.usefixtures("either_path")


class Number:
    """A real number that takes part in arithmetic with its own kind and with integers only."""

    def __init__(self, value):
        self.value = float(value)

    @property
    def real(self):
        return self

    def exp(self):
        return Number(math.exp(self.value))

    def log(self):
        return Number(math.log(self.value))

    def tanh(self):
        return Number(math.tanh(self.value))

    def __neg__(self):
        return Number(-self.value)

    def __pow__(self, power):
        assert type(power) is int
        return Number(self.value**power)


def _value(other):
    if isinstance(other, Number):
        return other.value
    return int(other) if isinstance(other, int | np.integer) else None


def _arithmetic(function):
    def forward(self, other):
        value = _value(other)
        return NotImplemented if value is None else Number(function(self.value, value))

    def reverse(self, other):
        value = _value(other)
        return NotImplemented if value is None else Number(function(value, self.value))

    return forward, reverse


Number.__add__, Number.__radd__ = _arithmetic(lambda a, b: a + b)
Number.__sub__, Number.__rsub__ = _arithmetic(lambda a, b: a - b)
Number.__mul__, Number.__rmul__ = _arithmetic(lambda a, b: a * b)
Number.__truediv__, Number.__rtruediv__ = _arithmetic(lambda a, b: a / b)
Number.__lt__ = lambda self, other: self.value < _value(other)
Number.__le__ = lambda self, other: self.value <= _value(other)
Number.__gt__ = lambda self, other: self.value > _value(other)
Number.__ge__ = lambda self, other: self.value >= _value(other)


def numbers(tree):
    return tree_map(lambda array: np.frompyfunc(Number, 1, 1)(array).astype(object), tree)


def floats(tree):
    """Turn numbers into float64; a float among them fails, an integer is a zero never written."""

    def convert(array):
        assert array.dtype == object
        assert all(type(entry) is Number or entry == 0 for entry in array.flat)
        return np.vectorize(_value, otypes=[np.float64])(array)

    return tree_map(convert, tree)


def test_the_number_refuses_floats():
    with pytest.raises(TypeError):
        Number(1) + 0.5
    with pytest.raises(TypeError):
        0.5 * Number(1)
    assert (2 - Number(3) * 2).value == -4


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("indices", [True, False])
@pytest.mark.parametrize("lengths", [None, [3, 0, 2]])
def test_lstm(bias, indices, lengths, draw_problem, run, assert_same):
    problem = draw_problem(T=3, H=3, bias=bias, indices=indices, lengths=lengths)
    exact = problem._replace(
        params=numbers(problem.params),
        xs=problem.xs if indices else numbers(problem.xs),
        state0=numbers(problem.state0),
        dhs=numbers(problem.dhs),
        dstate_T=numbers(problem.dstate_T),
    )
    assert_same(floats(dict(enumerate(run(exact)))), dict(enumerate(run(problem))), ulps=16)
    zeros = exact._replace(state0=None, dhs=None)
    reference = problem._replace(state0=None, dhs=None)
    assert_same(floats(dict(enumerate(run(zeros)))), dict(enumerate(run(reference))), ulps=16)


def test_char_lm(assert_same):
    model = ml.CharLM(4, 3)
    rng = np.random.default_rng(0)
    params = model.init_params(rng)
    text = rng.integers(0, 4, (4, 2))
    run = model.forward(params, text[:-1], text[1:], reduction="sum")
    exact = model.forward(numbers(params), text[:-1], text[1:], reduction="sum")
    assert type(exact.loss) is Number
    np.testing.assert_allclose(exact.loss.value, run.loss, rtol=1e-14)
    gradients = floats(model.backward(exact.tape, Number(1)))
    assert_same(gradients, model.backward(run.tape), ulps=16)
    assert len(leaves(gradients)) == 5
