"""An array that is handed over to be filled, and is bound anew: its owner gets nothing."""

import numpy as np
import pytest
from tests.reference.debugger.programs import debugged, loaded

FILLED = """\
import numpy as np


def back(da, x, h, W, dU, dW, db):
    dU += np.outer(da, x)
    dW += np.outer(da, h)
    db += 0.5 * da
    return W.T @ da


def forward(p, xs):
    hs = np.zeros((len(xs) + 1, 4))
    for t in range(len(xs)):
        hs[t] = np.tanh(p["U"] @ xs[t] + p["W"] @ hs[t - 1] + 0.5 * p["b"])
    return hs


def loss(params, inputs):
    return 0.5 * np.sum(forward(params, inputs["xs"]) ** 2)


def backward(params, inputs):
    xs, hs = inputs["xs"], forward(params, inputs["xs"])
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    carry = np.zeros(4)
    for t in reversed(range(len(xs))):
        da = (hs[t] + carry) * (1 - hs[t] ** 2)
        carry = back(da, xs[t], hs[t - 1], params["W"], grads["U"], grads["W"], grads["b"])
    return grads


def example(rng):
    shapes = {"U": (4, 3), "W": (4, 4), "b": 4}
    params = {name: rng.normal(size=shape) / 2 for name, shape in shapes.items()}
    return params, {"xs": rng.normal(size=(5, 3))}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("db += 0.5 * da", "db = db + 0.5 * da", 7),
        ("dW += np.outer(da, h)", "dW = np.outer(da, h) + dW", 6),
    ],
)
def test_an_argument_that_is_bound_anew_is_to_be_changed_in_place(tmp_path, right, wrong, line):
    found = debugged(loaded(FILLED.replace(right, wrong), tmp_path), seconds=10.0)
    first = found.suspects[0]
    assert (first.line, first.kind) == (line, "never returned")
    assert found.fixes[0].edits[0].new == ("    " + right,)
    assert "nobody else sees it" in first.why
    assert "in place" in found.fixes[0].why


def test_a_program_that_fills_what_it_is_handed_is_right(tmp_path):
    made = loaded(FILLED, tmp_path)
    assert debugged(made, seconds=10.0).verdict == "right"
    assert made.example(np.random.default_rng(0))[0]["b"].shape == (4,)
