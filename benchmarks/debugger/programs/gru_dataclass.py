from dataclasses import dataclass, field, fields

import numpy as np


@dataclass
class Weights:
    W: np.ndarray  # (3, D, H) for update, reset, candidate
    U: np.ndarray  # (3, H, H)
    b: np.ndarray  # (3, H)
    V: np.ndarray  # (H, K)

    def zeros(self):
        return Weights(*(np.zeros_like(getattr(self, f.name)) for f in fields(self)))


@dataclass
class Frame:
    x: np.ndarray
    h_in: np.ndarray
    update: np.ndarray
    reset: np.ndarray
    cand: np.ndarray
    h_out: np.ndarray
    probs: np.ndarray = field(default=None, repr=False)


def logistic(a):
    return 1 / (1 + np.exp(-a))


def forward(w, xs, h):
    frames = []
    for x in xs:
        update = logistic(x @ w.W[0] + h @ w.U[0] + w.b[0])
        reset = logistic(x @ w.W[1] + h @ w.U[1] + w.b[1])
        cand = np.tanh(x @ w.W[2] + (reset * h) @ w.U[2] + w.b[2])
        h_out = update * h + (1 - update) * cand
        frame = Frame(x, h, update, reset, cand, h_out)
        scores = np.exp(h_out @ w.V)
        frame.probs = scores / scores.sum(axis=1, keepdims=True)
        frames.append(frame)
        h = h_out
    return frames


def nll(frames, labels):
    rows = np.arange(labels.shape[1])
    return -sum(np.log(fr.probs[rows, lab]).sum() for fr, lab in zip(frames, labels))


def gradient(w, frames, labels):
    g = w.zeros()
    rows = np.arange(labels.shape[1])
    dh = np.zeros_like(frames[0].h_in)
    for fr, lab in zip(frames[::-1], labels[::-1]):
        dscore = fr.probs.copy()
        dscore[rows, lab] -= 1
        g.V += fr.h_out.T @ dscore
        dh = dh + dscore @ w.V.T
        d_update = dh * (fr.h_in - fr.cand) * fr.update * (1 - fr.update)
        d_cand = dh * (1 - fr.update) * (1 - fr.cand ** 2)
        d_rh = d_cand @ w.U[2].T
        d_reset = d_rh * fr.h_in * fr.reset * (1 - fr.reset)
        for k, d, state in ((0, d_update, fr.h_in), (1, d_reset, fr.h_in),
                            (2, d_cand, fr.reset * fr.h_in)):
            g.W[k] += fr.x.T @ d
            g.U[k] += state.T @ d
            g.b[k] += d.sum(axis=0)
        dh = dh * fr.update + d_rh * fr.reset + d_update @ w.U[0].T + d_reset @ w.U[1].T
    return g, dh


def loss(params, inputs):
    return nll(forward(Weights(**params), inputs["xs"], inputs["h0"]), inputs["labels"])


def backward(params, inputs):
    w = Weights(**params)
    g, dh0 = gradient(w, forward(w, inputs["xs"], inputs["h0"]), inputs["labels"])
    return {**vars(g), "h0": dh0}


def example(rng):
    T, B, D, H, K = (int(n) for n in rng.permutation([4, 5, 6, 7, 8]))
    params = {
        "W": rng.normal(size=(3, D, H)),
        "U": rng.normal(size=(3, H, H)),
        "b": rng.normal(size=(3, H)),
        "V": rng.normal(size=(H, K)),
    }
    inputs = {
        "xs": rng.normal(size=(T, B, D)),
        "h0": rng.normal(size=(B, H)),
        "labels": rng.integers(K, size=(T, B)),
    }
    return params, inputs
