# multiplicative LSTM (Krause et al. 2016), batch first, preallocated buffers
import numpy as np


def sigmoid(x):
    return 0.5 * (1.0 + np.tanh(0.5 * x))


class MLSTM:
    def __init__(self, p):
        self.p = p
        self.H = p["Wmh"].shape[0]

    def forward(self, X, h0, c0, keep):
        p, H = self.p, self.H
        B, T, _ = X.shape
        self.X, self.keep, self.c0 = X, keep, c0
        self.hs = np.zeros((B, T + 1, H))
        self.cs = np.zeros((B, T, H))
        self.gates = np.zeros((B, T, 4 * H))
        self.ms = np.zeros((B, T, H))
        self.hs[:, 0] = h0
        c = c0
        for t in range(T):
            h = self.hs[:, t]
            m = (X[:, t] @ p["Wmx"]) * (h @ p["Wmh"])
            a = X[:, t] @ p["Wx"] + m @ p["Wm"] + p["b"]
            a[:, : 3 * H] = sigmoid(a[:, : 3 * H])
            a[:, 3 * H :] = np.tanh(a[:, 3 * H :])
            i, f, o, u = np.split(a, 4, axis=1)
            c = f * c + i * u
            self.hs[:, t + 1] = o * np.tanh(c)
            self.cs[:, t], self.gates[:, t], self.ms[:, t] = c, a, m
        self.dropped = self.hs[:, 1:] * keep
        self.yhat = self.dropped @ p["Wy"] + p["by"]
        return self.yhat

    def backward(self, dY):
        p, H, X = self.p, self.H, self.X
        B, T, _ = X.shape
        g = {k: np.zeros_like(v) for k, v in p.items()}
        g["Wy"] = np.tensordot(self.dropped, dY, axes=([0, 1], [0, 1]))
        g["by"] = dY.sum(axis=(0, 1))
        dH = (dY @ p["Wy"].T) * self.keep
        dX = np.zeros_like(X)
        dhn = np.zeros((B, H))
        dcn = np.zeros((B, H))
        da = np.empty((B, 4 * H))
        for t in range(T - 1, -1, -1):
            i, f, o, u = np.split(self.gates[:, t], 4, axis=1)
            c_prev = self.cs[:, t - 1] if t > 0 else self.c0
            dh = dH[:, t] + dhn
            tc = np.tanh(self.cs[:, t])
            dc = dcn + dh * o * (1 - tc * tc)
            da[:, :H] = dc * u * i * (1 - i)
            da[:, H : 2 * H] = dc * c_prev * f * (1 - f)
            da[:, 2 * H : 3 * H] = dh * tc * o * (1 - o)
            da[:, 3 * H :] = dc * i * (1 - u * u)
            g["Wx"] += X[:, t].T @ da
            g["Wm"] += self.ms[:, t].T @ da
            g["b"] += da.sum(axis=0)
            dm = da @ p["Wm"].T
            xm, hm = X[:, t] @ p["Wmx"], self.hs[:, t] @ p["Wmh"]
            g["Wmx"] += X[:, t].T @ (dm * hm)
            g["Wmh"] += self.hs[:, t].T @ (dm * xm)
            dX[:, t] = da @ p["Wx"].T + (dm * hm) @ p["Wmx"].T
            dhn = (dm * xm) @ p["Wmh"].T
            dcn = dc * f
        g["X"], g["h0"], g["c0"] = dX, dhn, dcn
        return g


def loss(params, inputs):
    Y = MLSTM(params).forward(inputs["X"], inputs["h0"], inputs["c0"], inputs["keep"])
    return float(np.mean((Y - inputs["Y"]) ** 2))


def backward(params, inputs):
    net = MLSTM(params)
    diff = net.forward(inputs["X"], inputs["h0"], inputs["c0"], inputs["keep"]) - inputs["Y"]
    return net.backward(2 * diff / diff.size)


def example(rng):
    B, T, D, H, K = rng.integers(2, 4), rng.integers(3, 6), 3, rng.integers(4, 6), 2
    s = {"Wmx": (D, H), "Wmh": (H, H), "Wx": (D, 4 * H), "Wm": (H, 4 * H), "b": (4 * H,), "Wy": (H, K), "by": (K,)}
    params = {k: 0.8 * rng.standard_normal(v) for k, v in s.items()}
    keep = (rng.random((B, T, H)) < 0.7).astype(int) * 2
    keep[0, :, 0], keep[1, :, 1] = 2, 0
    return params, {"X": rng.standard_normal((B, T, D)), "Y": rng.standard_normal((B, T, K)), "keep": keep,
                    "h0": rng.standard_normal((B, H)), "c0": rng.standard_normal((B, H))}
