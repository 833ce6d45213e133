"""Allocation-free LSTM: every array is made once, results are written with out=."""
import numpy as np


class FastLSTM:
    def __init__(self, W, U, b, T, B):
        D, H4 = W.shape
        H = H4 // 4
        self.W, self.U, self.b = W, U, b
        self.T, self.B, self.H = T, B, H
        self.gates = np.zeros((T, B, 4 * H))
        self.h = np.zeros((T + 1, B, H))
        self.c = np.zeros((T + 1, B, H))
        self.tc = np.zeros((T, B, H))
        self.rec = np.zeros((B, 4 * H))
        self.dgates = np.zeros((T, B, 4 * H))

    def forward(self, x, h0, c0):
        H = self.H
        self.x = x
        self.h[0] = h0
        self.c[0] = c0
        np.matmul(x, self.W, out=self.gates)
        self.gates += self.b
        for t in range(self.T):
            a = self.gates[t]
            np.matmul(self.h[t], self.U, out=self.rec)
            a += self.rec
            s = a[:, :3 * H]
            np.negative(s, out=s)
            np.exp(s, out=s)
            s += 1.0
            np.reciprocal(s, out=s)
            g = a[:, 3 * H:]
            np.tanh(g, out=g)
            i, f, o = a[:, :H], a[:, H:2 * H], a[:, 2 * H:3 * H]
            np.multiply(f, self.c[t], out=self.c[t + 1])
            self.c[t + 1] += i * g
            np.tanh(self.c[t + 1], out=self.tc[t])
            np.multiply(o, self.tc[t], out=self.h[t + 1])
        return self.h[1:]

    def backward(self, dy):
        T, B, H = self.T, self.B, self.H
        dh = np.zeros((B, H))
        dc = np.zeros((B, H))
        for t in range(T - 1, -1, -1):
            a, d = self.gates[t], self.dgates[t]
            i, f, o, g = (a[:, k * H:(k + 1) * H] for k in range(4))
            dh += dy[t]
            dc += dh * o * (1 - self.tc[t] ** 2)
            np.multiply(dc, g, out=d[:, :H])
            np.multiply(dc, self.c[t], out=d[:, H:2 * H])
            np.multiply(dh, self.tc[t], out=d[:, 2 * H:3 * H])
            np.multiply(dc, i, out=d[:, 3 * H:])
            d[:, :3 * H] *= a[:, :3 * H] * (1 - a[:, :3 * H])
            d[:, 3 * H:] *= 1 - g ** 2
            np.matmul(d, self.U.T, out=dh)
            dc *= f
        flat = self.dgates.reshape(T * B, 4 * H)
        dW = self.x.reshape(T * B, -1).T @ flat
        dU = self.h[:T].reshape(T * B, H).T @ flat
        return dW, dU, flat.sum(axis=0), self.dgates @ self.W.T, dh, dc


def setup(params, inputs):
    T, B, _ = inputs["x"].shape
    return FastLSTM(params["W"], params["U"], params["b"], T, B)


def loss(params, inputs):
    y = setup(params, inputs).forward(inputs["x"], inputs["h0"], inputs["c0"])
    return np.sum(y * inputs["dy"])


def backward(params, inputs):
    net = setup(params, inputs)
    net.forward(inputs["x"], inputs["h0"], inputs["c0"])
    return dict(zip(("W", "U", "b", "x", "h0", "c0"), net.backward(inputs["dy"])))


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {
        "W": rng.normal(size=(D, 4 * H)),
        "U": rng.normal(size=(H, 4 * H)),
        "b": rng.normal(size=4 * H),
    }
    inputs = {
        "x": rng.normal(size=(T, B, D)),
        "h0": rng.normal(size=(B, H)),
        "c0": rng.normal(size=(B, H)),
        "dy": rng.normal(size=(T, B, H)),
    }
    return params, inputs
