"""Repairs whose texts are looked up by numbers: lost statements, and parts of a line solved for."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from tests.reference.debugger.programs import module

from reference.debugger.debug import debug
from reference.debugger.repair import Place, contractions, inverses
from reference.debugger.running.source import Source

NET = """
import numpy as np

class Net:
    def __init__(self, params):
        self.p = params

    def forward(self, xs, h0):
        self.hs, self.cs = [h0], [0.5 * h0]
        for x in xs:
            c = self.p["k"] * self.cs[-1] + np.tanh(x @ self.p["W"] + self.hs[-1] @ self.p["U"])
            self.cs.append(c)
            self.hs.append(np.tanh(c))
        return self.hs[-1] @ self.p["V"]

    def backward(self, xs, dlogit):
        self.grads = {name: np.zeros_like(w) for name, w in self.p.items()}
        self.grads["V"] += self.hs[-1].T @ dlogit
        dh = dlogit @ self.p["V"].T
        dc = np.zeros_like(dh)
        for t in range(len(xs) - 1, -1, -1):
            dc += dh * (1 - self.hs[t + 1] ** 2)
            a = self.cs[t + 1] - self.p["k"] * self.cs[t]
            dz = dc * (1 - a ** 2)
            self.grads["W"] += xs[t].T @ dz
            self.grads["U"] += self.hs[t].T @ dz
            self.grads["k"] += (dc * self.cs[t]).sum(axis=0)
            dh = dz @ self.p["U"].T
            dc = dc * self.p["k"]
        return self.grads

def loss(params, inputs):
    out = Net(params).forward(inputs["xs"], inputs["h0"])
    return np.sum(np.log(1 + np.exp(-inputs["sign"][:, None] * out)))

def backward(params, inputs):
    net = Net(params)
    sign = inputs["sign"][:, None]
    out = net.forward(inputs["xs"], inputs["h0"])
    return net.backward(inputs["xs"], -sign / (1 + np.exp(sign * out)))

def example(rng):
    T, B, D, H, K = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    params = {"W": rng.normal(size=(D, H)), "U": rng.normal(size=(H, H)),
              "k": rng.normal(size=H), "V": rng.normal(size=(H, K))}
    inputs = {"xs": rng.integers(-3, 4, (T, B, D)), "h0": rng.integers(-3, 4, (B, H)),
              "sign": rng.integers(0, 2, B) * 2 - 1}
    return params, inputs
"""


def _added(old: str, new: str) -> str:
    """Return what the fix of the program with one edit adds."""
    mine = module(NET, (old, new))
    params, inputs = mine.example(np.random.default_rng(0))
    found = debug(mine.loss, mine.backward, params, inputs, example=mine.example, seconds=60)
    assert found.fixes, found
    lines = found.fixes[0].diff.splitlines()
    return "\n".join(line[1:].strip() for line in lines if line[:1] == "+" and line[:3] != "+++")


@pytest.mark.parametrize(
    ("lost", "name"),
    [
        ('            self.grads["U"] += self.hs[t].T @ dz\n', "U"),
        ('            self.grads["k"] += (dc * self.cs[t]).sum(axis=0)\n', "k"),
        ('        self.grads["V"] += self.hs[-1].T @ dlogit\n', "V"),
    ],
)
def test_a_lost_contribution_is_found_by_the_sum_over_the_steps(lost, name):
    added = _added(lost, "")
    assert added.startswith(f'self.grads["{name}"] += ')


def test_a_carry_that_is_not_scaled_any_more_is_scaled_at_the_end_of_the_loop():
    added = _added('            dc = dc * self.p["k"]\n', "")
    assert "dc" in added
    assert "k" in added


def test_a_constant_is_missing_in_a_denominator():
    added = _added("(1 + np.exp(sign * out)))", "np.exp(sign * out))")
    assert added == 'return net.backward(inputs["xs"], -sign / (1 + np.exp(sign * out)))'


def test_parts_of_an_expression_are_solved_for_through_sums_products_and_functions():
    source = Source("f.py", "def f(a, b, c):\n    y = b * np.tanh(a) - c @ b\n")
    (function,) = source.tree.body
    assert isinstance(function, ast.FunctionDef)
    statement = function.body[0]
    rng = np.random.default_rng(0)
    env = {"a": rng.normal(size=(3, 3)), "b": rng.normal(size=(3, 3)), "c": rng.normal(size=(3, 3))}
    other = rng.normal(size=(3, 3))
    place = Place(source, source.units[0], function, statement, [env], {"np": np})
    assert isinstance(statement, ast.Assign)
    target = env["b"] * np.tanh(other) - env["c"] @ env["b"]
    parts = inverses.parts(place, statement.value, statement, target, env)
    wanted = {place.text(part.node): part.wanted for part in parts}
    np.testing.assert_allclose(wanted["a"], other, rtol=1e-9)
    np.testing.assert_allclose(
        wanted["c"] @ env["b"], env["b"] * np.tanh(env["a"]) - target, rtol=1e-9
    )


def test_sums_of_products_are_found_by_their_value_and_written_as_people_do():
    rng = np.random.default_rng(0)
    arrays = [("x", rng.normal(size=(4, 3))), ("da", rng.normal(size=(4, 5))),
              ("W", rng.normal(size=(3, 5)))]  # fmt: skip
    x, da, w = (value for _, value in arrays)
    assert list(contractions.of(arrays, x.T @ da)) == ["x.T @ da"]
    assert list(contractions.of(arrays, da @ w.T)) == ["da @ W.T"]
    assert list(contractions.of(arrays, da.sum(axis=0))) == ["da.sum(axis=0)"]
    assert list(contractions.of(arrays, x.T @ da + 1)) == []
    p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    g = rng.normal(size=x.shape)
    found = contractions.of([("p", p), ("g", g)], p * (g - (g * p).sum(axis=1, keepdims=True)))
    assert list(found) == ["p * (g - (g * p).sum(axis=1, keepdims=True))"]
