"""Character-level LSTM language model, trained on minibatches of text (batch first).

X, Y: integers (N, T), Y is X moved by one character. A one-hot row times a matrix is a row of
the matrix, so W.. is only indexed. h and c come from the minibatch before.
"""
import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


class CharLSTM:
    def __init__(self, w):
        self.Wf, self.Uf, self.bf = w["Wf"], w["Uf"], w["bf"]
        self.Wi, self.Ui, self.bi = w["Wi"], w["Ui"], w["bi"]
        self.Wo, self.Uo, self.bo = w["Wo"], w["Uo"], w["bo"]
        self.Wg, self.Ug, self.bg = w["Wg"], w["Ug"], w["bg"]
        self.V, self.d = w["V"], w["d"]

    def forward(self, X, h, c):
        N, T = X.shape
        self.X = X
        self.h, self.c = [h], [c]
        self.f, self.i, self.o, self.g = [], [], [], []
        self.probs = np.zeros((N, T, self.d.size))
        for t in range(T):
            x = X[:, t]
            f = sigmoid(self.Wf[x] + h @ self.Uf + self.bf)
            i = sigmoid(self.Wi[x] + h @ self.Ui + self.bi)
            o = sigmoid(self.Wo[x] + h @ self.Uo + self.bo)
            g = np.tanh(self.Wg[x] + h @ self.Ug + self.bg)
            c = f * c + i * g
            h = o * np.tanh(c)
            scores = h @ self.V + self.d
            scores = np.exp(scores - scores.max(axis=1, keepdims=True))
            self.probs[:, t] = scores / scores.sum(axis=1, keepdims=True)
            self.h.append(h)
            self.c.append(c)
            for history, value in ((self.f, f), (self.i, i), (self.o, o), (self.g, g)):
                history.append(value)
        return h, c

    def cross_entropy(self, Y):
        N, T = Y.shape
        right = self.probs[np.arange(N)[:, None], np.arange(T), Y]
        return -np.log(right).sum() / (N * T)

    def zero_grads(self):
        for name in list(vars(self)):
            if name[0] in "WUbVd":
                setattr(self, "grad_" + name, np.zeros_like(getattr(self, name)))

    def backward(self, Y):
        N, T = Y.shape
        self.zero_grads()
        dscores = self.probs.copy()
        dscores[np.arange(N)[:, None], np.arange(T), Y] -= 1
        dscores /= N * T

        dh_next = np.zeros_like(self.h[0])
        dc_next = np.zeros_like(self.c[0])
        for t in reversed(range(T)):
            x, h_prev, c_prev = self.X[:, t], self.h[t], self.c[t]
            f, i, o, g = self.f[t], self.i[t], self.o[t], self.g[t]
            tanh_c = np.tanh(self.c[t + 1])

            self.grad_V += self.h[t + 1].T @ dscores[:, t]
            self.grad_d += dscores[:, t].sum(axis=0)
            dh = dscores[:, t] @ self.V.T + dh_next
            dc = dc_next + dh * o * (1 - tanh_c ** 2)

            df = dc * c_prev * f * (1 - f)
            di = dc * g * i * (1 - i)
            do = dh * tanh_c * o * (1 - o)
            dg = dc * i * (1 - g ** 2)

            np.add.at(self.grad_Wf, x, df)
            np.add.at(self.grad_Wi, x, di)
            np.add.at(self.grad_Wo, x, do)
            np.add.at(self.grad_Wg, x, dg)
            self.grad_Uf += h_prev.T @ df
            self.grad_Ui += h_prev.T @ di
            self.grad_Uo += h_prev.T @ do
            self.grad_Ug += h_prev.T @ dg
            self.grad_bf += df.sum(axis=0)
            self.grad_bi += di.sum(axis=0)
            self.grad_bo += do.sum(axis=0)
            self.grad_bg += dg.sum(axis=0)

            dh_next = df @ self.Uf.T + di @ self.Ui.T + do @ self.Uo.T + dg @ self.Ug.T
            dc_next = dc * f
        return dh_next, dc_next


def loss(params, inputs):
    net = CharLSTM(params)
    net.forward(inputs["X"], inputs["h"], inputs["c"])
    return net.cross_entropy(inputs["Y"])


def backward(params, inputs):
    net = CharLSTM(params)
    net.forward(inputs["X"], inputs["h"], inputs["c"])
    dh, dc = net.backward(inputs["Y"])
    grads = {name: getattr(net, "grad_" + name) for name in params}
    return dict(grads, h=dh, c=dc)


def example(rng):
    N, T, K, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {"V": rng.normal(size=(H, K)), "d": rng.normal(size=K)}
    for gate in "fiog":
        params["W" + gate] = rng.normal(size=(K, H))
        params["U" + gate] = rng.normal(size=(H, H)) * 0.8
        params["b" + gate] = rng.normal(size=H)
    text = rng.integers(K, size=(N, T + 1))
    return params, {"X": text[:, :-1], "Y": text[:, 1:],
                    "h": rng.normal(size=(N, H)), "c": rng.normal(size=(N, H))}
