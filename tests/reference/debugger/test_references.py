"""Who is asked for the right gradients, and who takes too long."""

from __future__ import annotations

import numpy as np
import pytest

from reference.debugger.judging import references
from reference.debugger.judging.verdict import judge
from reference.debugger.judging.voters import Abstains, by_jax
from reference.debugger.running.arguments import Draw
from reference.debugger.running.calls import Late

RNG = np.random.default_rng(0)
WIDTH = 45  # more entries than are asked one by one, fewer than carry all tangents


def _loss(params, inputs):
    return np.sum(np.tanh(inputs["x"] @ params["w"]) ** 2)


def _backward(params, inputs):
    y = np.tanh(inputs["x"] @ params["w"])
    return {"w": inputs["x"].T @ (2 * y * (1 - y**2))}


def _arguments(width):
    return {"w": RNG.normal(size=(width, width)) / width}, {"x": RNG.normal(size=(3, width))}


def _late(*_):
    raise Late


def test_of_many_entries_a_complex_step_tells_before_jax_compiles(monkeypatch):
    monkeypatch.setattr(references, "tangents", _late)
    monkeypatch.setattr(references, "by_jax", lambda *_: pytest.fail("it takes seconds"))
    found = judge(_loss, _backward, *_arguments(WIDTH))
    assert found.verdict == "right"
    assert "complex step" in str(found.evidence)


def test_who_takes_too_long_is_not_asked_again(monkeypatch):
    asked = []
    monkeypatch.setattr(references, "tangents", lambda *given: (asked.append(1), _late()))
    assert judge(_loss, _backward, *_arguments(WIDTH)).verdict == "right"
    assert len(asked) == 1


def test_jax_compiles_no_long_traces():
    def loss(params, inputs):
        h = inputs["x"]
        for _ in range(100):
            h = np.tanh(h * params["w"])
        return np.sum(h)

    draw = Draw({"w": np.ones(2)}, {"x": np.ones(2)}, "given")
    assert by_jax(loss, draw, ["w"])["w"].shape == (2,)
    with pytest.raises(Abstains, match="too long to compile"):
        by_jax(loss, draw, ["w"], seconds=0.5)
