"""A small graph of operations, each with forward and backward; an LSTM is built out of them."""
import numpy as np


class MatMul:
    def forward(self, x, W):
        self.x, self.W = x, W
        return x @ W

    def backward(self, d):
        return d @ self.W.T, self.x.T @ d


class AddBias:
    def forward(self, x, b):
        return x + b

    def backward(self, d):
        return d, d.sum(axis=0)


class Sigmoid:
    def forward(self, x):
        self.y = 1 / (1 + np.exp(-x))
        return self.y

    def backward(self, d):
        return d * self.y * (1 - self.y)


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, d):
        return d * (1 - self.y ** 2)


class Mul:
    def forward(self, a, b):
        self.a, self.b = a, b
        return a * b

    def backward(self, d):
        return d * self.b, d * self.a


class Gate:
    def __init__(self, activation):
        self.mx, self.mh, self.bias, self.act = MatMul(), MatMul(), AddBias(), activation

    def forward(self, x, h, Wx, Wh, b):
        return self.act.forward(self.bias.forward(self.mx.forward(x, Wx) + self.mh.forward(h, Wh), b))

    def backward(self, d):
        d, db = self.bias.backward(self.act.backward(d))
        dx, dWx = self.mx.backward(d)
        dh, dWh = self.mh.backward(d)
        return dx, dh, dWx, dWh, db


class LSTMCell:
    def __init__(self):
        self.gates = {k: Gate(Tanh() if k == "g" else Sigmoid()) for k in "ifog"}
        self.keep, self.write, self.show, self.squash = Mul(), Mul(), Mul(), Tanh()

    def forward(self, p, x, h, c):
        v = {k: gate.forward(x, h, p["Wx_" + k], p["Wh_" + k], p["b_" + k])
             for k, gate in self.gates.items()}
        c = self.keep.forward(v["f"], c) + self.write.forward(v["i"], v["g"])
        return self.show.forward(v["o"], self.squash.forward(c)), c

    def backward(self, dh, dc, grads):
        d = {}
        d["o"], dtanh = self.show.backward(dh)
        dc = dc + self.squash.backward(dtanh)
        d["i"], d["g"] = self.write.backward(dc)
        d["f"], dc_prev = self.keep.backward(dc)
        dx, dh_prev = 0, 0
        for k, gate in self.gates.items():
            dx_k, dh_k, dWx, dWh, db = gate.backward(d[k])
            dx = dx + dx_k
            dh_prev = dh_prev + dh_k
            grads["Wx_" + k] += dWx
            grads["Wh_" + k] += dWh
            grads["b_" + k] += db
        return dx, dh_prev, dc_prev


def unfold(params, inputs):
    h, c = inputs["h0"], inputs["c0"]
    cells, hs = [], []
    for x in inputs["x"]:
        cell = LSTMCell()
        h, c = cell.forward(params, x, h, c)
        cells.append(cell)
        hs.append(h)
    return cells, hs


def loss(params, inputs):
    return sum(np.sum(h * g) for h, g in zip(unfold(params, inputs)[1], inputs["g"]))


def backward(params, inputs):
    cells, _ = unfold(params, inputs)
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    grads["x"] = np.zeros_like(inputs["x"])
    dh, dc = np.zeros_like(inputs["h0"]), np.zeros_like(inputs["c0"])
    for t in range(len(cells) - 1, -1, -1):
        grads["x"][t], dh, dc = cells[t].backward(dh + inputs["g"][t], dc, grads)
    grads["h0"], grads["c0"] = dh, dc
    return grads


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {}
    for k in "ifog":
        params["Wx_" + k] = rng.normal(size=(D, H))
        params["Wh_" + k] = rng.normal(size=(H, H))
        params["b_" + k] = rng.normal(size=H)
    inputs = {
        "x": rng.normal(size=(T, B, D)),
        "h0": rng.normal(size=(B, H)),
        "c0": rng.normal(size=(B, H)),
        "g": rng.normal(size=(T, B, H)),
    }
    return params, inputs
