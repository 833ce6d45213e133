"""Contributions that a variable lacks, which is read more than once after that."""

from __future__ import annotations

from reference.debugger.searching.added_later import _set_by

from .test_engine import debugged, loaded
from .test_wanted import place

# Five numbers are handed on by a matrix of three columns: some of what they lack is never known.
CONTEXT = """\
import numpy as np


def run(p, inputs):
    h, tape = np.zeros(3), []
    for x in inputs["x"]:
        c = inputs["M"] @ h + p["b"] * inputs["k"]
        z = np.concatenate([x, c])
        new = np.tanh(p["W"] @ z)
        tape.append((h, z, c, new))
        h = new
    return tape


def loss(p, inputs):
    tape = run(p, inputs)
    there = sum(g @ new for g, (_, _, _, new) in zip(inputs["g"], tape))
    return there + sum(g @ c ** 2 for g, (_, _, c, _) in zip(inputs["r"], tape))


def backward(p, inputs):
    n = inputs["x"].shape[1]
    dW, db, dh = np.zeros_like(p["W"]), 0.0, np.zeros(3)
    dx = np.zeros_like(inputs["x"])
    tape = run(p, inputs)
    for t in reversed(range(len(tape))):
        h, z, c, new = tape[t]
        dc = 2 * inputs["r"][t] * c
        dz = p["W"].T @ ((inputs["g"][t] + dh) * (1 - new ** 2))
        dW += np.outer((inputs["g"][t] + dh) * (1 - new ** 2), z)
        dx[t] = dz[:n]
        dc += dz[n:]
        db += inputs["k"] @ dc
        dh = inputs["M"].T @ dc
    return {"W": dW, "b": db, "x": dx}


def example(rng):
    T, D = (int(k) for k in rng.permutation([4, 6]))
    shapes = {"x": (T, D), "M": (5, 3), "k": 5, "g": (T, 3), "r": (T, 5)}
    inputs = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    return {"W": rng.normal(size=(3, D + 5)) / 2, "b": np.array(0.3)}, inputs
"""


def test_a_part_that_nothing_adds_is_added_before_it_is_read(tmp_path):
    source = CONTEXT.replace("        dc += dz[n:]\n", "")
    found = debugged(loaded(source, tmp_path))
    assert found.suspects[0].kind == "missing path"
    mended = found.fixes[0].apply_to(source)
    assert mended.index("dz = ") < mended.index("+ dz[n:]") < mended.index("db +=")


def test_names_that_a_statement_may_change():
    statements = ("a.b[k] = c", "x += y", "np.add.at(g, i, d)")
    names = [_set_by(place(text, 0).statement) for text in statements]
    assert names[0] >= {"a", "b"}
    assert names[1] == {"x"}
    assert names[2] >= {"g"}
