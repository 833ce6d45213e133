"""minGRU without a loop over time: h = M (z*g) + exp(L) h0 with M[t,s] = prod_{s<r<=t} (1 - z_r)."""
from collections import namedtuple

import numpy as np

Saved = namedtuple("Saved", "x z v cum M h0")


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def positive(v):
    """The g of the minGRU paper: v + 1/2 above zero, sigmoid below."""
    return np.where(v >= 0, v + 0.5, sigmoid(v))


def positive_grad(v):
    s = sigmoid(v)
    return np.where(v >= 0, 1.0, s * (1 - s))


def mingru(x, Wz, bz, Wg, bg, h0):
    k = x @ Wz + bz
    z = sigmoid(k)
    v = x @ Wg + bg
    g = positive(v)
    cum = np.cumsum(-np.logaddexp(0, k), axis=1)           # log of the product of 1 - z
    T = x.shape[1]
    tri = np.tril(np.ones((T, T)))[None, :, :, None]
    M = tri * np.exp(tri * (cum[:, :, None] - cum[:, None, :]))
    h = np.einsum("btsd,bsd->btd", M, z * g) + np.exp(cum) * h0
    return h, Saved(x, z, v, cum, M, h0)


def mingru_vjp(dh, c, Wz, Wg):
    g = positive(c.v)
    u = c.z * g
    du = np.einsum("btsd,btd->bsd", c.M, dh)
    start = np.exp(c.cum)
    dh0 = np.einsum("btd,btd->d", dh, start)
    dpair = np.einsum("btd,btsd,bsd->btsd", dh, c.M, u)
    dcum = dpair.sum(axis=2) - dpair.sum(axis=1) + dh * start * c.h0
    dlog = np.flip(np.cumsum(np.flip(dcum, 1), axis=1), 1)
    dz = du * g
    dk = dz * c.z * (1 - c.z) - dlog * c.z
    dv = du * c.z * positive_grad(c.v)
    grads = [np.einsum("bti,btd->id", c.x, dk), dk.sum((0, 1)),
             np.einsum("bti,btd->id", c.x, dv), dv.sum((0, 1)), dh0]
    return dk @ Wz.T + dv @ Wg.T, grads


LAYERS = (0, 1)
PER_LAYER = ("Wz", "bz", "Wg", "bg", "h")


def network(p, x):
    saved, top = [], x
    for i in LAYERS:
        h, s = mingru(top, *(p[f"{n}{i}"] for n in PER_LAYER))
        top = h if i == 0 else top + h                      # residual from the second layer on
        saved.append(s)
    return top, saved


def margins(p, n):
    top, saved = network(p, n["x"])
    weight = n["keep"] / n["keep"].sum(1, keepdims=True)
    pooled = np.einsum("bt,btd->bd", weight, top)
    score = pooled @ p["U"] + p["c"]
    sign = np.where(np.arange(score.shape[1]) == n["label"][:, None], 1.0, -1.0)
    return saved, weight, pooled, sign, np.maximum(0, 1 - sign * score)


def loss(params, inputs):
    return float((margins(params, inputs)[-1] ** 2).sum(1).mean())


def backward(params, inputs):
    saved, weight, pooled, sign, m = margins(params, inputs)
    dscore = -2 * m * sign / len(m)
    out = {"U": pooled.T @ dscore, "c": dscore.sum(0)}
    dtop = weight[:, :, None] * (dscore @ params["U"].T)[:, None, :]
    for i in reversed(LAYERS):
        dbelow, grads = mingru_vjp(dtop, saved[i], params[f"Wz{i}"], params[f"Wg{i}"])
        out.update({f"{n}{i}": d for n, d in zip(PER_LAYER, grads)})
        dtop = dbelow + dtop if i > 0 else dbelow
    out["x"] = dtop
    return out


def example(rng):
    B, T, D, H = int(rng.integers(2, 4)), int(rng.integers(4, 6)), int(rng.integers(2, 4)), 4
    w = lambda *s: rng.normal(0, 0.9, s)
    p = {}
    for i, d in enumerate((D, H)):
        p.update({f"Wz{i}": w(d, H), f"bz{i}": w(H), f"Wg{i}": w(d, H), f"bg{i}": w(H), f"h{i}": w(H)})
    p.update(U=w(H, 3), c=w(3))
    keep = (np.arange(T) < rng.integers(2, T + 1, (B, 1))).astype(int)
    return p, dict(x=w(B, T, D), keep=keep, label=rng.integers(0, 3, B))
