"""A repair that holds at the sizes of the example only is not offered where another holds."""

from tests.reference.debugger.programs import debugged, loaded

RNN = """\
import numpy as np


def forward(W, xs):
    n = W.shape[1]
    h, tape = np.zeros(n), []
    for x in xs:
        v = np.r_[h, x, 1.0]
        h = np.tanh(v @ W)
        tape.append((v, h))
    return h, tape


def loss(params, inputs):
    h, _ = forward(params["W"], inputs["xs"])
    return np.sum((h - inputs["y"]) ** 2)


def backward(params, inputs):
    W = params["W"]
    n = W.shape[1]
    h, tape = forward(W, inputs["xs"])
    dW, dh = np.zeros_like(W), 2 * (h - inputs["y"])
    for v, h in reversed(tape):
        da = dh * (1 - h ** 2)
        dW += np.outer(v, da)
        dv = W @ da
        dh = dv[:n]
    return {"W": dW}


def example(rng):
    params = {"W": rng.normal(size=(6, 3))}
    return params, {"xs": rng.normal(size=(4, 2)), "y": rng.normal(size=3)}
"""


def test_a_slice_that_is_right_by_chance_is_left_out(tmp_path):
    found = debugged(loaded(RNN.replace("dv[:n]", "dv[-n:]"), tmp_path))
    mended = [fix.apply_to(RNN.replace("dv[:n]", "dv[-n:]")) for fix in found.fixes]
    assert mended
    assert not any("dv[:-n]" in text or "dv[:3]" in text for text in mended)
    assert any("dv[:n]" in text for text in mended)
