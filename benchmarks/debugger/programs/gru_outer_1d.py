"""GRU for one sequence of vectors (no batch); next state z*h + (1-z)*candidate; MSE on the last."""
import numpy as np


class GRU:
    def __init__(self, weights):
        self.__dict__.update(weights)

    def step(self, x, h):
        u = 1 / (1 + np.exp(-(np.dot(self.Wu, x) + np.dot(self.Ru, h) + self.bu)))
        r = 1 / (1 + np.exp(-(np.dot(self.Wr, x) + np.dot(self.Rr, h) + self.br)))
        k = np.tanh(np.dot(self.Wk, x) + np.dot(self.Rk, r * h) + self.bk)
        return u * h + (1 - u) * k, (x, h, u, r, k)

    def run(self, seq, h):
        self.history = []
        for x in seq:
            h, record = self.step(x, h)
            self.history.append(record)
        self.out = np.dot(self.Wo, h) + self.bo
        self.last = h
        return self.out

    def bptt(self, target):
        err = 2.0 * (self.out - target) / len(target)
        g = {"Wo": np.outer(err, self.last), "bo": err}
        for name in ("Wu", "Ru", "bu", "Wr", "Rr", "br", "Wk", "Rk", "bk"):
            g[name] = np.zeros_like(getattr(self, name))
        dh = np.dot(self.Wo.T, err)
        for x, h, u, r, k in reversed(self.history):
            dk = dh * (1 - u) * (1 - k * k)
            du = dh * (h - k) * u * (1 - u)
            back = np.dot(self.Rk.T, dk)
            dr = back * h * r * (1 - r)
            for gate, delta, state in (("u", du, h), ("r", dr, h), ("k", dk, r * h)):
                g["W" + gate] += np.outer(delta, x)
                g["R" + gate] += np.outer(delta, state)
                g["b" + gate] += delta
            dh = dh * u + back * r + np.dot(self.Ru.T, du) + np.dot(self.Rr.T, dr)
        g["h0"] = dh
        return g


def loss(params, inputs):
    out = GRU(params).run(inputs["seq"], inputs["h0"])
    return np.mean((out - inputs["target"]) ** 2)


def backward(params, inputs):
    net = GRU(params)
    net.run(inputs["seq"], inputs["h0"])
    return net.bptt(inputs["target"])


def example(rng):
    T, D, H, O = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {}
    for gate in "urk":
        params["W" + gate] = rng.normal(size=(H, D))
        params["R" + gate] = rng.normal(size=(H, H))
        params["b" + gate] = rng.normal(size=H)
    params["Wo"] = rng.normal(size=(O, H))
    params["bo"] = rng.normal(size=O)
    inputs = {
        "seq": rng.normal(size=(T, D)),
        "h0": rng.normal(size=H),
        "target": rng.normal(size=O),
    }
    return params, inputs
