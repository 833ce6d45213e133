"""Bidirectional LSTM over ragged sequences, one sequence at a time, scores summed."""
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Direction:
    def __init__(self, W, b):
        self.W, self.b = W, b
        self.n = len(b) // 4
        self.dW, self.db = np.zeros_like(W), np.zeros_like(b)

    def forward(self, xs):
        n = self.n
        h, c = np.zeros(n), np.zeros(n)
        self.steps, hs = [], []
        for x in xs:
            v = np.r_[x, h]
            a = self.W @ v + self.b
            i, f, o, g = sigmoid(a[:n]), sigmoid(a[n:2 * n]), sigmoid(a[2 * n:3 * n]), np.tanh(a[3 * n:])
            c_old, c = c, f * c + i * g
            h = o * np.tanh(c)
            self.steps.append((v, i, f, o, g, c_old, c))
            hs.append(h)
        return hs

    def backward(self, dhs):
        n = self.n
        dh, dc = np.zeros(n), np.zeros(n)
        dxs = []
        for (v, i, f, o, g, c_old, c), dh_top in zip(self.steps[::-1], dhs[::-1]):
            dh = dh + dh_top
            t = np.tanh(c)
            dc = dc + dh * o * (1 - t * t)
            da = np.r_[dc * g * i * (1 - i), dc * c_old * f * (1 - f), dh * t * o * (1 - o),
                       dc * i * (1 - g * g)]
            self.dW += np.outer(da, v)
            self.db += da
            dv = self.W.T @ da
            dxs.append(dv[:-n])
            dh, dc = dv[-n:], dc * f
        return dxs[::-1]


def scan(params, inputs, with_gradient):
    left = Direction(params["W_left"], params["b_left"])
    right = Direction(params["W_right"], params["b_right"])
    v = params["v"]
    dv = np.zeros_like(v)
    dx = np.zeros_like(inputs["x"])
    total = 0.0
    n = left.n
    for k, length in enumerate(inputs["lengths"]):
        xs = inputs["x"][k, :length]
        w = inputs["w"][k, :length]
        forwards = left.forward(xs)
        backwards = right.forward(xs[::-1])[::-1]
        scores = [v @ np.r_[a, b] for a, b in zip(forwards, backwards)]
        total += w @ np.array(scores)
        if with_gradient:
            for a, b, s in zip(forwards, backwards, w):
                dv += s * np.r_[a, b]
            dx[k, :length] += left.backward([s * v[:n] for s in w])
            dx[k, :length] += right.backward([s * v[n:] for s in w[::-1]])[::-1]
    return total, {"W_left": left.dW, "b_left": left.db, "W_right": right.dW,
                   "b_right": right.db, "v": dv, "x": dx}


def loss(params, inputs):
    return scan(params, inputs, with_gradient=False)[0]


def backward(params, inputs):
    return scan(params, inputs, with_gradient=True)[1]


def example(rng):
    B, T, D, H = (int(k) for k in rng.permutation([3, 4, 5, 6]))
    params = {"v": rng.normal(size=2 * H)}
    for side in ("left", "right"):
        params["W_" + side] = rng.normal(size=(4 * H, D + H)) * 0.7
        params["b_" + side] = rng.normal(size=4 * H)
    lengths = rng.integers(1, T + 1, size=B)
    lengths[0], lengths[1] = T, T - 1
    inputs = {
        "x": rng.normal(size=(B, T, D)),
        "lengths": lengths,
        "w": rng.normal(size=(B, T)),
    }
    return params, inputs
