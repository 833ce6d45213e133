"""Gradients that are scaled to a norm: without it, and not by a scale that is made 1."""

import pytest
from tests.reference.debugger.programs import debugged, loaded

CLIPPED = """\
import numpy as np

LIMIT = 0.01


def loss(params, inputs):
    return 0.5 * np.sum(np.tanh(inputs["x"] @ params["W"] + params["b"]) ** 2)


def clipped(grads):
    norm = np.sqrt(sum(np.sum(g ** 2) for g in grads.values()))
    if norm > LIMIT:
        for name in grads:
            grads[name] = grads[name] * (LIMIT / norm)
    return grads


def backward(params, inputs):
    y = np.tanh(inputs["x"] @ params["W"] + params["b"])
    dz = y * (1 - y ** 2)
    return clipped({"W": inputs["x"].T @ dz, "b": dz.sum(axis=0)})


def example(rng):
    params = {"W": rng.normal(size=(3, 4)), "b": rng.normal(size=4)}
    return params, {"x": rng.normal(size=(5, 3))}
"""


@pytest.mark.parametrize("scale", ["(LIMIT / norm)", "LIMIT / norm"])
def test_gradients_that_are_scaled_are_left_unclipped(tmp_path, scale):
    text = CLIPPED.replace("(LIMIT / norm)", scale)
    found = debugged(loaded(text, tmp_path), seconds=10.0)
    assert found.suspects[0].kind == "clipped"
    fixes = [" ".join(edit.new[0] for edit in fix.edits if edit.new) for fix in found.fixes]
    assert fixes
    assert not any("norm / norm" in fix or "LIMIT / LIMIT" in fix for fix in fixes)
