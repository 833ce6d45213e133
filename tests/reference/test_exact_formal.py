"""Formal functions: random, but with the relations of the real ones, in whatever order met."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reference.exact import Element, Formal, NotASquare, P, constant, trial
from reference.exact.prime import residue, square_root


@pytest.fixture
def memory():
    with trial(seed=5) as memory:
        yield memory


@pytest.fixture
def x(memory):
    return Element(memory.draw(), memory.draw(), 0.5)


@pytest.fixture
def y(memory):
    return Element(memory.draw(), memory.draw(), 0.25)


def sigmoid(z):
    return 1 / (1 + (-z).exp())


IDENTITIES = {
    "exp of nothing": lambda x, y: (constant(0).exp(), 1),
    "log of one": lambda x, y: (constant(1).log(), 0),
    "tanh of nothing": lambda x, y: (constant(0).tanh(), 0),
    "exp of a negative": lambda x, y: ((-x).exp() * x.exp(), 1),
    "exp of a double": lambda x, y: (x.exp() ** 2, (2 * x).exp()),
    "exp of a half": lambda x, y: ((x / 2).exp() ** 2, x.exp()),
    "exp of a quarter, doubled later": lambda x, y: ((x / 4).exp() ** 4, x.exp()),
    "exp of a sum": lambda x, y: (x.exp() * y.exp(), (x + y).exp()),
    "sum met first": lambda x, y: ((x + y).exp(), x.exp() * y.exp()),
    "exp of a difference": lambda x, y: (x.exp() / y.exp(), (x - y).exp()),
    "sum of two negatives": lambda x, y: ((-x - y).exp() * x.exp() * y.exp(), 1),
    "sum of a sum": lambda x, y: (x.exp() * y.exp() * constant(3).exp(),
                                  (x + y).exp() * constant(3).exp()),
    "three times": lambda x, y: (x.exp() ** 3, (2 * x).exp() * x.exp()),
    "log of exp": lambda x, y: (x.exp().log(), x),
    "exp of log": lambda x, y: (x.log().exp(), x),
    "log of a reciprocal": lambda x, y: (x.log(), -(1 / x).log()),
    "log of a product": lambda x, y: (x.log() + y.log(), (x * y).log()),
    "log of a product met first": lambda x, y: ((x * y).log(), x.log() + y.log()),
    "log of a quotient": lambda x, y: (x.log() - y.log(), (x / y).log()),
    "log of a square": lambda x, y: (2 * x.log(), (x * x).log()),
    "exp past a log": lambda x, y: (x.exp() / y, (x - y.log()).exp()),
    "log of a softmax": lambda x, y: ((x.exp() / (x.exp() + y.exp())).log(),
                                      x - (x.exp() + y.exp()).log()),
    "log of a sigmoid": lambda x, y: (sigmoid(x).log(), -(1 + (-x).exp()).log()),
    "tanh is odd": lambda x, y: ((-x).tanh(), -(x.tanh())),
    "tanh by exp": lambda x, y: (x.tanh(), (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())),
    "tanh by sigmoid": lambda x, y: (x.tanh(), 2 * sigmoid(2 * x) - 1),
    "sigmoid by tanh": lambda x, y: (sigmoid(x), (1 + (x / 2).tanh()) / 2),
    "stable sigmoid": lambda x, y: (sigmoid(x), x.exp() / (1 + x.exp())),
    "sigmoid of a negative": lambda x, y: (sigmoid(x) + sigmoid(-x), 1),
    "arctanh of tanh": lambda x, y: (x.tanh().arctanh(), x),
    "sinh and cosh": lambda x, y: (x.cosh() ** 2 - x.sinh() ** 2, 1),
    "tanh by sinh": lambda x, y: (x.sinh() / x.cosh(), x.tanh()),
    "expm1": lambda x, y: (x.expm1() + 1, x.exp()),
    "log1p": lambda x, y: ((x - 1).log1p(), x.log()),
    "exp2": lambda x, y: (x.exp2(), (x * constant(2).log()).exp()),
    "log10": lambda x, y: (x.log10() * constant(10).log(), x.log()),
    "sine and cosine": lambda x, y: (x.sin() ** 2 + x.cos() ** 2, 1),
    "sine is odd": lambda x, y: ((-x).sin(), -(x.sin())),
    "arctan is odd": lambda x, y: ((-x).arctan(), -(x.arctan())),
    "root of a constant": lambda x, y: (constant(9).sqrt(), 3),
    "power by log": lambda x, y: (x ** constant(2), x * x),
    "general power": lambda x, y: (x**0.3 * x**0.7, x),
    "constant power": lambda x, y: (2.0**x, x.exp2()),
}  # fmt: skip


@pytest.mark.parametrize("name", IDENTITIES)
def test_relations_hold_for_values_and_derivatives(name, x, y):
    left, right = IDENTITIES[name](x, y)
    right = constant(right) if isinstance(right, int) else right
    assert left.value == right.value
    assert left.tangent == right.tangent


@pytest.mark.parametrize("name", IDENTITIES)
def test_the_real_functions_have_these_relations(name, monkeypatch):
    monkeypatch.setitem(globals(), "constant", _Real)
    left, right = IDENTITIES[name](_Real(0.6), _Real(0.3))
    assert float(left) == pytest.approx(float(right), rel=1e-12, abs=1e-12)


class _Real(float):
    """A float with the methods and arithmetic of an element, for the test above."""

    def __getattr__(self, name):
        return lambda: _Real(getattr(np, name)(float(self)))


for _name in ("add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "pow", "rpow"):

    def _operate(self, other, _name=f"__{_name}__"):
        return _Real(getattr(float, _name)(float(self), float(other)))

    setattr(_Real, f"__{_name}__", _operate)
_Real.__neg__ = lambda self: _Real(-float(self))  # type: ignore[method-assign]


NO_IDENTITIES = {
    "exp of different arguments": lambda x, y: (x.exp(), y.exp()),
    "exp is not its own square": lambda x, y: (x.exp(), x.exp() ** 2),
    "log of a sum": lambda x, y: ((x + y).log(), x.log() + y.log()),
    "tanh' of the value": lambda x, y: (x.tanh(), x.tanh().tanh()),
    "exp of a product": lambda x, y: ((x * y).exp(), x.exp() * y.exp()),
    "sqrt of a sum": lambda x, y: ((x * x + y * y).sqrt(), x + y),
}


@pytest.mark.parametrize("name", NO_IDENTITIES)
def test_nothing_else_is_equal(name, x, y):
    left, right = NO_IDENTITIES[name](x, y)
    assert left.value != right.value


def test_the_same_argument_has_the_same_value_and_another_trial_another(x):
    assert x.exp() == x.exp()
    first = x.exp()
    with trial(seed=6):
        assert x.exp() != first
    assert x.exp() == first


def test_derivatives_are_those_of_calculus(memory):
    x = Element(memory.draw(), 1, 0.5)
    assert x.exp().tangent == x.exp().value
    assert x.log().tangent == (1 / x).value
    assert x.tanh().tangent == (1 - x.tanh() ** 2).value
    assert x.sin().tangent == x.cos().value
    assert x.cos().tangent == (-x.sin()).value
    assert x.arctan().tangent == (1 / (1 + x * x)).value
    assert x.sqrt().tangent == (1 / (2 * x.sqrt())).value


def test_square_roots_are_made_up_or_refused(x):
    square, no_square = x * x, -(x * x)
    assert square.sqrt() ** 2 == square
    assert square**0.5 == square.sqrt()
    assert square**-1.5 == 1 / (square * square.sqrt())
    assert square_root(no_square.value) is None
    assert no_square.sqrt() ** 2 != no_square
    assert no_square.sqrt() == no_square.sqrt()
    with trial(seed=0, true_roots=True):
        assert square.sqrt() ** 2 == square
        with pytest.raises(NotASquare):
            no_square.sqrt()


def test_an_infinite_mask_is_a_constant_unknown(x):
    lowest = constant(-math.inf)
    assert lowest.shadow == -math.inf
    assert lowest == -constant(math.inf)
    assert (x - lowest).exp().shadow == math.inf
    assert residue(-math.inf) == P - residue(math.inf)


def test_many_arguments_stay_consistent():
    memory = Formal(seed=1)
    arguments = [memory.draw() for _ in range(300)]
    values = [memory.exp(a) for a in arguments]
    for k in range(0, 298, 3):
        sums = (arguments[k] + arguments[k + 1]) % P
        assert memory.exp(sums) == values[k] * values[k + 1] % P
