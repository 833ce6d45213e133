"""Loops of the backward that run in another order than those of the forward."""

from tests.reference.debugger.programs import debugged, loaded

# The order of a direction is told by a method, and the backward has to ask for it, too.
BOTH_WAYS = """\
import numpy as np


class Way:
    def __init__(self, name, turned):
        self.name, self.turned = name, turned

    def order(self, steps):
        return range(steps - 1, -1, -1) if self.turned else range(steps)

    def forward(self, p, xs):
        h, self.kept, out = np.zeros(3), {}, np.zeros((len(xs), 3))
        for t in self.order(len(xs)):
            self.kept[t] = h
            h = out[t] = np.tanh(xs[t] @ p["W" + self.name] + h @ p["U" + self.name])
        return out

    def backward(self, p, xs, out, dout):
        W, U = np.zeros((2, 3)), np.zeros((3, 3))
        dh = np.zeros(3)
        steps = len(xs)
        for t in reversed(self.order(steps)):
            da = (dh + dout[t]) * (1 - out[t] ** 2)
            W += np.outer(xs[t], da)
            U += np.outer(self.kept[t], da)
            dh = p["U" + self.name] @ da
        return {"W" + self.name: W, "U" + self.name: U}


WAYS = [Way("f", False), Way("b", True)]


def loss(params, inputs):
    return sum(np.sum(way.forward(params, inputs["xs"]) * inputs["ws"]) for way in WAYS)


def backward(params, inputs):
    grads = {}
    for way in WAYS:
        out = way.forward(params, inputs["xs"])
        grads.update(way.backward(params, inputs["xs"], out, inputs["ws"]))
    return grads


def example(rng):
    params = {n + w: rng.normal(size=s) for n, s in (("W", (2, 3)), ("U", (3, 3))) for w in "fb"}
    return params, {"xs": rng.normal(size=(5, 2)), "ws": rng.normal(size=(5, 3))}
"""


def test_a_loop_is_run_in_the_order_that_a_method_tells(tmp_path):
    wrong = BOTH_WAYS.replace("reversed(self.order(steps))", "reversed(range(steps))")
    found = debugged(loaded(wrong, tmp_path))
    assert found.suspects[0].text.strip() == "for t in reversed(range(steps)):"
    assert found.suspects[0].kind == "forward order"
    assert "in reversed(self.order(len(xs))):" in found.fixes[0].apply_to(wrong)
