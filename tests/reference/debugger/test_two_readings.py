"""A number that is too many, where some size has its value: the number is taken out."""

import pytest
from tests.reference.debugger.programs import debugged, loaded

DECAY = """\
import numpy as np

decay, batch = 0.05, 2


def forward(params, x):
    hs = [np.zeros((batch, 4))]
    for t in range(x.shape[1]):
        hs.append(np.tanh(x[:, t] @ params["U"] + hs[-1] @ params["W"]))
    return hs


def loss(params, inputs):
    value = np.sum(forward(params, inputs["x"])[-1] * inputs["g"]) / batch
    for name in ("U", "W"):
        value += PENALTY
    return value


def backward(params, inputs):
    x, W = inputs["x"], params["W"]
    hs = forward(params, x)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dh = inputs["g"] / batch
    for t in reversed(range(x.shape[1])):
        dz = dh * (1 - hs[t + 1] ** 2)
        grads["U"] += x[:, t].T @ dz
        grads["W"] += hs[t].T @ dz
        dh = dz @ W.T
    for name in ("U", "W"):
        grads[name] += 2 * decay * params[name]
    return grads


def example(rng):
    params = {"U": rng.normal(size=(3, 4)), "W": rng.normal(size=(4, 4)) / 2}
    return params, {"x": rng.normal(size=(2, 3, 3)), "g": rng.normal(size=(2, 4))}
"""


@pytest.mark.parametrize("penalty", ["0.5 * decay * np.sum(params[name] ** 2)",
                                     "decay * np.sum(np.square(params[name])) / 2"])  # fmt: skip
def test_the_two_of_a_square_that_is_halved_is_taken_out(penalty, tmp_path):
    text = DECAY.replace("PENALTY", penalty)
    found = debugged(loaded(text, tmp_path, f"halved_{len(penalty)}"), seconds=15.0)
    assert "+        grads[name] += decay * params[name]" in found.fixes[0].diff
    assert found.suspects[0].kind == "spurious factor"
    if any("batch" in fix.diff.partition("+        ")[2] for fix in found.fixes[1:]):
        assert found.suspects[0].confidence < 0.9


def test_a_square_that_is_not_halved_keeps_its_two(tmp_path):
    penalty = "decay * np.sum(params[name] ** 2) / batch"
    text = DECAY.replace("PENALTY", penalty)
    found = debugged(loaded(text, tmp_path, "divided"), seconds=15.0)
    assert found.fixes
    assert "/ batch" in found.fixes[0].diff.partition("+        ")[2]
