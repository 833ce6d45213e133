"""A toy layer library (every layer keeps a stack of what it saw) and a deep RNN built from it."""
import numpy as np


class Layer:
    def __init__(self):
        self.stack, self.params, self.grads = [], {}, {}

    def param(self, name, value):
        self.params[name] = value
        self.grads[name] = np.zeros_like(value)


class Dense(Layer):
    def __init__(self, W, b):
        super().__init__()
        self.param("W", W)
        self.param("b", b)

    def forward(self, x):
        self.stack.append(x)
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dy):
        x = self.stack.pop()
        self.grads["W"] += x.T @ dy
        self.grads["b"] += dy.sum(axis=0)
        return dy @ self.params["W"].T


class LayerNorm(Layer):
    eps = 1e-3

    def __init__(self, gain, shift):
        super().__init__()
        self.param("gain", gain)
        self.param("shift", shift)

    def forward(self, x):
        xc = x - x.mean(axis=1, keepdims=True)
        std = np.sqrt((xc ** 2).mean(axis=1, keepdims=True) + self.eps)
        xhat = xc / std
        self.stack.append((xhat, std))
        return self.params["gain"] * xhat + self.params["shift"]

    def backward(self, dy):
        xhat, std = self.stack.pop()
        self.grads["gain"] += (dy * xhat).sum(axis=0)
        self.grads["shift"] += dy.sum(axis=0)
        dxhat = dy * self.params["gain"]
        mean1 = dxhat.mean(axis=1, keepdims=True)
        mean2 = (dxhat * xhat).mean(axis=1, keepdims=True)
        return (dxhat - mean1 - xhat * mean2) / std


class Tanh(Layer):
    def forward(self, x):
        y = np.tanh(x)
        self.stack.append(y)
        return y

    def backward(self, dy):
        y = self.stack.pop()
        return dy * (1 - y * y)


class Cell:
    """h' = tanh(LN(Dense([x, h])))"""

    def __init__(self, p, k):
        self.dense = Dense(p[f"W{k}"], p[f"b{k}"])
        self.norm = LayerNorm(p[f"gain{k}"], p[f"shift{k}"])
        self.act = Tanh()
        self.hidden = p[f"gain{k}"].size

    def forward(self, x, h):
        return self.act.forward(self.norm.forward(self.dense.forward(np.hstack([x, h]))))

    def backward(self, dh):
        dxh = self.dense.backward(self.norm.backward(self.act.backward(dh)))
        return dxh[:, :-self.hidden], dxh[:, -self.hidden:]

    def collect(self, k):
        return {f"W{k}": self.dense.grads["W"], f"b{k}": self.dense.grads["b"],
                f"gain{k}": self.norm.grads["gain"], f"shift{k}": self.norm.grads["shift"]}


def depth(p):
    return sum(name.startswith("gain") for name in p)


def forward(p, inputs):
    cells = [Cell(p, k) for k in range(depth(p))]
    head = Dense(p["W_head"], p["b_head"])
    state = [h.copy() for h in inputs["h0"]]
    preds = []
    for x in inputs["x"]:
        below = x
        for k, cell in enumerate(cells):
            state[k] = cell.forward(below, state[k])
            below = state[k] if k == 0 else below + state[k]
        preds.append(head.forward(below))
    return cells, head, np.array(preds)


def loss(params, inputs):
    _, _, preds = forward(params, inputs)
    return float(np.sum(np.log(np.cosh(preds - inputs["y"]))) / preds.shape[1])


def backward(params, inputs):
    cells, head, preds = forward(params, inputs)
    dpreds = np.tanh(preds - inputs["y"]) / preds.shape[1]
    T, L = len(preds), len(cells)
    dstate = [np.zeros_like(h) for h in inputs["h0"]]
    dx = np.zeros_like(inputs["x"])
    for t in range(T - 1, -1, -1):
        dbelow = head.backward(dpreds[t])
        for k in range(L - 1, -1, -1):
            dstate[k] = dstate[k] + dbelow
            dinput, dstate[k] = cells[k].backward(dstate[k])
            dbelow = dinput if k == 0 else dbelow + dinput
        dx[t] = dbelow
    grads = {"W_head": head.grads["W"], "b_head": head.grads["b"], "x": dx, "h0": np.stack(dstate)}
    for k, cell in enumerate(cells):
        grads.update(cell.collect(k))
    return grads


def example(rng):
    T, B, D, H, K = (int(rng.integers(a, b)) for a, b in ((3, 6), (2, 4), (2, 4), (4, 6), (1, 3)))
    L = int(rng.integers(2, 4))
    p = {"W_head": rng.normal(size=(H, K)), "b_head": rng.normal(size=K)}
    for k in range(L):
        p[f"W{k}"] = rng.normal(size=((H if k else D) + H, H))
        p[f"b{k}"], p[f"gain{k}"], p[f"shift{k}"] = rng.normal(size=(3, H))
    return p, {"x": rng.normal(size=(T, B, D)), "y": rng.normal(size=(T, B, K)), "h0": rng.normal(size=(L, B, H))}
