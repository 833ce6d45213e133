"""All gradients are off by one number: what the loss is divided by, and the backward is not."""

from tests.reference.debugger.programs import debugged, loaded

RNN = """\
import numpy as np


class Model:
    def __init__(self, weights):
        self.weights = weights

    def run(self, xs, ys):
        w, count = self.weights, len(xs)
        self.hs, self.ps, total = {-1: np.zeros(3)}, {}, 0.0
        for t in range(count):
            self.hs[t] = np.tanh(w["W"] @ np.concatenate([xs[t], self.hs[t - 1]]))
            e = np.exp(w["V"] @ self.hs[t])
            self.ps[t] = e / e.sum()
            total -= np.log(self.ps[t][ys[t]])
        return total / count

    def back(self, xs, ys):
        w, count = self.weights, len(xs)
        self.grads = {name: np.zeros_like(value) for name, value in w.items()}
        dh = np.zeros(3)
        for t in reversed(range(count)):
            dy = self.ps[t].copy()
            dy[ys[t]] -= 1
            dy /= count
            self.grads["V"] += np.outer(dy, self.hs[t])
            dh = dh + w["V"].T @ dy
            da = dh * (1 - self.hs[t] ** 2)
            self.grads["W"] += np.outer(da, np.concatenate([xs[t], self.hs[t - 1]]))
            dh = (w["W"].T @ da)[2:]
        return self.grads


def loss(params, inputs):
    return Model(params).run(inputs["xs"], inputs["ys"])


def backward(params, inputs):
    model = Model(params)
    model.run(inputs["xs"], inputs["ys"])
    return model.back(inputs["xs"], inputs["ys"])


def example(rng):
    params = {"W": rng.normal(size=(3, 5)), "V": rng.normal(size=(4, 3))}
    return params, {"xs": rng.normal(size=(6, 2)), "ys": rng.integers(0, 4, 6)}
"""


def test_a_division_is_put_back_where_it_can_be(tmp_path):
    assert debugged(loaded(RNN, tmp_path), seconds=10.0).verdict == "right"
    text = RNN.replace("            dy /= count\n", "")
    found = debugged(loaded(text, tmp_path, "wrong"), seconds=20.0)
    assert found.remarks[0].startswith("all gradients are 6 times what they should be")
    assert found.fixes
    assert found.suspects[0].kind == "scale 1/B or 1/T"
    mended = loaded(found.fixes[0].apply_to(text), tmp_path, "mended")
    assert debugged(mended, seconds=10.0).verdict == "right"
    assert "/= count" in found.fixes[0].apply_to(text)


def test_a_division_after_the_loop(tmp_path):
    after = """\
        for name in self.grads:
            self.grads[name] /= count
        return self.grads
"""
    start = RNN.replace("            dy /= count\n", "").replace(
        "        return self.grads\n", after
    )
    assert debugged(loaded(start, tmp_path), seconds=10.0).verdict == "right"
    # Its derivative of the loss is no single statement, so that the loop's end is the place left.
    text = start.replace(after, "        return self.grads\n").replace(
        "            dy = self.ps[t].copy()\n            dy[ys[t]] -= 1\n",
        "            dy = self.ps[t] - np.eye(4)[ys[t]]\n",
    )
    found = debugged(loaded(text, tmp_path, "wrong"), seconds=20.0)
    assert found.fixes
    assert found.suspects[0].kind == "scale 1/B or 1/T"
