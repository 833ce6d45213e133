"""Recurrent controller with a differentiable stack: every step pushes, pops or waits, softly."""
from types import SimpleNamespace as Frame

import numpy as np

def up(S):
    """What a pop leaves: each cell takes the one below it."""
    return np.concatenate([S[:, 1:], np.zeros_like(S[:, :1])], axis=1)

def down(v, S):
    """What a push leaves: v on top, the others one deeper, the deepest lost."""
    return np.concatenate([v[:, None], S[:, :-1]], axis=1)

def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

def forward_frame(p, x, h, S):
    f = Frame(x=x, h=h, S=S, top=S[:, 0])
    f.new_h = np.tanh(x @ p["Wx"] + h @ p["Wh"] + f.top @ p["Wt"] + p["bh"])
    f.act = softmax(f.new_h @ p["Wa"] + p["ba"])
    f.v = 1 / (1 + np.exp(-(f.new_h @ p["Wv"])))
    push, pop, wait = (f.act[:, k, None, None] for k in range(3))
    f.new_S = push * down(f.v, S) + pop * up(S) + wait * S
    f.out = softmax(np.hstack([f.new_h, f.new_S[:, 0]]) @ p["Wo"])
    return f

def backward_frame(p, f, label, dh, dS, g):
    B, n = f.h.shape
    push, pop, wait = (f.act[:, k, None, None] for k in range(3))
    dlogit = f.out.copy()
    dlogit[np.arange(B), label] -= 1
    dlogit /= B
    g["Wo"] += np.hstack([f.new_h, f.new_S[:, 0]]).T @ dlogit
    dread = dlogit @ p["Wo"].T
    dh = dh + dread[:, :n]
    dS = dS.copy()
    dS[:, 0] += dread[:, n:]
    dv = push[:, 0] * dS[:, 0]
    dact = np.stack([(dS * moved).sum(axis=(1, 2)) for moved in (down(f.v, f.S), up(f.S), f.S)], axis=1)
    dS_prev = wait * dS
    dS_prev[:, :-1] += push * dS[:, 1:]
    dS_prev[:, 1:] += pop * dS[:, :-1]
    dza = f.act * (dact - (f.act * dact).sum(axis=1, keepdims=True))
    dzv = dv * f.v * (1 - f.v)
    g["Wa"] += f.new_h.T @ dza
    g["ba"] += dza.sum(axis=0)
    g["Wv"] += f.new_h.T @ dzv
    dh = dh + dza @ p["Wa"].T + dzv @ p["Wv"].T
    dz = dh * (1 - f.new_h**2)
    g["Wx"] += f.x.T @ dz
    g["Wh"] += f.h.T @ dz
    g["Wt"] += f.top.T @ dz
    g["bh"] += dz.sum(axis=0)
    dS_prev[:, 0] += dz @ p["Wt"].T
    return dz @ p["Wh"].T, dS_prev

def frames(p, inputs):
    made, h, S = [], p["h0"], p["S0"]
    for x in inputs["x"]:
        made.append(forward_frame(p, x, h, S))
        h, S = made[-1].new_h, made[-1].new_S
    return made

def loss(params, inputs):
    rows = np.arange(inputs["labels"].shape[1])
    return float(sum(-np.log(f.out[rows, lab]).mean() for f, lab in zip(frames(params, inputs), inputs["labels"])))

def backward(params, inputs):
    g = {k: np.zeros_like(v) for k, v in params.items()}
    dh, dS = np.zeros_like(params["h0"]), np.zeros_like(params["S0"])
    for f, label in zip(reversed(frames(params, inputs)), inputs["labels"][::-1]):
        dh, dS = backward_frame(params, f, label, dh, dS, g)
    g["h0"], g["S0"] = dh, dS
    return g

def example(rng):
    T, n = rng.permutation([4, 5])
    B, D = rng.permutation([2, 3])
    M, K, depth = 6, int(rng.integers(3, 5)), 3
    r = rng.normal
    params = {"Wx": r(size=(D, n)), "Wh": r(size=(n, n)), "Wt": r(size=(M, n)), "bh": r(size=n), "Wa": r(size=(n, 3)), "ba": r(size=3),
              "Wv": r(size=(n, M)), "Wo": r(size=(n + M, K)), "h0": r(size=(B, n)), "S0": r(size=(B, depth, M))}
    return params, {"x": r(size=(T, B, D)), "labels": rng.integers(0, K, (T, B))}
