"""Programs whose gradients and buffers live on in objects, and are written in place."""

import numpy as np
import pytest
from tests.reference.debugger.programs import debugged, loaded

from reference.debugger.running.dual import Dual, duals
from reference.debugger.running.other_numbers import InOtherNumbers
from reference.debugger.running.program import Program
from reference.debugger.running.state import State
from reference.debugger.running.timebox import Watchdog

KEPT = """\
import numpy as np

rng = np.random.default_rng(3)
work = np.zeros((3, 2, 4))


class Weight:
    __slots__ = ("value", "grad")

    def __init__(self, *shape):
        self.value = rng.normal(size=shape)
        self.grad = np.zeros(shape)


class Layer:
    def __init__(self):
        self.weights = {"W": Weight(3, 4), "U": Weight(4, 4), "b": Weight(4)}

    def run(self, x):
        W, U, b = (w.value for w in self.weights.values())
        self.x, self.h = x, work[0]
        work[...] = 0
        hs = [np.zeros((2, 4))]
        for t in range(x.shape[1]):
            work[1] = x[:, t] @ W + hs[-1] @ U + b
            work[2] = np.tanh(work[1])
            hs.append(work[2].copy())
        self.hs = hs
        return np.stack(hs[1:], axis=1)

    def back(self, d):
        W, U, b = self.weights.values()
        dh = np.zeros((2, 4))
        for t in range(d.shape[1] - 1, -1, -1):
            dz = (d[:, t] + dh) * (1 - self.hs[t + 1] ** 2)
            W.grad += np.tensordot(self.x[:, t], dz, axes=(0, 0))
            U.grad += self.hs[t].T @ dz
            b.grad += dz.sum(axis=0)
            dh = dz @ U.value.T


layer = Layer()


def loss(params, inputs):
    for name, weight in layer.weights.items():
        weight.value = params[name]
    return 0.5 * np.sum(layer.run(inputs["x"]) ** 2)


def backward(params, inputs):
    for name, weight in layer.weights.items():
        weight.value = params[name]
        weight.grad[...] = 0
    layer.back(layer.run(inputs["x"]))
    return {name: weight.grad for name, weight in layer.weights.items()}


def example(rng):
    params = {"W": rng.normal(size=(3, 4)), "U": rng.normal(size=(4, 4)), "b": rng.normal(size=4)}
    return params, {"x": rng.normal(size=(2, 3, 3))}
"""

WRONG = {
    "not transposed": ("dz @ U.value.T", "dz @ U.value"),
    "a slope too few": ("(1 - self.hs[t + 1] ** 2)", "(1 - self.hs[t + 1])"),
    "one step off": ("self.hs[t].T @ dz", "self.hs[t + 1].T @ dz"),
    "carry lost": ("(d[:, t] + dh) *", "d[:, t] *"),
}


def test_a_right_program_is_proved(tmp_path):
    found = debugged(loaded(KEPT, tmp_path), seconds=10.0)
    assert found.verdict == "right"
    assert "proved" in str(found)
    assert "not proved" not in str(found)


@pytest.mark.parametrize("name", WRONG)
def test_the_line_is_found(name, tmp_path):
    right, wrong = WRONG[name]
    text = KEPT.replace(right, wrong)
    found = debugged(loaded(text, tmp_path, name.replace(" ", "_")), seconds=20.0)
    assert found.verdict == "wrong"
    assert found.suspects[0].line == text[: text.index(wrong)].count("\n") + 1
    assert found.fixes


def test_what_shares_memory_shares_it_still(tmp_path):
    text = """
import numpy as np

whole = np.zeros((3, 4))
part, turned = whole[1:], whole.T
both = {"part": whole[1:], "names": ["a"], "whole": whole}


def look(params, inputs):
    return whole, part, turned, both
"""
    made = loaded(text, tmp_path, "shared")
    before = (made.whole, made.part, made.turned, made.both)
    with State([made.look]).rebound(InOtherNumbers(duals)):
        made.part[0, 2] = Dual(5.0)
        made.turned[1, 0] = Dual(7.0)
        assert made.whole[1, 2] == 5
        assert made.whole[0, 1] == 7
        assert made.both["part"][0, 2] == 5
        assert made.both["whole"] is made.whole
        assert all(type(x) is Dual for x in made.turned.flat)
    assert all(a is b for a, b in zip(before, made.look({}, {}), strict=True))
    assert not np.any(made.whole)


def test_what_was_recorded_stays_when_the_buffers_are_put_back(tmp_path):
    made = loaded(KEPT, tmp_path, "recorded")
    inputs = made.example(np.random.default_rng(0))
    with Watchdog() as watchdog:
        program = Program(made.loss, made.backward, watchdog)
        program.discover(inputs, 5.0)
        first = program.run(inputs).outputs
        before = {name: value.copy() for name, value in first.items()}
        program.state.restore()
    assert all(np.array_equal(first[name], before[name]) for name in before)
    assert all(np.any(value) for value in before.values())
