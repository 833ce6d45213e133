"""Word-level RNN on a batch of index sequences, with an embedding table."""
import numpy as np


class EmbeddingRNN:
    def __init__(self, params):
        self.p = params

    def forward(self, tokens):
        p = self.p
        B, T = tokens.shape
        H = p["Wh"].shape[0]
        self.tokens = tokens
        self.emb = p["E"][tokens]
        self.h = np.zeros((T + 1, B, H))
        self.h[0] = p["h0"]
        for t in range(T):
            pre = self.emb[:, t] @ p["Wx"] + self.h[t] @ p["Wh"] + p["b"]
            self.h[t + 1] = np.tanh(pre)
        return self.h[1:]

    def backward(self, dout):
        p = self.p
        B, T = self.tokens.shape
        g = {k: np.zeros_like(v) for k, v in p.items()}
        demb = np.zeros_like(self.emb)
        dh_next = np.zeros_like(self.h[0])
        for t in reversed(range(T)):
            dh = dout[t] + dh_next
            da = dh * (1 - self.h[t + 1] ** 2)
            g["Wx"] += self.emb[:, t].T @ da
            g["Wh"] += self.h[t].T @ da
            g["b"] += da.sum(axis=0)
            demb[:, t] = da @ p["Wx"].T
            dh_next = da @ p["Wh"].T
        np.add.at(g["E"], self.tokens, demb)
        g["h0"] = dh_next.sum(axis=0)
        return g


def objective(h, coef):
    return np.sum(coef * h) / h.shape[1]


def loss(params, inputs):
    return objective(EmbeddingRNN(params).forward(inputs["tokens"]), inputs["coef"])


def backward(params, inputs):
    rnn = EmbeddingRNN(params)
    h = rnn.forward(inputs["tokens"])
    return rnn.backward(inputs["coef"] / h.shape[1])


def example(rng):
    B, T, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    n_words = 7
    params = {
        "E": rng.normal(size=(n_words, D)),
        "Wx": rng.normal(size=(D, H)),
        "Wh": rng.normal(size=(H, H)),
        "b": rng.normal(size=H),
        "h0": rng.normal(size=H),
    }
    inputs = {
        "tokens": rng.integers(n_words, size=(B, T)),
        "coef": rng.normal(size=(T, B, H)),
    }
    return params, inputs
