"""Sequence tagger: a GRU in each direction, merge mode "average", softmax at each step."""
from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy import ndarray


class GRUTrace(NamedTuple):
    x: ndarray      # (T, B, D), in the order in which it was read
    h: ndarray      # (T + 1, B, H), h[0] is the initial state
    z: ndarray      # the gates and the candidate: (T, B, H)
    r: ndarray
    n: ndarray


class GRUGrads(NamedTuple):
    kernel: ndarray
    recurrent: ndarray
    bias: ndarray
    x: ndarray
    h0: ndarray


def logistic(a: ndarray) -> ndarray:
    return 1.0 / (1.0 + np.exp(-a))


def gru(x: ndarray, h0: ndarray, kernel: ndarray, recurrent: ndarray, bias: ndarray) -> GRUTrace:
    T, B, _ = x.shape
    H = h0.shape[1]
    h = np.concatenate((h0[None], np.empty((T, B, H))))
    z, r, n = np.empty((3, T, B, H))
    ax = x @ kernel + bias
    Uzr, Un = recurrent[:, :2 * H], recurrent[:, 2 * H:]
    for t in range(T):
        zr = logistic(ax[t, :, :2 * H] + h[t] @ Uzr)
        z[t], r[t] = np.split(zr, 2, axis=1)
        n[t] = np.tanh(ax[t, :, 2 * H:] + (r[t] * h[t]) @ Un)
        h[t + 1] = (1 - z[t]) * h[t] + z[t] * n[t]
    return GRUTrace(x, h, z, r, n)


def gru_grads(tr: GRUTrace, dout: ndarray, kernel: ndarray, recurrent: ndarray) -> GRUGrads:
    T, B, H = dout.shape
    Uzr, Un = recurrent[:, :2 * H], recurrent[:, 2 * H:]
    da = np.empty((T, B, 3 * H))
    dUzr, dUn = np.zeros_like(Uzr), np.zeros_like(Un)
    dh = np.zeros((B, H))
    for t in range(T - 1, -1, -1):
        h, z, r, n = tr.h[t], tr.z[t], tr.r[t], tr.n[t]
        dh = dh + dout[t]
        dan = dh * z * (1 - n ** 2)
        drh = dan @ Un.T
        daz = dh * (n - h) * z * (1 - z)
        dar = drh * h * r * (1 - r)
        dazr = np.hstack((daz, dar))
        dUzr += h.T @ dazr
        dUn += (r * h).T @ dan
        dh = dh * (1 - z) + drh * r + dazr @ Uzr.T
        da[t] = np.hstack((dazr, dan))
    return GRUGrads(
        kernel=np.einsum("tbd,tbk->dk", tr.x, da),
        recurrent=np.hstack((dUzr, dUn)),
        bias=da.sum(axis=(0, 1)),
        x=da @ kernel.T,
        h0=dh,
    )


def softmax(s: ndarray) -> ndarray:
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def tag(p, x, tags, h0_fw, h0_bw):
    fw = gru(x, h0_fw, p["kernel_fw"], p["recurrent_fw"], p["bias_fw"])
    bw = gru(x[::-1], h0_bw, p["kernel_bw"], p["recurrent_bw"], p["bias_bw"])
    merged = (fw.h[1:] + bw.h[1:][::-1]) / 2
    prob = softmax(merged @ p["W_tag"] + p["b_tag"])
    T, B = tags.shape
    picked = prob[np.arange(T)[:, None], np.arange(B), tags]
    return fw, bw, merged, prob, -np.log(picked).mean()


def loss(params, inputs):
    return tag(params, **inputs)[-1]


def backward(params, inputs):
    fw, bw, merged, prob, _ = tag(params, **inputs)
    onehot = np.eye(prob.shape[-1])[inputs["tags"]]
    dscore = (prob - onehot) / inputs["tags"].size
    dmerged = dscore @ params["W_tag"].T
    dside = dmerged / 2
    gf = gru_grads(fw, dside, params["kernel_fw"], params["recurrent_fw"])
    gb = gru_grads(bw, dside[::-1], params["kernel_bw"], params["recurrent_bw"])
    return {
        "kernel_fw": gf.kernel, "recurrent_fw": gf.recurrent, "bias_fw": gf.bias, "h0_fw": gf.h0,
        "kernel_bw": gb.kernel, "recurrent_bw": gb.recurrent, "bias_bw": gb.bias, "h0_bw": gb.h0,
        "W_tag": np.einsum("tbh,tbc->hc", merged, dscore),
        "b_tag": dscore.sum(axis=(0, 1)), "x": gf.x + gb.x[::-1],
    }


def example(rng):
    T, B, D, H, C = (int(k) for k in rng.permutation([3, 4, 5, 6, 7]))
    params = {"W_tag": rng.normal(size=(H, C)) * 2, "b_tag": rng.normal(size=C)}
    for side in ("fw", "bw"):
        params["kernel_" + side] = rng.normal(size=(D, 3 * H))
        params["recurrent_" + side] = rng.normal(size=(H, 3 * H))
        params["bias_" + side] = rng.normal(size=3 * H)
    inputs = {
        "x": rng.normal(size=(T, B, D)),
        "tags": rng.integers(C, size=(T, B)),
        "h0_fw": rng.normal(size=(B, H)),
        "h0_bw": rng.normal(size=(B, H)),
    }
    return params, inputs
