"""A gradient that is right under another name is found by its value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reference.debugger.running.program import as_float_array

from .test_engine import debugged, loaded

# Two recurrences, one over the reversed inputs; each gives its results under names.
TWO_WAYS = """\
from typing import NamedTuple

import numpy as np


class Grads(NamedTuple):
    w: np.ndarray
    start: np.ndarray
    steps: np.ndarray


def states(x, start, w):
    h = [start]
    for row in x:
        h.append(np.tanh(row + h[-1] @ w))
    return h


def grads(h, g, w):
    dw, dh, steps = np.zeros_like(w), np.zeros_like(h[0]), []
    for t in range(len(g) - 1, -1, -1):
        da = (dh + g[t]) * (1 - h[t + 1] ** 2)
        dw += h[t].T @ da
        dh = da @ w.T
        steps.append(da)
    return Grads(dw, dh, np.array(steps[::-1]))


def loss(params, inputs):
    x, g = inputs["x"], inputs["g"]
    there = states(x, params["s1"], params["w1"])
    back = states(x[::-1], params["s2"], params["w2"])
    return np.sum(np.array(there[1:]) * g) + np.sum(np.array(back[1:]) * g[::-1])


def backward(params, inputs):
    x, g = inputs["x"], inputs["g"]
    there = grads(states(x, params["s1"], params["w1"]), g, params["w1"])
    back = grads(states(x[::-1], params["s2"], params["w2"]), g[::-1], params["w2"])
    dx = there.steps + back.steps[::-1]
    return {"w1": there.w, "s1": there.start, "w2": back.w, "s2": back.start, "x": dx}


def example(rng):
    T, B, H = (int(n) for n in rng.permutation([3, 4, 5]))
    params = {name: rng.normal(size=(H, H)) for name in ("w1", "w2")}
    params |= {name: rng.normal(size=(B, H)) for name in ("s1", "s2")}
    return params, {"x": rng.normal(size=(T, B, H)), "g": rng.normal(size=(T, B, H))}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"s2": back.start', '"s2": there.start'),
        ('"x": dx', '"x": there.steps'),
        ('"x": dx', '"x": dx[::-1]'),
        ('"w2": back.w,', '"w2": back.w + there.w,'),
    ],
)
def test_what_is_right_under_another_name_is_found(old: str, new: str, tmp_path: Path):
    assert TWO_WAYS.count(old) == 1
    source = TWO_WAYS.replace(old, new)
    found = debugged(loaded(source, tmp_path), seconds=20.0)
    assert found.fixes, found.suspects
    assert found.fixes[0].apply_to(source).replace("there.steps + back.steps[::-1]}", "dx}") == (
        TWO_WAYS
    )


def test_what_can_only_be_indexed_is_no_array():
    assert as_float_array(np.c_) is None  # NumPy itself would look into it for minutes
    assert as_float_array({"a": 1.0}) is None
    assert as_float_array([1, [2]]) is None
    for value in (range(3), [0, 1, 2], np.arange(3)):
        assert as_float_array(value) == pytest.approx([0.0, 1.0, 2.0])
