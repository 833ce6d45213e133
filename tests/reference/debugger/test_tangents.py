"""Numbers with tangents and complex ones: what NumPy does with floats, it does with them."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference.debugger.programs import module

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
