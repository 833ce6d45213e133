import numpy as np


class LSTM:
    """Single-layer LSTM over a batch, hand-written backward. Everything is kept on self."""

    def __init__(self, input_size, hidden_size):
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.W = np.zeros((input_size, 4 * hidden_size))
        self.U = np.zeros((hidden_size, 4 * hidden_size))
        self.b = np.zeros(4 * hidden_size)
        self.Wy = np.zeros((hidden_size, 1))
        self.by = np.zeros(1)

    @staticmethod
    def _sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def forward(self, X):
        # X: (batch, time, features)
        n, t_max, _ = X.shape
        hs = self.hidden_size
        self.X = X
        self.h = [np.zeros((n, hs))]
        self.c = [np.zeros((n, hs))]
        self.gates = []
        for t in range(t_max):
            z = X[:, t].dot(self.W) + self.h[-1].dot(self.U) + self.b
            f = self._sigmoid(z[:, 0 * hs:1 * hs])
            i = self._sigmoid(z[:, 1 * hs:2 * hs])
            o = self._sigmoid(z[:, 2 * hs:3 * hs])
            g = np.tanh(z[:, 3 * hs:4 * hs])
            c = f * self.c[-1] + i * g
            h = o * np.tanh(c)
            self.gates.append((f, i, o, g))
            self.c.append(c)
            self.h.append(h)
        self.y = np.stack([h.dot(self.Wy) + self.by for h in self.h[1:]], axis=1)
        return self.y

    def mse(self, Y):
        self.err = self.y - Y
        return np.mean(self.err ** 2)

    def backward(self):
        dY = 2 * self.err / self.err.size
        self.dW = np.zeros_like(self.W)
        self.dU = np.zeros_like(self.U)
        self.db = np.zeros_like(self.b)
        self.dWy = np.zeros_like(self.Wy)
        self.dby = np.zeros_like(self.by)
        dh_next = np.zeros_like(self.h[0])
        dc_next = np.zeros_like(self.c[0])
        for t in range(len(self.gates) - 1, -1, -1):
            f, i, o, g = self.gates[t]
            self.dWy += self.h[t + 1].T.dot(dY[:, t])
            self.dby += dY[:, t].sum(axis=0)
            dh = dY[:, t].dot(self.Wy.T) + dh_next
            tanh_c = np.tanh(self.c[t + 1])
            dc = dh * o * (1 - tanh_c ** 2) + dc_next
            dz = np.concatenate([
                dc * self.c[t] * f * (1 - f),
                dc * g * i * (1 - i),
                dh * tanh_c * o * (1 - o),
                dc * i * (1 - g ** 2),
            ], axis=1)
            self.dW += self.X[:, t].T.dot(dz)
            self.dU += self.h[t].T.dot(dz)
            self.db += dz.sum(axis=0)
            dh_next = dz.dot(self.U.T)
            dc_next = dc * f


def build(params):
    D, H4 = params["W"].shape
    net = LSTM(D, H4 // 4)
    for name, value in params.items():
        setattr(net, name, value)
    return net


def loss(params, inputs):
    net = build(params)
    net.forward(inputs["X"])
    return net.mse(inputs["Y"])


def backward(params, inputs):
    net = build(params)
    net.forward(inputs["X"])
    net.mse(inputs["Y"])
    net.backward()
    return {name: getattr(net, "d" + name) for name in params}


def example(rng):
    N, T, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {
        "W": rng.normal(size=(D, 4 * H)),
        "U": rng.normal(size=(H, 4 * H)),
        "b": rng.normal(size=4 * H),
        "Wy": rng.normal(size=(H, 1)),
        "by": rng.normal(size=1),
    }
    return params, {"X": rng.normal(size=(N, T, D)), "Y": rng.normal(size=(N, T, 1))}
