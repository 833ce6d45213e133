import numpy as np


class GRUTagger:
    """GRU that says yes or no at every time step. X: (batch, time, features), y: (batch, time)."""

    weights = ("Wz", "Uz", "bz", "Wr", "Ur", "br", "Wc", "Uc", "bc", "v", "bv")

    def __init__(self, l2=0.05, learning_rate=0.1):
        self.l2 = l2
        self.learning_rate = learning_rate

    def set_weights(self, **weights):
        for name in self.weights:
            setattr(self, name, weights[name])
        self.zero_grad()
        return self

    def zero_grad(self):
        for name in self.weights:
            setattr(self, "d" + name, np.zeros_like(getattr(self, name)))

    @staticmethod
    def _sigmoid(a):
        return 1 / (1 + np.exp(-a))

    def _forward(self, X, h0):
        self.X = X
        self.h = [h0]
        self.z, self.r, self.c, self.p = [], [], [], []
        for t in range(X.shape[1]):
            x, h = X[:, t, :], self.h[-1]
            z = self._sigmoid(x @ self.Wz + h @ self.Uz + self.bz)
            r = self._sigmoid(x @ self.Wr + h @ self.Ur + self.br)
            c = np.tanh(x @ self.Wc + (r * h) @ self.Uc + self.bc)
            h = (1 - z) * h + z * c
            self.z.append(z)
            self.r.append(r)
            self.c.append(c)
            self.h.append(h)
            self.p.append(self._sigmoid(h @ self.v + self.bv))
        return np.stack(self.p, axis=1)

    def score_loss(self, X, y, h0):
        p = self._forward(X, h0)
        cross_entropy = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
        penalty = sum(np.sum(U ** 2) for U in (self.Uz, self.Ur, self.Uc))
        return cross_entropy + 0.5 * self.l2 * penalty

    def _backward(self, y):
        B, T, _ = self.X.shape
        self.dX = np.zeros_like(self.X)
        dh = np.zeros_like(self.h[0])
        for t in range(T - 1, -1, -1):
            x, h_prev, h = self.X[:, t, :], self.h[t], self.h[t + 1]
            z, r, c = self.z[t], self.r[t], self.c[t]

            err = (self.p[t] - y[:, t]) / (B * T)
            self.dv += h.T @ err
            self.dbv += err.sum()
            dh = dh + np.outer(err, self.v)

            dz = dh * (c - h_prev) * z * (1 - z)
            dc = dh * z * (1 - c ** 2)
            drh = dc @ self.Uc.T
            dr = drh * h_prev * r * (1 - r)

            self.dWz += x.T @ dz
            self.dWr += x.T @ dr
            self.dWc += x.T @ dc
            self.dUz += h_prev.T @ dz
            self.dUr += h_prev.T @ dr
            self.dUc += (r * h_prev).T @ dc
            self.dbz += dz.sum(axis=0)
            self.dbr += dr.sum(axis=0)
            self.dbc += dc.sum(axis=0)

            self.dX[:, t, :] = dz @ self.Wz.T + dr @ self.Wr.T + dc @ self.Wc.T
            dh = dh * (1 - z) + drh * r + dz @ self.Uz.T + dr @ self.Ur.T
        self.dUz += self.l2 * self.Uz
        self.dUr += self.l2 * self.Ur
        self.dUc += self.l2 * self.Uc
        self.dh0 = dh

    def partial_fit(self, X, y, h0):
        self.zero_grad()
        value = self.score_loss(X, y, h0)
        self._backward(y)
        for name in self.weights:
            setattr(self, name, getattr(self, name) - self.learning_rate * getattr(self, "d" + name))
        return value

    def fit(self, X, y, h0, epochs=10):
        self.history = [self.partial_fit(X, y, h0) for _ in range(epochs)]
        return self

    def predict(self, X, h0):
        return (self._forward(X, h0) > 0.5).astype(int)


def loss(params, inputs):
    return GRUTagger().set_weights(**params).score_loss(**inputs)


def backward(params, inputs):
    model = GRUTagger().set_weights(**params)
    model.score_loss(**inputs)
    model._backward(inputs["y"])
    grads = {name: getattr(model, "d" + name) for name in model.weights}
    return {**grads, "X": model.dX, "h0": model.dh0}


def example(rng):
    B, T, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {}
    for gate in "zrc":
        params["W" + gate] = rng.normal(size=(D, H))
        params["U" + gate] = rng.normal(size=(H, H))
        params["b" + gate] = rng.normal(size=H)
    params["v"] = rng.normal(size=H)
    params["bv"] = rng.normal(size=())
    inputs = {
        "X": rng.normal(size=(B, T, D)),
        "y": rng.integers(2, size=(B, T)),
        "h0": rng.normal(size=(B, H)),
    }
    return params, inputs
