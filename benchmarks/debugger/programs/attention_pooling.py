"""RNN with softmax attention over its hidden states, one binary label per sequence."""
import numpy as np


def softmax(s, axis):
    e = np.exp(s - s.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


class AttentionRNN:
    def __init__(self, Wx, Wh, b, Wa, va, w, b_out):
        self.Wx, self.Wh, self.b = Wx, Wh, b
        self.Wa, self.va = Wa, va
        self.w, self.b_out = w, b_out

    def forward(self, X):
        self.X = X
        B, T, _ = X.shape
        self.H = np.zeros((B, T + 1, self.Wh.shape[0]))
        for t in range(T):
            self.H[:, t + 1] = np.tanh(X[:, t] @ self.Wx + self.H[:, t] @ self.Wh + self.b)
        states = self.H[:, 1:]
        self.u = np.tanh(states @ self.Wa)
        self.alpha = softmax(self.u @ self.va, axis=1)
        self.context = np.sum(self.alpha[:, :, None] * states, axis=1)
        self.logit = self.context @ self.w + self.b_out
        return self.logit

    def backward(self, dlogit):
        states = self.H[:, 1:]
        dw = self.context.T @ dlogit
        db_out = np.array([dlogit.sum()])
        dcontext = np.outer(dlogit, self.w)
        dalpha = np.einsum("bh,bth->bt", dcontext, states)
        dstates = self.alpha[:, :, None] * dcontext[:, None, :]
        dscore = self.alpha * (dalpha - np.sum(self.alpha * dalpha, axis=1, keepdims=True))
        dva = np.einsum("bt,bta->a", dscore, self.u)
        dpre = dscore[:, :, None] * self.va * (1 - self.u ** 2)
        dWa = np.einsum("bth,bta->ha", states, dpre)
        dstates = dstates + dpre @ self.Wa.T
        dWx, dWh, db = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.b)
        dnext = np.zeros_like(states[:, 0])
        for t in reversed(range(states.shape[1])):
            dz = (dstates[:, t] + dnext) * (1 - states[:, t] ** 2)
            dWx += self.X[:, t].T @ dz
            dWh += self.H[:, t].T @ dz
            db += dz.sum(axis=0)
            dnext = dz @ self.Wh.T
        return {"Wx": dWx, "Wh": dWh, "b": db, "Wa": dWa, "va": dva, "w": dw, "b_out": db_out}


def loss(params, inputs):
    logit = AttentionRNN(**params).forward(inputs["X"])
    return np.sum(np.logaddexp(0, logit) - inputs["label"] * logit)


def backward(params, inputs):
    net = AttentionRNN(**params)
    logit = net.forward(inputs["X"])
    return net.backward(1 / (1 + np.exp(-logit)) - inputs["label"])


def example(rng):
    B, T, D, H, A = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    params = {
        "Wx": rng.normal(size=(D, H)),
        "Wh": rng.normal(size=(H, H)),
        "b": rng.normal(size=H),
        "Wa": rng.normal(size=(H, A)),
        "va": rng.normal(size=A),
        "w": rng.normal(size=H),
        "b_out": rng.normal(size=1),
    }
    return params, {"X": rng.normal(size=(B, T, D)), "label": rng.integers(2, size=B)}
