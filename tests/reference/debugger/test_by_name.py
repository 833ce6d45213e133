"""Of two edits that are as right, the one by which a variable is what it is called after."""

from __future__ import annotations

import types

import numpy as np
import pytest

from reference.debugger.searching.by_name import becomes_its_own
from reference.debugger.values.adjoints import Adjoints

from .test_engine import debugged, loaded

RNG = np.random.default_rng(0)
G, DG, DS = RNG.normal(size=(3, 2)), RNG.normal(size=(3, 2)), RNG.normal(size=(3, 2))
NONE = np.zeros(0)
ADJOINTS = Adjoints(np.ravel(DG), NONE, NONE, values=np.ravel(G))


@pytest.mark.parametrize(
    ("name", "env"),
    [
        ("dg", {"g": G}),
        ("self.dg", {"self": types.SimpleNamespace(g=G)}),
        ("grad_g", {"saved": types.SimpleNamespace(g=G)}),
        ("d_g", {"g": G}),
        ("dg[t]", {"g": [G, G], "t": 1}),
    ],
)
def test_a_variable_is_the_adjoint_of_what_it_is_called_after(name, env):
    assert becomes_its_own(name, DS, DG, env, ADJOINTS)
    assert not becomes_its_own(name, DG, DG, env, ADJOINTS)  # it was
    assert not becomes_its_own(name, DS, 2 * DS, env, ADJOINTS)
    assert not becomes_its_own("delta", DS, DG, env, ADJOINTS)


def test_a_value_with_two_adjoints_is_not_known():
    twice = Adjoints(np.array([1.0, 2.0, 3.0]), NONE, NONE, values=np.array([5.0, 5.0, 6.0]))
    assert twice.of_values(np.array([5.0, 6.0])) is None
    assert twice.of_values(np.array([7.0])) is None
    known = twice.of_values(np.array([[6.0]]))
    assert known is not None
    assert known.tolist() == [[3.0]]


CELL = """\
import numpy as np


def run(params, inputs):
    i = 1 / (1 + np.exp(-inputs["x"] @ params["Wi"]))
    g = np.tanh(inputs["x"] @ params["Wg"])
    return i, g, np.sin(i * g)


def loss(params, inputs):
    return np.sum(run(params, inputs)[2] ** 2)


def backward(params, inputs):
    x = inputs["x"]
    i, g, s = run(params, inputs)
    ds = 2 * s * np.cos(i * g)
    dg = i * ds
    di = g * ds
    dzg = dg * (1 - g ** 2)
    dzi = di * i * (1 - i)
    return {"Wi": x.T @ dzi, "Wg": x.T @ dzg, "x": dzi @ params["Wi"].T + dzg @ params["Wg"].T}


def example(rng):
    B, D, H = (int(n) for n in rng.permutation([3, 4, 5]))
    params = {"Wi": rng.normal(size=(D, H)), "Wg": rng.normal(size=(D, H))}
    return params, {"x": rng.normal(size=(B, D))}
"""


def test_a_factor_is_missing_where_the_variable_is_made_that_should_have_it(tmp_path):
    found = debugged(loaded(CELL.replace("dg = i * ds", "dg = ds"), tmp_path))
    assert found.suspects[0].text == "dg = ds"
    (edit,) = found.fixes[0].edits
    assert edit.new[0].strip() in ("dg = ds * i", "dg = i * ds")
