"""Numbers with tangents and complex ones: what NumPy does with floats, it does with them."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference.debugger.programs import module

from reference.debugger.judging.precisions import judge_in_double_too
from reference.debugger.judging.verdict import judge
from reference.debugger.judging.voters import by_entries, by_tangents, complex_step
from reference.debugger.running.arguments import Draw

THINNED = """
import numpy as np


def kept(params, inputs):
    h = np.tanh(inputs["x"] @ params["W"])
    return h, NOISE


def loss(params, inputs):
    h, noise = kept(params, inputs)
    return np.sum((h * noise) ** 2)


def backward(params, inputs):
    h, noise = kept(params, inputs)
    return {"W": inputs["x"].T @ (2 * h * noise**2 * (1 - h**2))}
"""


@pytest.mark.parametrize(
    "noise",
    [
        "np.random.RandomState(3).rand(*h.shape)",
        "np.random.default_rng(3).normal(size=h.shape)",
        "np.random.default_rng(3).uniform(0.5, 1.5, h.shape)",
    ],
)
def test_floats_that_a_forward_draws_from_a_seed_are_plain(noise):
    program = module(THINNED, ("NOISE", noise))
    rng = np.random.default_rng(0)
    params, inputs = {"W": rng.normal(size=(3, 4))}, {"x": rng.normal(size=(2, 3))}
    judgement = judge(program.loss, program.backward, params, inputs)
    assert judgement.verdict == "right"
    assert "tangents" in judgement.evidence["voters"]


X = np.array([0.3, -0.4, 1.2, -1.3, 0.7, -0.2])
A = np.array([[3.0, 0.5], [-0.2, 2.0]])
LOSSES = {
    "maximum with 0": lambda p, _: np.sum(np.exp(np.maximum(p["x"], 0))),
    "minimum with 0": lambda p, _: np.sum(np.exp(np.minimum(0, p["x"])) * p["x"]),
    "clip": lambda p, _: np.sum(np.exp(np.clip(p["x"], -0.5, 0.5))),
    "method clip": lambda p, _: np.sum(np.tanh(p["x"].clip(-0.5, 0.5))),
    "where": lambda p, _: np.sum(np.log1p(np.where(p["x"] > 0, p["x"], 0))),
    "joined with floats": lambda p, _: np.sum(np.exp(np.concatenate([p["x"], [0.0]]))),
    "variance": lambda p, _: np.sum(p["x"] ** 3) / p["x"].var(),
    "variance of rows": lambda p, _: np.sum(p["x"].reshape(2, 3).var(1) * [1.0, 2.0]),
    "unbiased variance": lambda p, _: np.sum(np.var(p["x"].reshape(2, 3), axis=0, ddof=1) ** 2),
    "deviation": lambda p, _: np.log(np.std(p["x"]) + p["x"].std()),
    "builtin abs": lambda p, _: np.sum(abs(p["x"]) ** 3) + abs(p["x"][1]),
    "norm": lambda p, _: np.linalg.norm(p["x"]) ** 3,
    "norms of rows": lambda p, _: np.sum(np.linalg.norm(p["x"].reshape(2, 3), axis=1) ** 3),
    "inverse": lambda p, _: np.sum(np.linalg.inv(A + p["x"][:4].reshape(2, 2)) ** 2 * A),
    "solution": lambda p, _: np.sum(np.linalg.solve(A + p["x"][:4].reshape(2, 2), p["x"][4:]) ** 3),
    "solution of floats": lambda p, _: np.sum(np.linalg.solve(A, p["x"].reshape(2, 3)) ** 3),
    "determinant": lambda p, _: np.linalg.det(p["x"][:4].reshape(2, 2) - A) ** 3,
    "of its logarithm": lambda p, _: np.linalg.slogdet(p["x"][:4].reshape(2, 2) + A)[1] ** 2,
}


@pytest.mark.parametrize("voter", ["tangents", "complex step"])
@pytest.mark.parametrize("name", LOSSES)
def test_the_derivative_of_what_numpy_does(name, voter):
    loss, draw = LOSSES[name], Draw({"x": X}, {})
    if voter == "tangents":
        found = by_tangents(loss, draw, ["x"], [loss])
    else:
        found = by_entries(draw, ["x"], lambda way: complex_step(loss, draw, way, [loss]))
    steps = 1e-4 * np.eye(len(X))
    at = lambda x: loss({"x": x}, {})  # noqa: E731
    true = [(8 * (at(X + h) - at(X - h)) - at(X + 2 * h) + at(X - 2 * h)) / 12e-4 for h in steps]
    np.testing.assert_allclose(found["x"], true, atol=1e-8, rtol=1e-8)


BY_SCIPY = """
import numpy as np
import scipy.linalg
import scipy.special
from scipy.special import softmax
from scipy import linalg

A = np.array([[3.0, 0.5], [-0.2, 2.0]])


def loss(params, inputs):
    x = params["x"]
    a = x[:4].reshape(2, 2)
    return VALUE
"""


@pytest.mark.parametrize(
    "value",
    [
        "np.sum(scipy.linalg.expm(a * A) * A)",
        "np.sum(linalg.solve(a + A, x[4:]) ** 3)",
        "np.sum(scipy.special.expit(x) ** 2)",
        "np.sum(softmax(x.reshape(2, 3), axis=1) ** 3)",
    ],
)
def test_the_derivative_of_what_scipy_does(value):
    pytest.importorskip("scipy.linalg", reason="SciPy is not among our dependencies")
    loss, draw = module(BY_SCIPY, ("VALUE", value)).loss, Draw({"x": X}, {})
    found = by_tangents(loss, draw, ["x"], [loss])["x"]
    steps = by_entries(draw, ["x"], lambda way: complex_step(loss, draw, way, [loss]))["x"]
    true = [(loss({"x": X + h}, {}) - loss({"x": X - h}, {})) / 2e-5 for h in 1e-5 * np.eye(6)]
    np.testing.assert_allclose(found, true, atol=1e-7)
    np.testing.assert_allclose(steps, found, atol=1e-12)


WORKSPACE = """
import numpy as np

steps = np.zeros((4, 3))
last = steps[3]
both = [steps[0], None]


class Room:
    pass


room = Room()
room.sum = np.zeros((1, 3))


def loss(params, inputs):
    steps[0] = 0
    for t in range(3):
        np.dot(inputs["x"][t : t + 1], params["W"], out=room.sum)
        steps[t + 1] = np.tanh(room.sum[0] + params["u"] * steps[t])
    return np.sum(last ** 2)


def backward(params, inputs):
    loss(params, inputs)
    d = {"W": np.zeros((2, 3)), "u": np.zeros(3)}
    dh = 2 * last
    for t in (2, 1, 0):
        dz = dh * (1 - steps[t + 1] ** 2)
        d["W"] += np.outer(inputs["x"][t], dz)
        d["u"] += dz * steps[t]
        dh = dz * params["u"]
    return d
"""


def test_arrays_that_live_on_between_calls_take_all_numbers():
    rng = np.random.default_rng(0)
    given = {"W": rng.normal(size=(2, 3)), "u": rng.normal(size=3)}, {"x": rng.normal(size=(3, 2))}
    program = module(WORKSPACE)
    found = judge(program.loss, program.backward, *given)
    assert found.verdict == "right"
    assert "tangents" in found.evidence["voters"]
    assert program.steps.dtype == float
    assert program.last.base is program.steps
    wrong = module(WORKSPACE, ("dz * steps[t]", "dz * steps[t + 1]"))
    found = judge(wrong.loss, wrong.backward, *given)
    assert list(found.wrong) == ["u"]
    assert "complex step" in found.votes["u"]
    short = module(WORKSPACE, ("(4, 3)", "(4, 3), np.float32"), ("(1, 3)", "(1, 3), np.float32"))
    found = judge_in_double_too(short.loss, short.backward, given, None, 0, 20.0)
    assert found.verdict == "right"
    assert short.last.base is short.steps
