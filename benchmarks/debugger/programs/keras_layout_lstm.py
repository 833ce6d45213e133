"""LSTM with kernel / recurrent_kernel / bias in the order i, f, c, o and a Dense softmax on top."""
import numpy as np


def hard_limits(x):
    return np.clip(x, -60.0, 60.0)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-hard_limits(x)))


class KerasLSTM:
    def __init__(self, kernel, recurrent_kernel, bias):
        self.kernel = kernel
        self.recurrent_kernel = recurrent_kernel
        self.bias = bias
        self.units = recurrent_kernel.shape[0]

    def call(self, inputs):
        batch, timesteps, _ = inputs.shape
        u = self.units
        h_tm1 = np.zeros((batch, u))
        c_tm1 = np.zeros((batch, u))
        self.inputs = inputs
        self.states = []
        for t in range(timesteps):
            z = inputs[:, t] @ self.kernel + h_tm1 @ self.recurrent_kernel + self.bias
            z0, z1, z2, z3 = z[:, :u], z[:, u:2 * u], z[:, 2 * u:3 * u], z[:, 3 * u:]
            i = sigmoid(z0)
            f = sigmoid(z1)
            cand = np.tanh(z2)
            c = f * c_tm1 + i * cand
            o = sigmoid(z3)
            h = o * np.tanh(c)
            self.states.append((h_tm1, c_tm1, i, f, cand, o, c))
            h_tm1, c_tm1 = h, c
        return h_tm1

    def gradients(self, d_h):
        d_kernel = np.zeros_like(self.kernel)
        d_recurrent = np.zeros_like(self.recurrent_kernel)
        d_bias = np.zeros_like(self.bias)
        d_c = np.zeros_like(d_h)
        for t, (h_tm1, c_tm1, i, f, cand, o, c) in reversed(list(enumerate(self.states))):
            tanh_c = np.tanh(c)
            d_o = d_h * tanh_c * o * (1.0 - o)
            d_c += d_h * o * (1.0 - tanh_c * tanh_c)
            d_i = d_c * cand * i * (1.0 - i)
            d_f = d_c * c_tm1 * f * (1.0 - f)
            d_cand = d_c * i * (1.0 - cand * cand)
            d_z = np.concatenate([d_i, d_f, d_cand, d_o], axis=1)
            d_kernel += self.inputs[:, t].T @ d_z
            d_recurrent += h_tm1.T @ d_z
            d_bias += d_z.sum(axis=0)
            d_h = d_z @ self.recurrent_kernel.T
            d_c = d_c * f
        return d_kernel, d_recurrent, d_bias


def head(h, dense_kernel, dense_bias):
    logits = h @ dense_kernel + dense_bias
    logits = logits - logits.max(axis=1)[:, None]
    return np.exp(logits) / np.exp(logits).sum(axis=1)[:, None]


def loss(params, inputs):
    lstm = KerasLSTM(params["kernel"], params["recurrent_kernel"], params["bias"])
    p = head(lstm.call(inputs["x"]), params["dense_kernel"], params["dense_bias"])
    return float(-np.mean(np.sum(inputs["one_hot"] * np.log(p), axis=1)))


def backward(params, inputs):
    lstm = KerasLSTM(params["kernel"], params["recurrent_kernel"], params["bias"])
    h = lstm.call(inputs["x"])
    p = head(h, params["dense_kernel"], params["dense_bias"])
    d_logits = (p - inputs["one_hot"]) / len(p)
    dk, dr, db = lstm.gradients(d_logits @ params["dense_kernel"].T)
    return {
        "kernel": dk,
        "recurrent_kernel": dr,
        "bias": db,
        "dense_kernel": h.T @ d_logits,
        "dense_bias": d_logits.sum(axis=0),
    }


def example(rng):
    B, T, D, H, K = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    params = {
        "kernel": rng.normal(size=(D, 4 * H)),
        "recurrent_kernel": rng.normal(size=(H, 4 * H)),
        "bias": rng.normal(size=4 * H),
        "dense_kernel": rng.normal(size=(H, K)) * 2,
        "dense_bias": rng.normal(size=K),
    }
    return params, {
        "x": rng.normal(size=(B, T, D)),
        "one_hot": np.eye(K, dtype=int)[rng.integers(K, size=B)],
    }
