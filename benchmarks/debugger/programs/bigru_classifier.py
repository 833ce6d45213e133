"""Bidirectional GRU over padded batches, one label per sequence.

Reset after the product, one bias inside of it (as cuDNN has it); the state stands still on padding.
"""
import numpy as np


class GRULayer:
    def __init__(self, params, prefix):
        self.prefix = prefix
        self.W = params[prefix + ".W"]      # (D, 3H), blocks r, z, n
        self.U = params[prefix + ".U"]      # (H, 3H)
        self.b = params[prefix + ".b"]      # (3H,) for the input
        self.bn = params[prefix + ".bn"]    # (H,) inside of the reset
        self.H = self.U.shape[0]

    def forward(self, x, alive):
        """x: (B, T, D), alive: (B, T); gives the state at the end of every sequence."""
        B, T, _ = x.shape
        H = self.H
        self.x, self.alive = x, alive
        self.h = np.zeros((T + 1, B, H))
        self.r, self.z, self.n, self.m = (np.zeros((T, B, H)) for _ in range(4))
        wx = x @ self.W + self.b
        for t in range(T):
            uh = self.h[t] @ self.U
            rz = 1.0 / (1.0 + np.exp(-(wx[:, t, :2 * H] + uh[:, :2 * H])))
            self.r[t], self.z[t] = rz[:, :H], rz[:, H:]
            self.m[t] = uh[:, 2 * H:] + self.bn
            self.n[t] = np.tanh(wx[:, t, 2 * H:] + self.r[t] * self.m[t])
            new = (1 - self.z[t]) * self.n[t] + self.z[t] * self.h[t]
            self.h[t + 1] = np.where(alive[:, t, None], new, self.h[t])
        return self.h[T]

    def backward(self, dh):
        B, T, D = self.x.shape
        H = self.H
        dW, dU = np.zeros_like(self.W), np.zeros_like(self.U)
        db, dbn = np.zeros_like(self.b), np.zeros_like(self.bn)
        dx = np.zeros((B, T, D))
        for t in range(T - 1, -1, -1):
            on = self.alive[:, t, None]
            dnew = dh * on
            r, z, n, m, h_prev = self.r[t], self.z[t], self.n[t], self.m[t], self.h[t]
            da_n = dnew * (1 - z) * (1 - n * n)
            da_z = dnew * (h_prev - n) * z * (1 - z)
            da_r = da_n * m * r * (1 - r)
            dm = da_n * r
            da = np.hstack([da_r, da_z, da_n])
            duh = np.hstack([da_r, da_z, dm])
            dW += self.x[:, t].T @ da
            dU += h_prev.T @ duh
            db += da.sum(0)
            dbn += dm.sum(0)
            dx[:, t] = da @ self.W.T
            dh = dh * (1 - on) + dnew * z + duh @ self.U.T
        grads = {"W": dW, "U": dU, "b": db, "bn": dbn}
        return dx, {self.prefix + "." + k: g for k, g in grads.items()}


def reverse_within_length(x, lengths):
    out = x.copy()
    for b, n in enumerate(lengths):
        out[b, :n] = x[b, :n][::-1]
    return out


class Classifier:
    def __init__(self, params):
        self.fw, self.bw = GRULayer(params, "fw"), GRULayer(params, "bw")
        self.V, self.c = params["out.V"], params["out.c"]

    def forward(self, x, lengths, labels):
        self.lengths, self.labels = lengths, labels
        alive = (np.arange(x.shape[1]) < lengths[:, None]).astype(int)
        h_fw = self.fw.forward(x, alive)
        h_bw = self.bw.forward(reverse_within_length(x, lengths), alive)
        self.feat = np.hstack([h_fw, h_bw])
        logits = self.feat @ self.V + self.c
        e = np.exp(logits)
        self.prob = e / e.sum(axis=1, keepdims=True)
        return -np.mean(np.log(self.prob[np.arange(len(labels)), labels]))

    def backward(self):
        B = len(self.labels)
        dlogits = self.prob.copy()
        dlogits[np.arange(B), self.labels] -= 1
        dlogits /= B
        dfeat = dlogits @ self.V.T
        H = self.fw.H
        dx_fw, g_fw = self.fw.backward(dfeat[:, :H])
        dx_bw, g_bw = self.bw.backward(dfeat[:, H:])
        dx = dx_fw + reverse_within_length(dx_bw, self.lengths)
        return {**g_fw, **g_bw, "out.V": self.feat.T @ dlogits, "out.c": dlogits.sum(0), "x": dx}


def loss(params, inputs):
    return Classifier(params).forward(inputs["x"], inputs["lengths"], inputs["labels"])


def backward(params, inputs):
    net = Classifier(params)
    net.forward(inputs["x"], inputs["lengths"], inputs["labels"])
    return net.backward()


def example(rng):
    B, T, D, H, K = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    params = {"out.V": rng.normal(size=(2 * H, K)), "out.c": rng.normal(size=K)}
    for way in ("fw", "bw"):
        params[way + ".W"] = rng.normal(size=(D, 3 * H))
        params[way + ".U"] = rng.normal(size=(H, 3 * H))
        params[way + ".b"] = rng.normal(size=3 * H)
        params[way + ".bn"] = rng.normal(size=H)
    inputs = {
        "x": rng.normal(size=(B, T, D)),
        "lengths": rng.permutation(np.arange(B) % (T - 1) + 2),
        "labels": rng.integers(K, size=B),
    }
    return params, inputs
