"""Arrays of integers cut off what is written into them, whatever says that they are of integers."""

import pytest
from tests.reference.debugger.programs import debugged, loaded

CUT = """\
import numpy as np


def forward(params, inputs):
    ids = inputs["ids"]
    h = np.zeros((len(ids) + 1, 3))
    for t in range(len(ids)):
        h[t] = np.tanh(params["E"][ids[t]] + params["W"] @ h[t - 1])
    return h


def loss(params, inputs):
    return 0.5 * np.sum(forward(params, inputs) ** 2)


def backward(params, inputs):
    ids, h = inputs["ids"], forward(params, inputs)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dh = np.zeros((len(ids), 3))
    carry = np.zeros(3)
    for t in reversed(range(len(ids))):
        dh[t] = h[t] + carry
        da = dh[t] * (1 - h[t] ** 2)
        grads["W"] += np.outer(da, h[t - 1])
        grads["E"][ids[t]] += da
        carry = params["W"].T @ da
    return grads


def example(rng):
    params = {"E": rng.normal(size=(5, 3)), "W": rng.normal(size=(3, 3)) / 2}
    return params, {"ids": rng.integers(0, 5, 4)}
"""


@pytest.mark.parametrize(
    "wrong",
    ["np.zeros((len(ids), 3), dtype=ids.dtype)", "np.zeros((len(ids), 3), ids.dtype)",
     "np.full((len(ids), 3), 0)"],
)  # fmt: skip
def test_a_buffer_of_whole_numbers_is_found(tmp_path, wrong):
    text = CUT.replace("np.zeros((len(ids), 3))", wrong)
    found = debugged(loaded(text, tmp_path), seconds=10.0)
    assert (found.suspects[0].line, found.suspects[0].kind) == (19, "wrong dtype")
    assert found.fixes
