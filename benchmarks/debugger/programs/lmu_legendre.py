"""Legendre Memory Unit (Voelker et al. 2019) with a Poisson read-out of spike counts."""
import numpy as np


def legendre(order, theta):
    """Euler-discretised delay system (A_bar, B_bar)."""
    A = np.zeros((order, order))
    B = np.zeros(order)
    for i in range(order):
        B[i] = (2 * i + 1) * (-1) ** i / theta
        for j in range(order):
            A[i, j] = (2 * i + 1) / theta * (-1 if i < j else (-1) ** (i - j + 1))
    return np.eye(order) + A, B


class LMU:
    def __init__(self, p, theta):
        self.p = p
        self.A, self.B = legendre(p["e_m"].size, theta)

    def forward(self, x, counts):
        p = self.p
        T, N, _ = x.shape
        self.x, self.counts = x, counts
        self.h = np.zeros((T + 1, N, p["W_h"].shape[0]))
        self.m = np.zeros((T + 1, N, self.B.size))
        self.h[0], self.m[0] = p["h0"], p["m0"]
        for t in range(T):
            u = x[t] @ p["e_x"] + self.h[t] @ p["e_h"] + self.m[t] @ p["e_m"]
            self.m[t + 1] = self.m[t] @ self.A.T + u[:, None] * self.B
            self.h[t + 1] = np.tanh(x[t] @ p["W_x"] + self.h[t] @ p["W_h"] + self.m[t + 1] @ p["W_m"])
        self.log_rate = self.h[1:] @ p["V"] + p["v"]
        return (np.exp(self.log_rate) - counts * self.log_rate).sum() / (T * N)

    def backward(self):
        p = self.p
        T, N, _ = self.x.shape
        g = {k: np.zeros_like(w) for k, w in p.items()}
        dlog = (np.exp(self.log_rate) - self.counts) / (T * N)
        g["V"] = np.einsum("tnh,tnk->hk", self.h[1:], dlog)
        g["v"] = dlog.sum(axis=(0, 1))
        dh_out = dlog @ p["V"].T
        dx = np.zeros_like(self.x)
        dh = np.zeros_like(self.h[0])
        dm = np.zeros_like(self.m[0])
        for t in range(T)[::-1]:
            da = (dh + dh_out[t]) * (1 - self.h[t + 1] ** 2)
            g["W_x"] += self.x[t].T @ da
            g["W_h"] += self.h[t].T @ da
            g["W_m"] += self.m[t + 1].T @ da
            dm += da @ p["W_m"].T
            du = dm @ self.B
            g["e_x"] += du @ self.x[t]
            g["e_h"] += du @ self.h[t]
            g["e_m"] += du @ self.m[t]
            dx[t] = da @ p["W_x"].T + np.outer(du, p["e_x"])
            dh = da @ p["W_h"].T + np.outer(du, p["e_h"])
            dm = dm @ self.A + np.outer(du, p["e_m"])
        g["h0"], g["m0"], g["x"] = dh, dm, dx
        return g


def loss(params, inputs):
    return float(LMU(params, float(inputs["theta"])).forward(inputs["x"], inputs["counts"]))


def backward(params, inputs):
    net = LMU(params, float(inputs["theta"]))
    net.forward(inputs["x"], inputs["counts"])
    return net.backward()


def example(rng):
    T, N, D, H, q, K = rng.integers(3, 6), rng.integers(2, 4), 3, 4, 5, 2
    w = lambda *s: rng.standard_normal(s) * 0.7
    params = {"e_x": w(D), "e_h": w(H), "e_m": 0.3 * w(q), "W_x": w(D, H), "W_h": w(H, H),
              "W_m": w(q, H), "V": w(H, K), "v": w(K), "h0": w(N, H), "m0": w(N, q)}
    return params, {"x": w(T, N, D), "counts": rng.integers(0, 4, (T, N, K)), "theta": np.array(12)}
