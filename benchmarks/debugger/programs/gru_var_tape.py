"""A little reverse-mode engine on arrays, and a GRU cell written with it."""
import numpy as np


class Var:
    def __init__(self, data, parents=()):
        self.data = data
        self.parents = parents
        self.grad = None
        self._backward = lambda: None

    def accumulate(self, g):
        # undo broadcasting (biases)
        while g.ndim > self.data.ndim:
            g = g.sum(axis=0)
        self.grad = g if self.grad is None else self.grad + g

    def __add__(self, other):
        out = Var(self.data + other.data, (self, other))

        def _backward():
            self.accumulate(out.grad)
            other.accumulate(out.grad)
        out._backward = _backward
        return out

    def __sub__(self, other):
        out = Var(self.data - other.data, (self, other))

        def _backward():
            self.accumulate(out.grad)
            other.accumulate(-out.grad)
        out._backward = _backward
        return out

    def __mul__(self, other):
        out = Var(self.data * other.data, (self, other))

        def _backward():
            self.accumulate(other.data * out.grad)
            other.accumulate(self.data * out.grad)
        out._backward = _backward
        return out

    def __matmul__(self, other):
        out = Var(self.data @ other.data, (self, other))

        def _backward():
            self.accumulate(out.grad @ other.data.T)
            other.accumulate(self.data.T @ out.grad)
        out._backward = _backward
        return out

    def sigmoid(self):
        out = Var(1 / (1 + np.exp(-self.data)), (self,))

        def _backward():
            self.accumulate(out.data * (1 - out.data) * out.grad)
        out._backward = _backward
        return out

    def tanh(self):
        out = Var(np.tanh(self.data), (self,))

        def _backward():
            self.accumulate((1 - out.data ** 2) * out.grad)
        out._backward = _backward
        return out

    def half_square(self):
        out = Var(np.array(np.sum(self.data ** 2) / 2), (self,))

        def _backward():
            self.accumulate(self.data * out.grad)
        out._backward = _backward
        return out

    def backward(self):
        order, seen = [], set()

        def visit(v):
            if id(v) not in seen:
                seen.add(id(v))
                for p in v.parents:
                    visit(p)
                order.append(v)

        visit(self)
        self.grad = np.ones_like(self.data)
        for v in reversed(order):
            v._backward()


def gru(x, h, w):
    z = (x @ w["Wz"] + h @ w["Uz"] + w["bz"]).sigmoid()
    r = (x @ w["Wr"] + h @ w["Ur"] + w["br"]).sigmoid()
    n = (x @ w["Wn"] + (r * h) @ w["Un"] + w["bn"]).tanh()
    return h + z * (n - h)


def run(params, inputs):
    leaves = {k: Var(v) for k, v in {**params, **inputs}.items() if k not in ("xs", "targets")}
    xs = [Var(x) for x in inputs["xs"]]
    h = leaves["h0"]
    total = None
    for x, target in zip(xs, inputs["targets"]):
        h = gru(x, h, leaves)
        cost = (h @ leaves["V"] - Var(target)).half_square()
        total = cost if total is None else total + cost
    return total, leaves, xs


def loss(params, inputs):
    return float(run(params, inputs)[0].data)


def backward(params, inputs):
    total, leaves, xs = run(params, inputs)
    total.backward()
    return {**{k: v.grad for k, v in leaves.items()}, "xs": np.stack([x.grad for x in xs])}


def example(rng):
    T, B, D, H, K = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    params = {"V": rng.normal(size=(H, K))}
    for k in "zrn":
        params["W" + k] = rng.normal(size=(D, H))
        params["U" + k] = rng.normal(size=(H, H))
        params["b" + k] = rng.normal(size=H)
    inputs = {
        "xs": rng.normal(size=(T, B, D)),
        "h0": rng.normal(size=(B, H)),
        "targets": rng.normal(size=(T, B, K)),
    }
    return params, inputs
