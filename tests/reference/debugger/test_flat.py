"""Weights in one flat vector: what it is cut into is seen by running, and made smaller."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.reference.debugger.programs import debugged, loaded

from reference.debugger.running.program import Program
from reference.debugger.running.timebox import Watchdog
from reference.debugger.searching.flat import Flat, flat_vectors
from reference.debugger.searching.smaller import shrunk
from reference.debugger.searching.trial import unbroken

OF_SHAPES = """\
import numpy as np

D, H, STEPS = 12, 30, 25
SHAPES = [("U", (H, D)), ("W", (H, H)), ("b", (H,)), ("v", (1, H))]


def cut(theta):
    found, at = {}, 0
    for name, shape in SHAPES:
        size = int(np.prod(shape))
        found[name] = theta[at:at + size].reshape(shape)
        at += size
    return found
"""
OF_SIZES = """\
import numpy as np
from types import SimpleNamespace

cfg = SimpleNamespace(inputs=12, hidden=30)
D, STEPS = 12, 25


def cut(theta):
    h, d = cfg.hidden, cfg.inputs
    theta = theta.copy()
    U, theta = theta[:h * d], theta[h * d:]
    W, rest = theta[:h * h], theta[h * h:]
    return {"U": U.reshape(h, d), "W": W.reshape(h, h), "b": rest[:h], "v": rest[h:].reshape(1, h)}
"""
OF_SLICES = """\
import numpy as np

D, H, STEPS = 12, 30, 25
WHERE = {"U": slice(0, 360), "W": slice(360, 1260), "b": slice(1260, 1290), "v": slice(1290, 1320)}
ROWS = {"U": (30, 12), "W": (30, 30), "b": (30,), "v": (1, 30)}


def cut(theta):
    return {name: theta[WHERE[name]].reshape(ROWS[name]) for name in WHERE}
"""
REST = """

def run(theta, x):
    w = cut(theta)
    h = np.zeros((len(x) + 1, w["b"].size))
    for t in range(len(x)):
        h[t] = np.tanh(w["U"] @ x[t] + w["W"] @ h[t - 1] + w["b"])
    return w, h, h[len(x) - 1] @ w["v"][0]


def loss(params, inputs):
    return 0.5 * run(params["theta"], inputs["x"])[2] ** 2


def backward(params, inputs):
    x = inputs["x"]
    w, h, y = run(params["theta"], x)
    g = {name: np.zeros_like(value) for name, value in w.items()}
    g["v"] += y * h[len(x) - 1]
    carry = y * w["v"][0]
    for t in reversed(range(len(x))):
        da = carry * (1 - h[t] ** 2)
        g["U"] += np.outer(da, x[t])
        g["W"] += np.outer(da, h[t - 1])
        g["b"] += da
        carry = w["W"].T @ da
    return {"theta": np.concatenate([g[name].ravel() for name in ("U", "W", "b", "v")])}


def example(rng):
    return {"theta": 0.2 * rng.normal(size=1320)}, {"x": rng.normal(size=(STEPS, D))}
"""


@pytest.mark.parametrize("start", [OF_SHAPES, OF_SIZES, OF_SLICES])
def test_the_arrays_in_a_vector_are_seen_by_running(tmp_path, start):
    made = loaded(start + REST, tmp_path)
    inputs = made.example(np.random.default_rng(0))
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog)
        program.discover(inputs, 2.0)
        flat = flat_vectors(program, inputs, 2.0)
    assert flat.parts == {"theta": [(30, 12), (30, 30), (30,), (1, 30)]}


def test_a_vector_is_made_smaller_with_the_arrays_in_it():
    flat = Flat({"theta": [(4, 3), (4,)]})
    theta = np.arange(16.0)
    opened = flat.opened(({"a": np.ones(2), "theta": theta}, {}))
    np.testing.assert_array_equal(flat.closed(opened)[0]["theta"], theta)
    small = shrunk(opened, {4: 2})
    assert list(flat.closed(small)[0]) == ["a", "theta"]
    assert flat.closed(small)[0]["theta"].shape == (8,)
    assert flat.numbers(small) == {12: 6, 4: 2, 16: 8}


@pytest.mark.parametrize("start", [OF_SHAPES, OF_SIZES, OF_SLICES])
def test_a_mistake_in_a_program_with_a_flat_vector_is_found_and_mended(tmp_path, start):
    source = start + REST.replace("(1 - h[t] ** 2)", "(1 - h[t])")
    found = debugged(loaded(source, tmp_path), seconds=60.0)
    assert found.verdict == "wrong"
    assert source.splitlines()[found.suspects[0].line - 1].lstrip().startswith("da =")
    assert "at smaller sizes, and the given ones" in found.fixes[0].verified


def test_a_sort_of_edits_that_cannot_be_made_ends_no_search():
    def edits() -> Iterator[Any]:
        yield 1
        raise ValueError("inhomogeneous")

    broken: list[Exception] = []
    assert list(unbroken(edits(), broken)) == [1]
    assert str(broken[0]) == "inhomogeneous"
