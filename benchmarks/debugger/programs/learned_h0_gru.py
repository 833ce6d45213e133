"""GRU classifier with a learned initial state and attention-free mean pooling."""
import numpy as np


class Parameter:
    def __init__(self, value):
        self.value = value
        self.grad = np.zeros_like(value)


class GRUClassifier:
    def __init__(self, values):
        self.params = {name: Parameter(v) for name, v in values.items()}
        for name, param in self.params.items():
            setattr(self, name, param)

    def forward(self, x):
        self.x = x
        n, T, _ = x.shape
        self.h_start = np.tile(self.h0.value, (n, 1))
        h = self.h_start
        self.records = []
        pooled = np.zeros_like(h)
        for t in range(T):
            xh = np.hstack([x[:, t], h])
            r = 1 / (1 + np.exp(-(xh @ self.Wr.value)))
            z = 1 / (1 + np.exp(-(xh @ self.Wz.value)))
            xrh = np.hstack([x[:, t], r * h])
            c = np.tanh(xrh @ self.Wc.value)
            h_new = z * c + (1 - z) * h
            self.records.append((h, xh, r, z, xrh, c))
            h = h_new
            pooled += h / T
        self.pooled = pooled
        logits = pooled @ self.Wo.value
        logits = logits - np.max(logits, axis=1, keepdims=True)
        self.prob = np.exp(logits) / np.sum(np.exp(logits), axis=1, keepdims=True)
        return self.prob

    def backward(self, labels):
        n, T, D = self.x.shape
        d_logits = self.prob.copy()
        d_logits[np.arange(n), labels] -= 1
        d_logits /= n
        self.Wo.grad += self.pooled.T @ d_logits
        d_pooled = d_logits @ self.Wo.value.T
        dh = np.zeros_like(d_pooled)
        for h, xh, r, z, xrh, c in reversed(self.records):
            dh = dh + d_pooled / T
            dc = dh * z * (1 - c ** 2)
            dz = dh * (c - h) * z * (1 - z)
            dxrh = dc @ self.Wc.value.T
            dr = dxrh[:, D:] * h * r * (1 - r)
            self.Wc.grad += xrh.T @ dc
            self.Wz.grad += xh.T @ dz
            self.Wr.grad += xh.T @ dr
            dxh = dz @ self.Wz.value.T + dr @ self.Wr.value.T
            dh = dh * (1 - z) + dxrh[:, D:] * r + dxh[:, D:]
        self.h0.grad += dh.sum(axis=0)


def loss(params, inputs):
    prob = GRUClassifier(params).forward(inputs["x"])
    return -np.log(prob[np.arange(len(prob)), inputs["labels"]]).mean()


def backward(params, inputs):
    net = GRUClassifier(params)
    net.forward(inputs["x"])
    net.backward(inputs["labels"])
    return {name: p.grad for name, p in net.params.items()}


def example(rng):
    n, T, D, H, K = (int(k) for k in rng.permutation([3, 4, 5, 6, 7]))
    params = {
        "h0": rng.normal(size=H),
        "Wr": rng.normal(size=(D + H, H)),
        "Wz": rng.normal(size=(D + H, H)),
        "Wc": rng.normal(size=(D + H, H)),
        "Wo": rng.normal(size=(H, K)) * 2,
    }
    return params, {"x": rng.normal(size=(n, T, D)), "labels": rng.integers(K, size=n)}
