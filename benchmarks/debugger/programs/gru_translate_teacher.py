"""Encoder-decoder GRU (Cho et al. style), trained with teacher forcing.

The last encoder state is the first decoder state, and is also shown to the decoder at every step
next to the embedding of the previous target word.  Token 0 is <pad>, token 1 is <s>.
"""
from typing import Dict, List, Tuple

import numpy as np

PAD, START = 0, 1
Params = Dict[str, np.ndarray]


def sigmoid(x):
    return 1. / (1. + np.exp(-x))


def gru_cell(x, h, p: Params, name: str) -> Tuple[np.ndarray, tuple]:
    """name is 'enc' or 'dec'; columns of the weights are reset | update | new."""
    W, U, bw, bu = (p[f"{name}_{k}"] for k in ("W", "U", "bw", "bu"))
    gx = np.split(x @ W + bw, 3, axis=1)
    gh = np.split(h @ U + bu, 3, axis=1)
    r = sigmoid(gx[0] + gh[0])
    z = sigmoid(gx[1] + gh[1])
    n = np.tanh(gx[2] + r * gh[2])
    h_new = (1 - z) * n + z * h
    return h_new, (x, h, r, z, n, gh[2])


def gru_cell_grad(dh_new, cache, p: Params, name: str, grads: Params):
    x, h, r, z, n, hn = cache
    dn = dh_new * (1 - z) * (1 - n * n)
    dz = dh_new * (h - n) * z * (1 - z)
    dr = dn * hn * r * (1 - r)
    dgx = np.concatenate([dr, dz, dn], axis=1)
    dgh = np.concatenate([dr, dz, dn * r], axis=1)
    grads[f"{name}_W"] += x.T @ dgx
    grads[f"{name}_U"] += h.T @ dgh
    grads[f"{name}_bw"] += dgx.sum(axis=0)
    grads[f"{name}_bu"] += dgh.sum(axis=0)
    dx = dgx @ p[f"{name}_W"].T
    dh = dgh @ p[f"{name}_U"].T + dh_new * z
    return dx, dh


def shift_right(target):
    """What the decoder reads when it is forced: <s> and all target words but the last."""
    shifted = np.roll(target, 1, axis=1)
    shifted[:, 0] = START
    return shifted


def forward(p: Params, source, target):
    batch, hidden = source.shape[0], p["enc_U"].shape[0]
    # --- encoder
    h = np.zeros((batch, hidden)) + p["h_init"]
    enc_caches: List[tuple] = []
    for tokens in source.T:
        h, cache = gru_cell(p["E_src"][tokens], h, p, "enc")
        enc_caches.append(cache)
    context = h

    # --- decoder, teacher forcing
    dec_caches, states, probs = [], [], []
    total = 0.
    for previous, tokens in zip(shift_right(target).T, target.T):
        x = np.concatenate([p["E_tgt"][previous], context], axis=1)
        h, cache = gru_cell(x, h, p, "dec")
        scores = h @ p["W_out"] + p["b_out"]
        prob = np.exp(scores - scores.max(axis=1, keepdims=True))
        prob /= prob.sum(axis=1, keepdims=True)
        real = tokens != PAD
        total -= np.sum(np.log(prob[np.arange(batch), tokens]) * real)
        dec_caches.append(cache)
        states.append(h)
        probs.append(prob)
    n_words = np.count_nonzero(target != PAD)
    return total / n_words, (enc_caches, dec_caches, states, probs)


def backprop(p: Params, source, target, saved) -> Params:
    enc_caches, dec_caches, states, probs = saved
    batch, n_src = source.shape
    n_tgt = target.shape[1]
    emb = p["E_tgt"].shape[1]
    n_words = np.count_nonzero(target != PAD)
    words_read = shift_right(target)
    grads = {k: np.zeros_like(w) for k, w in p.items()}

    dh = np.zeros_like(states[0])
    dcontext = np.zeros_like(states[0])
    for t in range(n_tgt - 1, -1, -1):
        dscores = probs[t].copy()
        dscores[np.arange(batch), target[:, t]] -= 1
        dscores *= (target[:, t] != PAD)[:, None] / n_words
        grads["W_out"] += states[t].T @ dscores
        grads["b_out"] += dscores.sum(axis=0)
        dh = dh + dscores @ p["W_out"].T
        dx, dh = gru_cell_grad(dh, dec_caches[t], p, "dec", grads)
        dcontext += dx[:, emb:]
        np.add.at(grads["E_tgt"], words_read[:, t], dx[:, :emb])

    dh = dh + dcontext
    for t in range(n_src - 1, -1, -1):
        dx, dh = gru_cell_grad(dh, enc_caches[t], p, "enc", grads)
        np.add.at(grads["E_src"], source[:, t], dx)
    grads["h_init"] = dh.sum(axis=0)
    return grads


def loss(params, inputs):
    return forward(params, inputs["source"], inputs["target"])[0]


def backward(params, inputs):
    _, saved = forward(params, inputs["source"], inputs["target"])
    return backprop(params, inputs["source"], inputs["target"], saved)


def example(rng):
    B, S, T, E, H = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    V_src, V_tgt = 8, 9
    params = {
        "E_src": rng.normal(size=(V_src, E)), "E_tgt": rng.normal(size=(V_tgt, E + 1)),
        "h_init": rng.normal(size=H),
        "W_out": rng.normal(size=(H, V_tgt)), "b_out": rng.normal(size=V_tgt),
    }
    for name, D in (("enc", E), ("dec", E + 1 + H)):
        params[f"{name}_W"] = rng.normal(size=(D, 3 * H)) * 0.7
        params[f"{name}_U"] = rng.normal(size=(H, 3 * H)) * 0.7
        params[f"{name}_bw"] = rng.normal(size=3 * H)
        params[f"{name}_bu"] = rng.normal(size=3 * H)
    target = rng.integers(2, V_tgt, size=(B, T))
    target[0, -1] = PAD
    target[1, -2:] = PAD
    return params, {"source": rng.integers(1, V_src, size=(B, S)), "target": target}
