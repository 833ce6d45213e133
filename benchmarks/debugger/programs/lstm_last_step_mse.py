"""Forecast the next value of a series from its past: LSTM, dense layer on the last state, MSE."""
import numpy as np


class Dense:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.dW = self.x.T @ grad
        self.db = grad.sum(axis=0)
        return grad @ self.W.T


class LSTMLayer:
    def __init__(self, Wf, Wi, Wc, Wo, bf, bi, bc, bo):
        self.Wf, self.Wi, self.Wc, self.Wo = Wf, Wi, Wc, Wo
        self.bf, self.bi, self.bc, self.bo = bf, bi, bc, bo

    def sigmoid(self, x):
        return 1 / (1 + np.exp(-x))

    def forward(self, x):
        batch, steps, _ = x.shape
        units = self.bf.shape[0]
        h = np.zeros((batch, units))
        c = np.zeros((batch, units))
        self.cache = []
        for t in range(steps):
            z = np.concatenate((h, x[:, t, :]), axis=1)
            f = self.sigmoid(z @ self.Wf + self.bf)
            i = self.sigmoid(z @ self.Wi + self.bi)
            c_bar = np.tanh(z @ self.Wc + self.bc)
            c_prev = c
            c = f * c_prev + i * c_bar
            o = self.sigmoid(z @ self.Wo + self.bo)
            h = o * np.tanh(c)
            self.cache.append((z, f, i, c_bar, c_prev, c, o))
        return h

    def backward(self, dh):
        units = self.bf.shape[0]
        self.dWf = self.dWi = self.dWc = self.dWo = 0
        self.dbf = self.dbi = self.dbc = self.dbo = 0
        dc = np.zeros_like(dh)
        dx = []
        for z, f, i, c_bar, c_prev, c, o in self.cache[::-1]:
            tanh_c = np.tanh(c)
            do = dh * tanh_c
            dc = dc + dh * o * (1 - tanh_c ** 2)
            df = dc * c_prev
            di = dc * c_bar
            dc_bar = dc * i
            do_raw = do * o * (1 - o)
            df_raw = df * f * (1 - f)
            di_raw = di * i * (1 - i)
            dc_raw = dc_bar * (1 - c_bar ** 2)
            self.dWf = self.dWf + z.T @ df_raw
            self.dWi = self.dWi + z.T @ di_raw
            self.dWc = self.dWc + z.T @ dc_raw
            self.dWo = self.dWo + z.T @ do_raw
            self.dbf = self.dbf + df_raw.sum(axis=0)
            self.dbi = self.dbi + di_raw.sum(axis=0)
            self.dbc = self.dbc + dc_raw.sum(axis=0)
            self.dbo = self.dbo + do_raw.sum(axis=0)
            dz = df_raw @ self.Wf.T + di_raw @ self.Wi.T + dc_raw @ self.Wc.T + do_raw @ self.Wo.T
            dh = dz[:, :units]
            dx.append(dz[:, units:])
            dc = dc * f
        return np.stack(dx[::-1], axis=1)


def model(params):
    p = dict(params)
    dense = Dense(p.pop("W_out"), p.pop("b_out"))
    return LSTMLayer(**p), dense


def loss(params, inputs):
    lstm, dense = model(params)
    y = dense.forward(lstm.forward(inputs["x"]))
    return np.mean((y - inputs["y"]) ** 2)


def backward(params, inputs):
    lstm, dense = model(params)
    y = dense.forward(lstm.forward(inputs["x"]))
    grad = 2 * (y - inputs["y"]) / y.size
    dx = lstm.backward(dense.backward(grad))
    grads = {name: getattr(lstm, "d" + name) for name in params if hasattr(lstm, "d" + name)}
    grads["W_out"], grads["b_out"], grads["x"] = dense.dW, dense.db, dx
    return grads


def example(rng):
    N, T, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {"W_out": rng.normal(size=(H, 2)), "b_out": rng.normal(size=2)}
    for gate in "fico":
        params["W" + gate] = rng.normal(size=(H + D, H))
        params["b" + gate] = rng.normal(size=H)
    return params, {"x": rng.normal(size=(N, T, D)), "y": rng.normal(size=(N, 2))}
