"""LSTM with coupled input and forget gate (CIFG): the input gate is 1 - forget gate.

All arrays over time are allocated once, time is the first axis.  The loop backwards only makes the
deltas of the pre-activations; everything else is einsum afterwards.

    k  block (0 forget, 1 candidate, 2 output)    n  sequence
    d  input                                      h, j  hidden
"""
import numpy as np

FORGET, CAND, OUT = range(3)


def logistic(x):
    return 0.5 * (1.0 + np.tanh(0.5 * x))


class CIFG:
    def __init__(self, Wx, Wh, b, Wo, bo):
        self.Wx, self.Wh, self.b = Wx, Wh, b      # (3, D, H), (3, H, H), (3, H)
        self.Wo, self.bo = Wo, bo                 # (H, M), (M,)

    def allocate(self, T, N, dtype):
        H = self.Wh.shape[1]
        self.act = np.empty((T, 3, N, H), dtype)
        self.h = np.empty((T + 1, N, H), dtype)
        self.c = np.empty((T + 1, N, H), dtype)
        self.tanh_c = np.empty((T, N, H), dtype)

    def forward(self, x, h0, c0):
        T, N, _ = x.shape
        self.x = x
        self.allocate(T, N, np.result_type(x, h0, c0, self.Wx, self.Wh, self.b))
        self.h[0], self.c[0] = h0, c0
        from_x = np.einsum("tnd,kdh->tknh", x, self.Wx) + self.b[:, None, :]
        for t in range(T):
            pre = from_x[t] + np.einsum("nj,kjh->knh", self.h[t], self.Wh)
            self.act[t, FORGET] = logistic(pre[FORGET])
            self.act[t, CAND] = np.tanh(pre[CAND])
            self.act[t, OUT] = logistic(pre[OUT])
            f, g, o = self.act[t]
            self.c[t + 1] = f * self.c[t] + (1 - f) * g
            self.tanh_c[t] = np.tanh(self.c[t + 1])
            self.h[t + 1] = o * self.tanh_c[t]
        return np.einsum("tnh,hm->tnm", self.h[1:], self.Wo) + self.bo

    def backward(self, dy):
        """dy: gradient of the loss with respect to what forward has returned."""
        T = dy.shape[0]
        delta = np.empty_like(self.act)
        dh_above = np.einsum("tnm,hm->tnh", dy, self.Wo)
        dh = np.zeros_like(self.h[0])
        dc = np.zeros_like(self.c[0])
        for t in range(T - 1, -1, -1):
            f, g, o = self.act[t]
            dh += dh_above[t]
            dc += dh * o * (1 - self.tanh_c[t] ** 2)
            delta[t, FORGET] = dc * (self.c[t] - g) * f * (1 - f)
            delta[t, CAND] = dc * (1 - f) * (1 - g ** 2)
            delta[t, OUT] = dh * self.tanh_c[t] * o * (1 - o)
            dc *= f
            dh = np.einsum("knh,kjh->nj", delta[t], self.Wh)
        return {
            "Wx": np.einsum("tnd,tknh->kdh", self.x, delta),
            "Wh": np.einsum("tnj,tknh->kjh", self.h[:-1], delta),
            "b": np.einsum("tknh->kh", delta),
            "Wo": np.einsum("tnh,tnm->hm", self.h[1:], dy),
            "bo": np.einsum("tnm->m", dy),
            "x": np.einsum("tknh,kdh->tnd", delta, self.Wx),
            "h0": dh,
            "c0": dc,
        }


def squared_error(y, target):
    return 0.5 * np.sum((y - target) ** 2) / y.shape[1]


def loss(params, inputs):
    y = CIFG(**params).forward(inputs["x"], inputs["h0"], inputs["c0"])
    return squared_error(y, inputs["target"])


def backward(params, inputs):
    net = CIFG(**params)
    y = net.forward(inputs["x"], inputs["h0"], inputs["c0"])
    dy = (y - inputs["target"]) / y.shape[1]
    grads = net.backward(dy)
    grads["target"] = -dy
    return grads


def example(rng):
    T, N, D, H, M = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    params = {
        "Wx": rng.normal(size=(3, D, H)),
        "Wh": rng.normal(size=(3, H, H)),
        "b": rng.normal(size=(3, H)),
        "Wo": rng.normal(size=(H, M)),
        "bo": rng.normal(size=M),
    }
    inputs = {
        "x": rng.normal(size=(T, N, D)),
        "h0": rng.normal(size=(N, H)),
        "c0": rng.normal(size=(N, H)),
        "target": rng.normal(size=(T, N, M)),
    }
    return params, inputs
