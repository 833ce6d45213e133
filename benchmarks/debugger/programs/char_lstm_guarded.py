"""Character LSTM with learned initial states, mean cross-entropy over the steps."""
import numpy as np


class CharModel:
    def __init__(self, U, W, V, h_init, c_init):
        self.U, self.W, self.V = U, W, V
        self.h_init, self.c_init = h_init, c_init

    def forward(self, x):
        T, H = len(x), self.W.shape[1]
        self.x = x
        self.i, self.f, self.o, self.g = (np.zeros((T, H)) for _ in range(4))
        self.c, self.h = np.zeros((T, H)), np.zeros((T, H))
        self.p = np.zeros((T, self.V.shape[0]))
        for t in range(T):
            h_prev = self.h[t - 1] if t > 0 else self.h_init
            c_prev = self.c[t - 1] if t > 0 else self.c_init
            a = self.U[:, :, x[t]] + self.W @ h_prev
            self.i[t], self.f[t], self.o[t] = 1 / (1 + np.exp(-a[:3]))
            self.g[t] = np.tanh(a[3])
            self.c[t] = self.f[t] * c_prev + self.i[t] * self.g[t]
            self.h[t] = self.o[t] * np.tanh(self.c[t])
            s = self.V @ self.h[t]
            s = np.exp(s - s.max())
            self.p[t] = s / s.sum()
        return self.p

    def cost(self, y):
        return -np.mean(np.log(self.p[np.arange(len(y)), y]))

    def bptt(self, y):
        T = len(y)
        dU, dW, dV = np.zeros_like(self.U), np.zeros_like(self.W), np.zeros_like(self.V)
        dp = self.p.copy()
        dp[np.arange(T), y] -= 1
        dp /= T
        dh = np.zeros_like(self.h_init)
        dc = np.zeros_like(self.c_init)
        for t in range(T - 1, -1, -1):
            h_prev = self.h[t - 1] if t > 0 else self.h_init
            c_prev = self.c[t - 1] if t > 0 else self.c_init
            dV += np.outer(dp[t], self.h[t])
            dh = dh + self.V.T @ dp[t]
            th = np.tanh(self.c[t])
            dc = dc + dh * self.o[t] * (1 - th ** 2)
            da = np.array([
                dc * self.g[t] * self.i[t] * (1 - self.i[t]),
                dc * c_prev * self.f[t] * (1 - self.f[t]),
                dh * th * self.o[t] * (1 - self.o[t]),
                dc * self.i[t] * (1 - self.g[t] ** 2),
            ])
            dU[:, :, self.x[t]] += da
            dW += da[:, :, None] * h_prev
            dh = np.sum([self.W[k].T @ da[k] for k in range(4)], axis=0)
            dc = dc * self.f[t]
        return {"U": dU, "W": dW, "V": dV, "h_init": dh, "c_init": dc}


def loss(params, inputs):
    model = CharModel(**params)
    model.forward(inputs["x"])
    return model.cost(inputs["y"])


def backward(params, inputs):
    model = CharModel(**params)
    model.forward(inputs["x"])
    return model.bptt(inputs["y"])


def example(rng):
    T, H, K = (int(n) for n in rng.permutation([4, 5, 6]))
    params = {
        "U": rng.normal(size=(4, H, K)),
        "W": rng.normal(size=(4, H, H)),
        "V": rng.normal(size=(K, H)),
        "h_init": rng.normal(size=H),
        "c_init": rng.normal(size=H),
    }
    return params, {"x": rng.integers(0, K, size=T), "y": rng.integers(0, K, size=T)}
