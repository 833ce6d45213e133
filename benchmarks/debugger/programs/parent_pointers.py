"""Discourse net: each utterance sees the one before it and the one it replies to (parent, 0 = the opening state)."""
from collections import namedtuple

import numpy as np

Weights = namedtuple("Weights", "Wx Wp Wq b u root")
Thread = namedtuple("Thread", "vectors parents stance")


def read(w, thread):
    states = [w.root]
    for x, parent in zip(thread.vectors, thread.parents):
        states.append(np.tanh(w.Wx @ x + w.Wp @ states[-1] + w.Wq @ states[parent] + w.b))
    return np.array(states)


def margins(w, thread, states):
    return thread.stance * (states[1:] @ w.u)


def thread_loss(w, thread):
    return np.logaddexp(0, -margins(w, thread, read(w, thread))).sum() / len(thread.stance)


def thread_grads(w, thread):
    states = read(w, thread)
    n = len(thread.stance)
    dscore = -thread.stance / (1 + np.exp(margins(w, thread, states))) / n
    dstates = np.zeros_like(states)
    dstates[1:] = np.outer(dscore, w.u)
    g = Weights(*(np.zeros_like(a) for a in w))
    dx = np.zeros_like(thread.vectors)
    for k in range(n, 0, -1):
        parent = thread.parents[k - 1]
        dz = dstates[k] * (1 - states[k] ** 2)
        dx[k - 1] = w.Wx.T @ dz
        dstates[k - 1] += w.Wp.T @ dz
        dstates[parent] += w.Wq.T @ dz
        g.Wx[...] += np.outer(dz, thread.vectors[k - 1])
        g.Wp[...] += np.outer(dz, states[k - 1])
        g.Wq[...] += np.outer(dz, states[parent])
        g.b[...] += dz
    g.u[...] = states[1:].T @ dscore
    g.root[...] = dstates[0]
    return g, dx


def threads(inputs):
    for x, p, s, n in zip(inputs["vectors"], inputs["parents"], inputs["stance"], inputs["lengths"]):
        yield Thread(x[:n], p[:n], s[:n])


def loss(params, inputs):
    w = Weights(**params)
    return float(sum(thread_loss(w, thread) for thread in threads(inputs)))


def backward(params, inputs):
    w = Weights(**params)
    total = {name: np.zeros_like(a) for name, a in params.items()}
    dvectors = np.zeros_like(inputs["vectors"])
    for i, thread in enumerate(threads(inputs)):
        g, dx = thread_grads(w, thread)
        for name, part in g._asdict().items():
            total[name] += part
        dvectors[i, : len(dx)] = dx
    return {**total, "vectors": dvectors}


def example(rng):
    T, H = rng.permutation([4, 5])
    B, D = rng.permutation([2, 3])
    r = rng.normal
    params = {"Wx": r(size=(H, D)), "Wp": r(size=(H, H)), "Wq": r(size=(H, H)), "b": r(size=H), "u": r(size=H), "root": r(size=H)}
    parents = np.array([[rng.integers(0, k + 1) for k in range(T)] for _ in range(B)])
    parents[0, :3] = [0, 1, 1]
    lengths = np.full(B, T)
    lengths[1] = T - 1
    return params, {"vectors": r(size=(B, T, D)), "parents": parents, "stance": rng.choice([-1.0, 1.0], (B, T)), "lengths": lengths}
