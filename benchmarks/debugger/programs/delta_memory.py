"""Fast weights with the delta rule: write v at key k into a matrix S, read it with q.

    S <- S + beta (v - S k) k^T,    o = rms_normalise(S q) * gain
"""

from functools import partial
from itertools import accumulate
from typing import NamedTuple

import numpy as np


class Write(NamedTuple):
    k: np.ndarray
    v: np.ndarray
    q: np.ndarray
    beta: np.ndarray
    S: np.ndarray
    err: np.ndarray


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_vjp(y, g):
    return y * (g - np.sum(g * y, axis=-1, keepdims=True))


def rms(x, eps=1e-2):
    return np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + eps)


def write(w, state, x):
    k, q = softmax(x @ w["Wk"]), softmax(x @ w["Wq"])
    v = x @ w["Wv"]
    beta = 1 / (1 + np.exp(-(x @ w["wb"])))[:, None]
    err = v - np.einsum("bvk,bk->bv", state.S, k)
    S = state.S + beta[..., None] * np.einsum("bv,bk->bvk", err, k)
    return Write(k, v, q, beta, S, err)


def scan(w, xs, S0):
    start = Write(None, None, None, None, S0, None)
    return list(accumulate(xs, partial(write, w), initial=start))


def cosine_loss(w, states, targets):
    """One minus the cosine of what is read and the target, summed over time, mean over batch."""
    value, grads = 0.0, []
    for s, y in zip(states[1:], targets):
        read = np.einsum("bvk,bk->bv", s.S, s.q)
        scale = rms(read)
        o = w["gain"] * read / scale
        no, ny = (np.sqrt(np.sum(a * a, axis=1, keepdims=True)) for a in (o, y))
        cos = np.sum(o * y, axis=1, keepdims=True) / (no * ny)
        value += np.mean(1 - cos)
        do = -(y / (no * ny) - cos * o / no**2) / len(y)
        dn = do * w["gain"]
        dread = (dn - read * np.mean(dn * read, axis=1, keepdims=True) / scale**2) / scale
        grads.append((dread, np.sum(do * read / scale, axis=0)))
    return value, grads


def backward(params, inputs):
    w, xs = params, inputs["x"]
    states = scan(w, xs, inputs["S0"])
    _, reads = cosine_loss(w, states, inputs["y"])
    dw = {name: np.zeros_like(value) for name, value in w.items()}
    dS, dxs = np.zeros_like(inputs["S0"]), []
    for before, now, x, (dread, dgain) in list(zip(states, states[1:], xs, reads))[::-1]:
        dw["gain"] += dgain
        dS = dS + np.einsum("bv,bk->bvk", dread, now.q)
        dq = np.einsum("bvk,bv->bk", now.S, dread)
        dSk = np.einsum("bvk,bk->bv", dS, now.k)
        derr = now.beta * dSk
        dbeta = np.sum(dSk * now.err, axis=1)
        dk = now.beta * np.einsum("bvk,bv->bk", dS, now.err) - np.einsum("bvk,bv->bk", before.S, derr)
        dS = dS - np.einsum("bv,bk->bvk", derr, now.k)
        dzk, dzq = softmax_vjp(now.k, dk), softmax_vjp(now.q, dq)
        dzb = dbeta * (now.beta * (1 - now.beta))[:, 0]
        for name, dz in (("Wk", dzk), ("Wq", dzq), ("Wv", derr), ("wb", dzb)):
            dw[name] += x.T @ dz
        dxs.append(dzk @ w["Wk"].T + dzq @ w["Wq"].T + derr @ w["Wv"].T + np.outer(dzb, w["wb"]))
    return dw | {"S0": dS, "x": np.stack(dxs[::-1])}


def loss(params, inputs):
    return float(cosine_loss(params, scan(params, inputs["x"], inputs["S0"]), inputs["y"])[0])


def example(rng):
    T, B, D, K, V = rng.integers(3, 6), rng.integers(2, 4), 2, rng.integers(3, 5), 5
    shapes = {"Wk": (D, K), "Wq": (D, K), "Wv": (D, V), "wb": (D,), "gain": (V,)}
    w = {name: rng.normal(size=s) for name, s in shapes.items()}
    return w, {"x": rng.normal(size=(T, B, D)), "S0": rng.normal(size=(B, V, K)), "y": rng.normal(size=(T, B, V))}
