"""GRU on column vectors, reset after the product, a_t = (1 - u) * c + u * a_prev."""
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class GRULayer:
    def __init__(self, params):
        self.params = params
        self.grads = {}

    def forward(self, x, a0):
        """x: (n_x, m, T); a0: (n_a, m)"""
        P = self.params
        self.x, self.a0 = x, a0
        n_x, m, T = x.shape
        n_a = a0.shape[0]
        self.u, self.r, self.s, self.c, self.a = (np.zeros((n_a, m, T)) for _ in range(5))
        for t in range(T):
            a_prev = self.a[:, :, t - 1] if t else a0
            self.u[:, :, t] = sigmoid(P["Wu"] @ x[:, :, t] + P["Ru"] @ a_prev + P["bu"])
            self.r[:, :, t] = sigmoid(P["Wr"] @ x[:, :, t] + P["Rr"] @ a_prev + P["br"])
            self.s[:, :, t] = P["Rc"] @ a_prev + P["sc"]
            self.c[:, :, t] = np.tanh(
                P["Wc"] @ x[:, :, t] + self.r[:, :, t] * self.s[:, :, t] + P["bc"])
            self.a[:, :, t] = (1 - self.u[:, :, t]) * self.c[:, :, t] + self.u[:, :, t] * a_prev
        return self.a

    def backward(self, da):
        P = self.params
        dx = np.zeros_like(self.x)
        self.grads = {k: np.zeros_like(v) for k, v in P.items()}
        da_next = np.zeros_like(self.a0)
        for t in reversed(range(self.x.shape[2])):
            xt = self.x[:, :, t]
            a_prev = self.a[:, :, t - 1] if t else self.a0
            u, r, s, c = self.u[:, :, t], self.r[:, :, t], self.s[:, :, t], self.c[:, :, t]
            d = da[:, :, t] + da_next
            dc = d * (1 - u) * (1 - c ** 2)
            du = d * (a_prev - c) * u * (1 - u)
            dr = dc * s * r * (1 - r)
            ds = dc * r
            self.grads["Wc"] += dc @ xt.T
            self.grads["Wu"] += du @ xt.T
            self.grads["Wr"] += dr @ xt.T
            self.grads["Rc"] += ds @ a_prev.T
            self.grads["Ru"] += du @ a_prev.T
            self.grads["Rr"] += dr @ a_prev.T
            self.grads["bc"] += dc.sum(axis=1, keepdims=True)
            self.grads["bu"] += du.sum(axis=1, keepdims=True)
            self.grads["br"] += dr.sum(axis=1, keepdims=True)
            self.grads["sc"] += ds.sum(axis=1, keepdims=True)
            dx[:, :, t] = P["Wc"].T @ dc + P["Wu"].T @ du + P["Wr"].T @ dr
            da_next = d * u + P["Rc"].T @ ds + P["Ru"].T @ du + P["Rr"].T @ dr
        return dx, da_next


def loss(params, inputs):
    a = GRULayer(params).forward(inputs["x"], inputs["a0"])
    return np.mean((a - inputs["y"]) ** 2) * 10


def backward(params, inputs):
    layer = GRULayer(params)
    a = layer.forward(inputs["x"], inputs["a0"])
    dx, da0 = layer.backward(20 * (a - inputs["y"]) / a.size)
    return dict(layer.grads, x=dx, a0=da0)


def example(rng):
    T, m, n_x, n_a = (int(k) for k in rng.permutation([3, 4, 5, 6]))
    params = {"sc": rng.normal(size=(n_a, 1))}
    for gate in "urc":
        params["W" + gate] = rng.normal(size=(n_a, n_x))
        params["R" + gate] = rng.normal(size=(n_a, n_a))
        params["b" + gate] = rng.normal(size=(n_a, 1))
    inputs = {
        "x": rng.normal(size=(n_x, m, T)),
        "a0": rng.normal(size=(n_a, m)),
        "y": rng.normal(size=(n_a, m, T)),
    }
    return params, inputs
