"""Object-oriented LSTM: Gate -> LSTMCell -> Sequence.

A Gate is a dense layer on (x, h) with its activation and knows how to differentiate itself.
"""
import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


# derivatives by the value of the activation
SLOPE = {sigmoid: lambda y: y * (1 - y), np.tanh: lambda y: 1 - y * y}


class Gate:
    def __init__(self, Wx, Wh, b, activation=sigmoid):
        self.Wx, self.Wh, self.b = Wx, Wh, b
        self.activation = activation
        self.dWx = np.zeros_like(self.Wx)
        self.dWh = np.zeros_like(self.Wh)
        self.db = np.zeros_like(self.b)
        self.history = []

    def forward(self, x, h):
        y = self.activation(x.dot(self.Wx) + h.dot(self.Wh) + self.b)
        self.history.append((x, h, y))
        return y

    def backward(self, dy):
        """Gradients of x and h for the latest step that has not been undone yet."""
        x, h, y = self.history.pop()
        da = dy * SLOPE[self.activation](y)
        self.dWx += x.T.dot(da)
        self.dWh += h.T.dot(da)
        self.db += da.sum(0)
        return da.dot(self.Wx.T), da.dot(self.Wh.T)


class LSTMCell:
    def __init__(self, params):
        self.gates = {}
        for name in ("input", "forget", "output", "block"):
            weights = [params[f"{name}.{w}"] for w in ("Wx", "Wh", "b")]
            self.gates[name] = Gate(*weights, activation=np.tanh if name == "block" else sigmoid)
        self.history = []

    def forward(self, x, h, c):
        i, f, o, z = (gate.forward(x, h) for gate in self.gates.values())
        c_new = i * z + f * c
        tc = np.tanh(c_new)
        self.history.append((i, f, o, z, c, tc))
        return o * tc, c_new

    def backward(self, dh, dc):
        i, f, o, z, c, tc = self.history.pop()
        dc = dc + dh * o * (1 - tc * tc)
        d = {"input": dc * z, "forget": dc * c, "output": dh * tc, "block": dc * i}
        dx, dh_prev = 0, 0
        for name, gate in self.gates.items():
            dxg, dhg = gate.backward(d[name])
            dx = dx + dxg
            dh_prev = dh_prev + dhg
        return dx, dh_prev, dc * f


class Sequence:
    """Runs a cell along axis 0 and reads one probability per step from the state."""

    def __init__(self, cell, v, v0):
        self.cell, self.v, self.v0 = cell, v, v0

    def forward(self, xs, h, c):
        self.hs, self.ps = [], []
        for x in xs:
            h, c = self.cell.forward(x, h, c)
            self.hs.append(h)
            self.ps.append(sigmoid(h.dot(self.v) + self.v0))
        return self.ps

    def cost(self, labels):
        n = labels.shape[1]
        return -sum((y * np.log(p) + (1 - y) * np.log(1 - p)).sum()
                    for y, p in zip(labels, self.ps)) / n

    def backward(self, labels):
        n = labels.shape[1]
        self.dv, self.dv0 = np.zeros_like(self.v), np.zeros_like(self.v0)
        dxs, dh, dc = [], np.zeros_like(self.hs[0]), np.zeros_like(self.hs[0])
        for y, p, h in zip(labels[::-1], self.ps[::-1], self.hs[::-1]):
            err = (p - y) / n
            self.dv += h.T.dot(err)
            self.dv0 += err.sum()
            dh = dh + np.outer(err, self.v)
            dx, dh, dc = self.cell.backward(dh, dc)
            dxs.insert(0, dx)
        return np.array(dxs), dh, dc


def _network(params):
    return Sequence(LSTMCell(params), params["v"], params["v0"])


def loss(params, inputs):
    net = _network(params)
    net.forward(inputs["x"], inputs["h0"], inputs["c0"])
    return net.cost(inputs["labels"])


def backward(params, inputs):
    net = _network(params)
    net.forward(inputs["x"], inputs["h0"], inputs["c0"])
    dx, dh0, dc0 = net.backward(inputs["labels"])
    grads = {"v": net.dv, "v0": net.dv0, "x": dx, "h0": dh0, "c0": dc0}
    for name, gate in net.cell.gates.items():
        grads.update({f"{name}.Wx": gate.dWx, f"{name}.Wh": gate.dWh, f"{name}.b": gate.db})
    return grads


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {"v": rng.normal(size=H), "v0": rng.normal(size=1)}
    for name in ("input", "forget", "output", "block"):
        params[f"{name}.Wx"] = rng.normal(size=(D, H))
        params[f"{name}.Wh"] = rng.normal(size=(H, H))
        params[f"{name}.b"] = rng.normal(size=H)
    inputs = {
        "x": rng.normal(size=(T, B, D)),
        "labels": rng.integers(2, size=(T, B)),
        "h0": rng.normal(size=(B, H)),
        "c0": rng.normal(size=(B, H)),
    }
    return params, inputs
