"""Character LSTM: index inputs, matrices U, W, V without biases, softmax cross-entropy."""
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


class CharLSTM:
    def __init__(self, U, W, V):
        self.U = U  # (4, H, vocab)
        self.W = W  # (4, H, H)
        self.V = V  # (vocab, H)
        self.hidden_dim = V.shape[1]
        self.word_dim = V.shape[0]

    def forward_propagation(self, x):
        T = len(x)
        H = self.hidden_dim
        i = np.zeros((T, H))
        f = np.zeros((T, H))
        o = np.zeros((T, H))
        g = np.zeros((T, H))
        c = np.zeros((T + 1, H))
        h = np.zeros((T + 1, H))
        y = np.zeros((T, self.word_dim))
        for t in range(T):
            i[t] = sigmoid(self.U[0][:, x[t]] + self.W[0].dot(h[t - 1]))
            f[t] = sigmoid(self.U[1][:, x[t]] + self.W[1].dot(h[t - 1]))
            o[t] = sigmoid(self.U[2][:, x[t]] + self.W[2].dot(h[t - 1]))
            g[t] = np.tanh(self.U[3][:, x[t]] + self.W[3].dot(h[t - 1]))
            c[t] = f[t] * c[t - 1] + i[t] * g[t]
            h[t] = o[t] * np.tanh(c[t])
            y[t] = softmax(self.V.dot(h[t]))
        return y, h, c, i, f, o, g

    def calculate_loss(self, x, target):
        y = self.forward_propagation(x)[0]
        return -np.sum(np.log(y[np.arange(len(target)), target]))

    def bptt(self, x, target):
        T = len(target)
        y, h, c, i, f, o, g = self.forward_propagation(x)
        dLdU = np.zeros(self.U.shape)
        dLdW = np.zeros(self.W.shape)
        dLdV = np.zeros(self.V.shape)
        delta_y = y.copy()
        delta_y[np.arange(T), target] -= 1
        dh_next = np.zeros(self.hidden_dim)
        dc_next = np.zeros(self.hidden_dim)
        for t in np.arange(T)[::-1]:
            dLdV += np.outer(delta_y[t], h[t])
            dh = self.V.T.dot(delta_y[t]) + dh_next
            tc = np.tanh(c[t])
            dc = dh * o[t] * (1 - tc ** 2) + dc_next
            di = dc * g[t] * i[t] * (1 - i[t])
            df = dc * c[t - 1] * f[t] * (1 - f[t])
            do = dh * tc * o[t] * (1 - o[t])
            dg = dc * i[t] * (1 - g[t] ** 2)
            dh_next = np.zeros(self.hidden_dim)
            for k, d in enumerate((di, df, do, dg)):
                dLdU[k][:, x[t]] += d
                dLdW[k] += np.outer(d, h[t - 1])
                dh_next += self.W[k].T.dot(d)
            dc_next = dc * f[t]
        return dLdU, dLdW, dLdV


def loss(params, inputs):
    model = CharLSTM(params["U"], params["W"], params["V"])
    return model.calculate_loss(inputs["x"], inputs["y"])


def backward(params, inputs):
    model = CharLSTM(params["U"], params["W"], params["V"])
    dU, dW, dV = model.bptt(inputs["x"], inputs["y"])
    return {"U": dU, "W": dW, "V": dV}


def example(rng):
    T, H, K = (int(n) for n in rng.permutation([4, 5, 6]))
    params = {
        "U": rng.normal(size=(4, H, K)),
        "W": rng.normal(size=(4, H, H)) * 0.8,
        "V": rng.normal(size=(K, H)),
    }
    inputs = {"x": rng.integers(0, K, size=T), "y": rng.integers(0, K, size=T)}
    return params, inputs
