"""Mistakes that a look at the text alone tells: a sum that is lost, a name, what is counted."""

from __future__ import annotations

import pytest
from tests.reference.debugger.programs import debugged, line_of, loaded

NET = """\
import numpy as np


class Cell:
    names = ("W", "U", "b")

    def __init__(self, p):
        for name in self.names:
            setattr(self, name, p[name])
            setattr(self, "d" + name, np.zeros_like(p[name]))

    def step(self, x, h):
        return np.tanh(x @ self.W + h @ self.U + self.b)

    def back(self, d, x, h, new):
        dz = d * (1 - new ** 2)
        return dz @ self.U.T, x.T @ dz, h.T @ dz, dz.sum(axis=0)


def run(cell, xs, h0, mask):
    tape, h = [], h0
    for x, m in zip(xs, mask):
        new = cell.step(x, h)
        tape.append((x, h, new, m[:, None]))
        h = m[:, None] * new + (1 - m[:, None]) * h
    return tape, h


def loss(params, inputs):
    _, h = run(Cell(params), inputs["xs"], inputs["h0"], inputs["mask"])
    return 0.5 * np.sum((h @ params["V"] - inputs["y"]) ** 2)


def backward(params, inputs):
    cell, xs, h0, mask = Cell(params), inputs["xs"], inputs["h0"], inputs["mask"]
    always = np.ones_like(mask)
    tape, h = run(cell, xs, h0, mask)
    err = h @ params["V"] - inputs["y"]
    dV = h.T @ err
    dh = always.sum() * np.zeros_like(h)
    dh = dh + err @ params["V"].T
    for t in range(len(tape) - 1, -1, -1):
        x, before, new, m = tape[t]
        skipped = np.zeros_like(dh)
        skipped += (1 - m) * dh
        dh, dW, dU, db = cell.back(m * dh, x, before, new)
        cell.dW += dW
        cell.dU += dU
        cell.db += db
        dh = dh + skipped
    grads = {name: getattr(cell, "d" + name) for name in Cell.names}
    return {**grads, "V": dV}


def example(rng):
    T, B, D, H, K = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    shapes = {"W": (D, H), "U": (H, H), "b": H, "V": (H, K)}
    params = {name: rng.normal(size=shape) / 2 for name, shape in shapes.items()}
    mask = np.arange(T)[:, None] < rng.integers(1, T + 1, B)
    return params, {"xs": rng.normal(size=(T, B, D)), "h0": rng.normal(size=(B, H)),
                    "mask": mask * 1.0, "y": rng.normal(size=(B, K))}
"""


@pytest.mark.parametrize(
    ("old", "new", "accused"),
    [
        ("skipped += (1 - m) * dh", "skipped += 1 - m", "skipped += 1 - m"),
        ("range(len(tape) - 1", "range(len(err) - 1", "for t in range(len(err) - 1, -1, -1):"),
        ('getattr(cell, "d" + name)', "getattr(cell, name)",
         "grads = {name: getattr(cell, name) for name in Cell.names}"),
        ("        cell.dU += dU\n", "", "cell.dW += dW"),
        ('    dh = dh + err @ params["V"].T\n', "",
         "dh = always.sum() * np.zeros_like(h)"),
        ("dh = dh + skipped", "dh = dh", "dh = dh"),
        ("run(cell, xs, h0, mask)\n    err", "run(cell, xs, h0, always)\n    err",
         "tape, h = run(cell, xs, h0, always)"),
    ],
)  # fmt: skip
def test_the_line_is_named_and_mended(old, new, accused, tmp_path):
    text = NET.replace(old, new)
    assert text != NET
    found = debugged(loaded(text, tmp_path))
    assert line_of(found.suspects[0]) == accused
    assert found.fixes
    assert debugged(loaded(found.fixes[0].apply_to(text), tmp_path, "mended")).verdict == "right"


def test_sums_that_begin_with_a_plain_zero(tmp_path):
    text = NET.replace("np.zeros_like(p[name])", "0.0").replace("        cell.dU += dU\n", "")
    found = debugged(loaded(text, tmp_path))
    assert found.suspects[0].kind == "missing path"
    assert "cell.dU += dU" in found.fixes[0].apply_to(text)
