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


MEAN = """\
import numpy as np


def hidden(P, x):
    hs = np.zeros((x.shape[0], x.shape[1] + 1, P["U"].shape[0]))
    for t in range(x.shape[1]):
        hs[:, t + 1] = np.tanh(x[:, t] @ P["W"] + hs[:, t] @ P["U"])
    return hs


def pooled(hs):
    return hs[:, 1:].mean(axis=1)


def loss(params, inputs):
    out = pooled(hidden(params, inputs["x"])) @ params["V"]
    return 0.5 * np.sum((out - inputs["y"]) ** 2) / len(out)


def pooled_back(dp, T):
    return np.repeat(dp[:, None, :], T, axis=1) / T


def backward(params, inputs):
    x = inputs["x"]
    B, T, _ = x.shape
    hs = hidden(params, x)
    dout = (pooled(hs) @ params["V"] - inputs["y"]) / B
    dV = pooled(hs).T @ dout
    dhs = pooled_back(dout @ params["V"].T, T)
    dW, dU = np.zeros_like(params["W"]), np.zeros_like(params["U"])
    dnext = np.zeros_like(hs[:, 0])
    for t in range(T - 1, -1, -1):
        da = (dhs[:, t] + dnext) * (1 - hs[:, t + 1] ** 2)
        dW += x[:, t].T @ da
        dU += hs[:, t].T @ da
        dnext = da @ params["U"].T
    return {"W": dW, "U": dU, "V": dV}


def example(rng):
    shapes = {"W": (3, 4), "U": (4, 4), "V": (4, 2)}
    params = {k: 0.5 * rng.normal(size=s) for k, s in shapes.items()}
    return params, {"x": rng.normal(size=(7, 5, 3)), "y": rng.normal(size=(7, 2))}
"""


@pytest.mark.parametrize(("count", "where"), [(" / B", "dout = ("), (" / T", "np.repeat")])
def test_a_count_is_lacking_where_the_first_value_is_too_large(tmp_path, count, where):
    text = MEAN.replace(count, "")
    found = debugged(loaded(text, tmp_path))
    at = next(n for n, line in enumerate(text.splitlines(), 1) if where in line)
    assert [found.suspects[0].line, found.suspects[0].kind] == [at, "scale 1/B or 1/T"]
    assert found.fixes
    assert all(fix.apply_to(text) != text for fix in found.fixes)
    assert not any(".size" in fix.apply_to(text) for fix in found.fixes)
