"""The mean of a gradient that goes back through what is centred."""

from __future__ import annotations

import pytest

from .test_engine import debugged, loaded

NORMED = """\
import numpy as np


def normed(x):
    c = x - x.mean(1, keepdims=True)
    s = 1 / np.sqrt((c * c).mean(1, keepdims=True) + 0.01)
    return c * s, s


def back(d, y, s):
    return s * (d - d.mean(1, keepdims=True) - y * (d * y).mean(1, keepdims=True))


def run(p, inputs):
    h, tape = inputs["h0"], []
    for x in inputs["x"]:
        y, s = normed(x @ p["U"] + h @ p["W"])
        new = np.tanh(y * p["g"])
        tape.append((x, h, y, s, new))
        h = new
    return tape


def loss(p, inputs):
    return sum(np.sum(g * new) for g, (*_, new) in zip(inputs["dh"], run(p, inputs)))


def backward(p, inputs):
    grads = {name: np.zeros_like(value) for name, value in p.items()}
    dh = np.zeros_like(inputs["h0"])
    for g, (x, h, y, s, new) in zip(inputs["dh"][::-1], run(p, inputs)[::-1]):
        dy = (g + dh) * (1 - new ** 2)
        grads["g"] += (dy * y).sum(0)
        da = back(dy * p["g"], y, s)
        grads["U"] += x.T @ da
        grads["W"] += h.T @ da
        dh = da @ p["W"].T
    return grads


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    p = {"U": rng.normal(size=(D, H)), "W": rng.normal(size=(H, H)), "g": rng.normal(size=H)}
    inputs = {"x": rng.normal(size=(T, B, D)), "h0": rng.normal(size=(B, H))}
    return p, inputs | {"dh": rng.normal(size=(T, B, H))}
"""


@pytest.mark.parametrize("term", [" - d.mean(1, keepdims=True)"])
def test_the_mean_is_taken_off(term, tmp_path):
    source = NORMED.replace(term, "", 1)
    assert source != NORMED
    found = debugged(loaded(source, tmp_path))
    assert found.fixes[0].apply_to(source) == NORMED
    assert found.suspects[0].kind == "missing path"
