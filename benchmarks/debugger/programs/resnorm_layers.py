"""A small layer library: each layer puts what it needs on its tape and takes it off in backward."""

import numpy as np


class Layer:
    def __init__(self, **weights):
        self.weights = weights
        self.grads = {name: np.zeros_like(w) for name, w in weights.items()}
        self.tape = []


class Affine(Layer):
    def forward(self, x):
        self.tape.append(x)
        return x @ self.weights["W"] + self.weights["b"]

    def backward(self, g):
        x = self.tape.pop()
        self.grads["W"] += x.T @ g
        self.grads["b"] += g.sum(axis=0)
        return g @ self.weights["W"].T


class LayerNorm(Layer):
    def forward(self, x):
        centred = x - x.mean(axis=1, keepdims=True)
        rstd = 1.0 / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-2)
        xhat = centred * rstd
        self.tape.append((xhat, rstd))
        return self.weights["gain"] * xhat + self.weights["bias"]

    def backward(self, g):
        xhat, rstd = self.tape.pop()
        self.grads["gain"] += (g * xhat).sum(axis=0)
        self.grads["bias"] += g.sum(axis=0)
        gx = g * self.weights["gain"]
        inner = (gx * xhat).mean(axis=1, keepdims=True)
        return rstd * (gx - gx.mean(axis=1, keepdims=True) - xhat * inner)


class Tanh(Layer):
    def forward(self, x):
        y = np.tanh(x)
        self.tape.append(y)
        return y

    def backward(self, g):
        y = self.tape.pop()
        return g * (1.0 - y * y)


class ResidualRNN:
    """h <- h + tanh(norm([x, h] W + b)), read out at every step, log-cosh loss."""

    def __init__(self, p):
        self.mix = Affine(W=p["W"], b=p["b"])
        self.norm = LayerNorm(gain=p["gain"], bias=p["bias"])
        self.act = Tanh()
        self.out = Affine(W=p["V"], b=p["c"])

    def run(self, xs, h, targets):
        self.errors = []
        for x, target in zip(xs, targets):
            z = self.mix.forward(np.concatenate([x, h], axis=1))
            h = h + self.act.forward(self.norm.forward(z))
            self.errors.append(self.out.forward(h) - target)
        return sum(np.log(np.cosh(e)).sum() for e in self.errors) / len(xs)

    def rewind(self, hidden):
        scale = 1.0 / len(self.errors)
        dh, dxs = 0.0, []
        while self.errors:
            dh = dh + self.out.backward(scale * np.tanh(self.errors.pop()))
            djoint = self.mix.backward(self.norm.backward(self.act.backward(dh)))
            dxs.append(djoint[:, :-hidden])
            dh = dh + djoint[:, -hidden:]
        return np.stack(dxs[::-1]), dh


def loss(params, inputs):
    return float(ResidualRNN(params).run(inputs["x"], inputs["h0"], inputs["y"]))


def backward(params, inputs):
    net = ResidualRNN(params)
    net.run(inputs["x"], inputs["h0"], inputs["y"])
    dx, dh0 = net.rewind(inputs["h0"].shape[1])
    grads = {"x": dx, "h0": dh0, "V": net.out.grads["W"], "c": net.out.grads["b"]}
    return {**net.mix.grads, **net.norm.grads, **grads}


def example(rng):
    T, B, D, H, O = rng.integers(3, 6), rng.integers(2, 4), 2, rng.integers(3, 6), 4
    shapes = {"W": (D + H, H), "b": (H,), "gain": (H,), "bias": (H,), "V": (H, O), "c": (O,)}
    params = {k: 0.7 * rng.normal(size=s) for k, s in shapes.items()}
    x, h0, y = rng.normal(size=(T, B, D)), rng.normal(size=(B, H)), rng.normal(size=(T, B, O))
    return params, {"x": x, "h0": h0, "y": y}
