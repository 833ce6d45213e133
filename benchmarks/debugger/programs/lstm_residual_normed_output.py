import numpy as np

# LSTM block for my time series model:
#   h_t = o * tanh(LN(c_t))      layer norm on the way out only, the carry c_t stays as it is
#   y_t = x_t + h_t              residual, so the input size is the hidden size
# x: (B, T, H)

EPS = 1e-3


def sigmoid(a):
    return 1. / (1. + np.exp(-a))


class LNLSTMBlock:

    def __init__(self, W, U, b, gamma, beta, h0, c0):
        self.W, self.U, self.b = W, U, b
        self.gamma, self.beta = gamma, beta
        self.h0, self.c0 = h0, c0  # learned, shape (H,)

    def _norm(self, c):
        mu = c.mean(axis=-1, keepdims=True)
        var = ((c - mu) ** 2).mean(axis=-1, keepdims=True)
        std = np.sqrt(var + EPS)
        return (c - mu) / std, std

    def forward(self, x):
        B, T, H = x.shape
        self.x = x
        self.i, self.f, self.o, self.g = np.zeros((4, T, B, H))
        self.c = np.zeros((T + 1, B, H))
        self.h = np.zeros((T + 1, B, H))
        self.c[0], self.h[0] = self.c0, self.h0
        self.chat = np.zeros((T, B, H))
        self.std = np.zeros((T, B, 1))
        self.tn = np.zeros((T, B, H))
        xw = x @ self.W + self.b
        for t in range(T):
            ai, af, ao, ag = np.split(xw[:, t] + self.h[t] @ self.U, 4, axis=1)
            self.i[t], self.f[t], self.o[t] = sigmoid(ai), sigmoid(af), sigmoid(ao)
            self.g[t] = np.tanh(ag)
            self.c[t + 1] = self.f[t] * self.c[t] + self.i[t] * self.g[t]
            self.chat[t], self.std[t] = self._norm(self.c[t + 1])
            self.tn[t] = np.tanh(self.gamma * self.chat[t] + self.beta)
            self.h[t + 1] = self.o[t] * self.tn[t]
        return x + self.h[1:].transpose(1, 0, 2)

    def backward(self, dy):
        B, T, H = dy.shape
        dx = dy.copy()  # residual
        dW, dU, db = np.zeros_like(self.W), np.zeros_like(self.U), np.zeros_like(self.b)
        dgamma, dbeta = np.zeros_like(self.gamma), np.zeros_like(self.beta)
        dh_next = np.zeros((B, H))
        dc_next = np.zeros((B, H))
        for t in range(T - 1, -1, -1):
            dh = dy[:, t] + dh_next
            # output gate and tanh
            do = dh * self.tn[t]
            dn = dh * self.o[t] * (1 - self.tn[t] ** 2)
            # layer norm
            dgamma += (dn * self.chat[t]).sum(axis=0)
            dbeta += dn.sum(axis=0)
            dchat = dn * self.gamma
            dcn = (dchat - dchat.mean(axis=1, keepdims=True)
                   - self.chat[t] * (dchat * self.chat[t]).mean(axis=1, keepdims=True)) / self.std[t]
            dc = dcn + dc_next
            # gates
            di = dc * self.g[t]
            df = dc * self.c[t]
            dg = dc * self.i[t]
            da = np.concatenate([
                di * self.i[t] * (1 - self.i[t]),
                df * self.f[t] * (1 - self.f[t]),
                do * self.o[t] * (1 - self.o[t]),
                dg * (1 - self.g[t] ** 2),
            ], axis=1)
            dW += self.x[:, t].T @ da
            dU += self.h[t].T @ da
            db += da.sum(axis=0)
            dx[:, t] += da @ self.W.T
            dh_next = da @ self.U.T
            dc_next = dc * self.f[t]
        self.grads = {"W": dW, "U": dU, "b": db, "gamma": dgamma, "beta": dbeta,
                      "h0": dh_next.sum(axis=0), "c0": dc_next.sum(axis=0)}
        return dx


def loss(params, inputs):
    y = LNLSTMBlock(**params).forward(inputs["x"])
    return 0.5 * np.sum((y - inputs["target"]) ** 2) / len(y)


def backward(params, inputs):
    block = LNLSTMBlock(**params)
    y = block.forward(inputs["x"])
    dx = block.backward((y - inputs["target"]) / len(y))
    return dict(block.grads, x=dx)


def example(rng):
    B, T, H = (int(n) for n in rng.permutation([3, 4, 5]))
    params = {
        "W": rng.normal(size=(H, 4 * H)),
        "U": rng.normal(size=(H, 4 * H)),
        "b": rng.normal(size=4 * H),
        "gamma": rng.normal(size=H),
        "beta": rng.normal(size=H),
        "h0": rng.normal(size=H),
        "c0": rng.normal(size=H),
    }
    inputs = {"x": rng.normal(size=(B, T, H)), "target": rng.normal(size=(B, T, H))}
    return params, inputs
