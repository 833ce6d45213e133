"""Of the user's functions only those are called for their value that do nothing else."""

import os

import pytest
from tests.reference.debugger.programs import debugged, loaded

from reference.debugger.repair.helpers import of_one
from reference.debugger.running.source import Source

TRAINS = """\
import os

import numpy as np

weights = {}


def slope(y):
    '''Of tanh, by its value.'''
    return 1 - y * y


def train(count):
    for _ in range(count):
        os.environ["TRAINED_BY_TEST"] = "train"
        weights["W"] = weights["W"] - 0.1 * count


def trained(x, rate):
    os.environ["TRAINED_BY_TEST"] = "trained"
    weights["W"] -= rate * x.sum()
    return weights["W"]


def loss(params, inputs):
    weights.update(params)
    h = np.zeros(3)
    for x in inputs["xs"]:
        h = np.tanh(weights["W"] @ h + x)
    return np.sum(h)


def backward(params, inputs):
    weights.update(params)
    hs = [np.zeros(3)]
    for x in inputs["xs"]:
        hs.append(np.tanh(weights["W"] @ hs[-1] + x))
    dW, dh = np.zeros((3, 3)), np.ones(3)
    for t in reversed(range(len(inputs["xs"]))):
        dz = dh * slope(hs[t + 1])
        dW += np.outer(dz, hs[t + 1])
        dh = weights["W"].T @ dz
    return {"W": dW}


if False:
    train(3)
    trained(weights["W"], 0.5)


def example(rng):
    return {"W": rng.normal(size=(3, 3))}, {"xs": rng.normal(size=(4, 3))}
"""


def test_functions_that_train_are_not_called(tmp_path):
    made = loaded(TRAINS, tmp_path)
    found = debugged(made, seconds=20.0)
    assert found.fixes
    assert "TRAINED_BY_TEST" not in os.environ


@pytest.mark.parametrize(("text", "own"), [
    ("def f(x):\n    return x * x\n", ["f"]),
    ("def f(x):\n    'a square'\n    return x * x\n", ["f"]),
    ("def f(n):\n    for _ in range(n):\n        step()\n", []),
    ("def f(n):\n    print(n)\n", []),
])  # fmt: skip
def test_functions_of_one_value(text, own):
    assert of_one(Source("f.py", text))[0] == own
