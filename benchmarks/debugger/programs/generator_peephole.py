"""Peephole LSTM as generators: `unroll` yields the steps, `rewind` takes them from the end."""

from functools import reduce
from types import SimpleNamespace

import numpy as np

sig = lambda z: 1 / (1 + np.exp(-z))


def unroll(w, xs, h, c):
    for x in xs:
        xh = np.hstack([x, h])
        i = sig(xh @ w["Wi"] + w["bi"] + c * w["pi"])
        f = sig(xh @ w["Wf"] + w["bf"] + c * w["pf"])
        g = np.tanh(xh @ w["Wg"] + w["bg"])
        c_prev, c = c, f * c + i * g
        o = sig(xh @ w["Wo"] + w["bo"] + c * w["po"])
        h = o * np.tanh(c)
        yield SimpleNamespace(xh=xh, i=i, f=f, g=g, o=o, c=c, c_prev=c_prev, h=h)


def logits_and_probs(w, h):
    s = h @ w["V"] + w["d"]
    s = s - s.max(axis=1, keepdims=True)
    return s, np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)


def rewind(w, steps, probs, labels, mask):
    """Yield the gradients of one step after the other, the last one first; return the carry."""
    n_hidden = w["pi"].size
    dh_next = np.zeros_like(steps[0].h)
    dc_next = np.zeros_like(steps[0].c)
    for st, p, lab, m in zip(steps[::-1], probs[::-1], labels[::-1], mask[::-1]):
        ds = p.copy()
        ds[np.arange(len(lab)), lab] -= 1
        ds *= m[:, None] / mask.sum()
        dh = ds @ w["V"].T + dh_next
        tc = np.tanh(st.c)
        do = dh * tc * st.o * (1 - st.o)
        dc = dh * st.o * (1 - tc**2) + do * w["po"] + dc_next
        di = dc * st.g * st.i * (1 - st.i)
        df = dc * st.c_prev * st.f * (1 - st.f)
        dg = dc * st.i * (1 - st.g**2)
        dxh = di @ w["Wi"].T + df @ w["Wf"].T + dg @ w["Wg"].T + do @ w["Wo"].T
        dh_next = dxh[:, -n_hidden:]
        dc_next = dc * st.f + di * w["pi"] + df * w["pf"]
        grads = {"V": st.h.T @ ds, "d": ds.sum(0)}
        for name, da in zip("ifgo", (di, df, dg, do)):
            grads["W" + name] = st.xh.T @ da
            grads["b" + name] = da.sum(0)
        grads["pi"] = (di * st.c_prev).sum(0)
        grads["pf"] = (df * st.c_prev).sum(0)
        grads["po"] = (do * st.c).sum(0)
        yield grads
    return dh_next, dc_next


def add(left, right):
    return {k: left[k] + right[k] for k in left}


def loss(params, inputs):
    mask, total = inputs["mask"], 0.0
    for st, lab, m in zip(unroll(params, inputs["x"], inputs["h0"], inputs["c0"]), inputs["lab"], mask):
        s, p = logits_and_probs(params, st.h)
        total -= np.sum(m * np.log(p[np.arange(len(lab)), lab]))
    return float(total / mask.sum())


def backward(params, inputs):
    steps = list(unroll(params, inputs["x"], inputs["h0"], inputs["c0"]))
    probs = [logits_and_probs(params, st.h)[1] for st in steps]
    carry = {}

    def drain():
        carry["h0"], carry["c0"] = yield from rewind(params, steps, probs, inputs["lab"], inputs["mask"])

    return reduce(add, drain()) | carry


def example(rng):
    T, B, D, H, K = rng.integers(3, 6), rng.integers(2, 4), 2, rng.integers(3, 6), 4
    w = {"W" + n: 0.8 * rng.normal(size=(D + H, H)) for n in "ifgo"}
    w |= {"b" + n: rng.normal(size=H) for n in "ifgo"} | {"p" + n: rng.normal(size=H) for n in "ifo"}
    w |= {"V": rng.normal(size=(H, K)), "d": rng.normal(size=K)}
    mask = np.ones((T, B), dtype=int)
    mask[T - 1, 0] = mask[1, 1] = 0
    return w, {"x": rng.normal(size=(T, B, D)), "lab": rng.integers(0, K, (T, B)), "mask": mask,
               "h0": rng.normal(size=(B, H)), "c0": rng.normal(size=(B, H))}
