"""A line that is right may read an adjoint that lacks a path, or that of another step."""

import numpy as np
import pytest
from tests.reference.debugger.programs import debugged, loaded

from reference.debugger.values.uses import Shared

CELL = """\
import numpy as np


def sig(v):
    return 1 / (1 + np.exp(-v))


def forward(P, xs):
    c, tape = np.zeros(len(P["b"])), []
    for x in xs:
        i = sig(P["Wi"] @ x + P["qi"] * c)
        f = sig(P["Wf"] @ x + P["qf"] * c)
        g = np.tanh(P["Wg"] @ x + P["b"])
        old, c = c, f * c + i * g
        tape.append((x, old, i, f, g))
    return c, tape


def loss(params, inputs):
    c, _ = forward(params, inputs["xs"])
    return 0.5 * np.sum((np.tanh(c) - inputs["y"]) ** 2)


def step_back(P, dc, saved, G):
    x, old, i, f, g = saved
    di = dc * g * i * (1 - i)
    df = dc * old * f * (1 - f)
    dg = dc * i * (1 - g ** 2)
    G["Wi"] += np.outer(di, x)
    G["Wf"] += np.outer(df, x)
    G["Wg"] += np.outer(dg, x)
    G["qi"] += di * old
    G["qf"] += df * old
    G["b"] += dg
    back = dc * f + P["qi"] * di + P["qf"] * df
    return back


def backward(params, inputs):
    c, tape = forward(params, inputs["xs"])
    G = {k: np.zeros_like(v) for k, v in params.items()}
    end = (np.tanh(c) - inputs["y"]) * (1 - np.tanh(c) ** 2)
    carry = end
    for saved in reversed(tape):
        carry = step_back(params, carry, saved, G)
    return G


def example(rng):
    n, d = 5, 2
    shapes = {"Wi": (n, d), "Wf": (n, d), "Wg": (n, d), "qi": n, "qf": n, "b": n}
    params = {k: rng.normal(size=s) for k, s in shapes.items()}
    return params, {"xs": rng.normal(size=(4, d)), "y": rng.normal(size=n)}
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("dc * f + P['qi'] * di + P['qf'] * df".replace("'", '"'), "dc * f"),
        ("dc * f + P['qi'] * di + P['qf'] * df".replace("'", '"'), 'P["qf"] * df'),
        ("step_back(params, carry, saved, G)", "step_back(params, end, saved, G)"),
    ],
)
def test_the_paths_that_are_lacking_are_found_at_once(tmp_path, right, wrong):
    text = CELL.replace(right, wrong)
    found = debugged(loaded(text, tmp_path))
    at = next(n for n, line in enumerate(text.splitlines(), 1) if wrong in line and "=" in line)
    assert found.suspects[0].line == at
    assert found.fixes
    assert found.evidence["runs"] < 500


def test_the_uses_that_a_sum_lacks_are_told():
    uses = tuple(np.array(u) for u in ([1.0, 2.0], [3.0, 5.0], [7.0, 11.0]))
    one = Shared(np.sum(uses, axis=0), uses)
    (lacking,) = one.lacking(uses[0] + uses[2])
    assert np.array_equal(lacking, uses[1])
    assert len(one.lacking(uses[1])) == 2
    assert one.lacking(np.array([1.0, 5.0])) == ()
    assert one.lacking(one.whole) == ()
