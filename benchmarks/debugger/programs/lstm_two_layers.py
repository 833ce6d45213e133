import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class Layer:
    def __init__(self, W, U, b):
        self.W, self.U, self.b = W, U, b
        self.n = U.shape[0]

    def forward(self, xs):
        B = xs[0].shape[0]
        self.xs = xs
        self.hs = {-1: np.zeros((B, self.n))}
        self.cs = {-1: np.zeros((B, self.n))}
        self.acts = {}
        for t, x in enumerate(xs):
            a = x @ self.W + self.hs[t - 1] @ self.U + self.b
            ai, af, ao, ag = np.split(a, 4, axis=1)
            i, f, o, g = sigmoid(ai), sigmoid(af), sigmoid(ao), np.tanh(ag)
            self.cs[t] = f * self.cs[t - 1] + i * g
            self.hs[t] = o * np.tanh(self.cs[t])
            self.acts[t] = i, f, o, g
        return [self.hs[t] for t in range(len(xs))]

    def backward(self, dhs):
        self.dW = np.zeros_like(self.W)
        self.dU = np.zeros_like(self.U)
        self.db = np.zeros_like(self.b)
        dxs = [None] * len(dhs)
        dh_next = 0.0
        dc_next = 0.0
        for t in range(len(dhs) - 1, -1, -1):
            i, f, o, g = self.acts[t]
            dh = dhs[t] + dh_next
            tc = np.tanh(self.cs[t])
            dc = dh * o * (1 - tc ** 2) + dc_next
            da = np.hstack([
                dc * g * i * (1 - i),
                dc * self.cs[t - 1] * f * (1 - f),
                dh * tc * o * (1 - o),
                dc * i * (1 - g ** 2),
            ])
            self.dW += self.xs[t].T @ da
            self.dU += self.hs[t - 1].T @ da
            self.db += da.sum(0)
            dxs[t] = da @ self.W.T
            dh_next = da @ self.U.T
            dc_next = dc * f
        return dxs


class Stack:
    def __init__(self, params):
        self.layers = [Layer(params[f"W{k}"], params[f"U{k}"], params[f"b{k}"]) for k in (1, 2)]
        self.V = params["V"]

    def forward(self, xs):
        for layer in self.layers:
            xs = layer.forward(xs)
        self.top = xs
        return [h @ self.V for h in xs]

    def backward(self, dys):
        self.dV = sum(h.T @ dy for h, dy in zip(self.top, dys))
        grad = [dy @ self.V.T for dy in dys]
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad


def loss(params, inputs):
    ys = Stack(params).forward(list(inputs["x"]))
    return 0.5 * sum(np.sum((y - d) ** 2) for y, d in zip(ys, inputs["d"]))


def backward(params, inputs):
    net = Stack(params)
    ys = net.forward(list(inputs["x"]))
    dx = net.backward([y - d for y, d in zip(ys, inputs["d"])])
    grads = {"V": net.dV, "x": np.array(dx)}
    for k, layer in enumerate(net.layers, start=1):
        grads[f"W{k}"], grads[f"U{k}"], grads[f"b{k}"] = layer.dW, layer.dU, layer.db
    return grads


def example(rng):
    T, B, D, H1, H2 = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    params = {
        "W1": rng.normal(size=(D, 4 * H1)),
        "U1": rng.normal(size=(H1, 4 * H1)),
        "b1": rng.normal(size=4 * H1),
        "W2": rng.normal(size=(H1, 4 * H2)),
        "U2": rng.normal(size=(H2, 4 * H2)),
        "b2": rng.normal(size=4 * H2),
        "V": rng.normal(size=(H2, 1)),
    }
    return params, {"x": rng.normal(size=(T, B, D)), "d": rng.normal(size=(T, B, 1))}
