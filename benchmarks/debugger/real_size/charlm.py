"""Character language model, GRU x 2, tied input/output embedding, stateful batches."""
import numpy as np

chars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ .,;:'!?-\n()"
V = len(chars)
H = 96
LAYERS = 2
SEQ = 40
BS = 16


def sigm(x):
    return (1 / (1 + np.exp(-x))).astype(x.dtype)


def gru_forward(x, h, Wrz, brz, Wc, bc):
    xh = np.concatenate([x, h], axis=1)
    rz = sigm(xh @ Wrz + brz)
    r = rz[:, :H]
    z = rz[:, H:]
    xrh = np.concatenate([x, r * h], axis=1)
    c = np.tanh(xrh @ Wc + bc)
    hn = z * h + (1 - z) * c
    return hn, (xh, xrh, r, z, c, h)


def gru_backward(dhn, cache, Wrz, Wc, dWrz, dbrz, dWc, dbc):
    xh, xrh, r, z, c, h = cache
    dz = dhn * (h - c)
    dc = dhn * (1 - z) * (1 - c * c)
    dh = dhn * z
    dWc += xrh.T @ dc
    dbc += dc.sum(0)
    dxrh = dc @ Wc.T
    dx = dxrh[:, :H]
    drh = dxrh[:, H:]
    dr = drh * h
    dh += drh * r
    drz = np.concatenate([dr * r * (1 - r), dz * z * (1 - z)], axis=1)
    dWrz += xh.T @ drz
    dbrz += drz.sum(0)
    dxh = drz @ Wrz.T
    dx = dx + dxh[:, :H]
    dh = dh + dxh[:, H:]
    return dx, dh


def lm_forward(p, ids, targets, h0, drop):
    """ids, targets: list of SEQ lists of BS character numbers."""
    hs = [h0[l] for l in range(LAYERS)]
    caches = []
    total = 0.0
    for t in range(len(ids)):
        x = p["E"][ids[t]]
        step = {"ids": ids[t], "gru": []}
        for l in range(LAYERS):
            x = x * drop[l]
            hs[l], cache = gru_forward(x, hs[l], p[f"Wrz{l}"], p[f"brz{l}"], p[f"Wc{l}"], p[f"bc{l}"])
            step["gru"].append(cache)
            x = hs[l]
        x = x * drop[LAYERS]
        y = x @ p["M"]
        logits = y @ p["E"].T + p["bo"]
        logits -= logits.max(axis=1, keepdims=True)
        e = np.exp(logits)
        prob = e / e.sum(axis=1, keepdims=True)
        step["top"], step["y"], step["prob"], step["tgt"] = x, y, prob, targets[t]
        total -= np.log(prob[np.arange(len(targets[t])), targets[t]]).sum()
        caches.append(step)
    count = len(ids) * len(ids[0])
    return total / count, caches, hs


def lm_backward(p, caches, drop):
    g = {k: np.zeros_like(v) for k, v in p.items()}
    count = len(caches) * len(caches[0]["ids"])
    dhs = [np.zeros_like(caches[0]["top"]) for _ in range(LAYERS)]
    for step in reversed(caches):
        dlog = step["prob"].copy()
        dlog[np.arange(len(step["tgt"])), step["tgt"]] -= 1
        dlog /= count
        g["bo"] += dlog.sum(0)
        g["E"] += dlog.T @ step["y"]
        dy = dlog @ p["E"]
        g["M"] += step["top"].T @ dy
        dx = dy @ p["M"].T
        dx = dx * drop[LAYERS]
        for l in reversed(range(LAYERS)):
            dx, dhs[l] = gru_backward(dx + dhs[l], step["gru"][l], p[f"Wrz{l}"], p[f"Wc{l}"],
                                      g[f"Wrz{l}"], g[f"brz{l}"], g[f"Wc{l}"], g[f"bc{l}"])
            dx = dx * drop[l]
        np.add.at(g["E"], step["ids"], dx)
    g["h0"] = np.stack(dhs)
    return g


def new_params(rng):
    f = lambda *s: (rng.standard_normal(s) / np.sqrt(s[0])).astype(np.float32)
    p = {"E": (0.5 * rng.standard_normal((V, H))).astype(np.float32),
         "M": f(H, H),
         "bo": (0.1 * rng.standard_normal(V)).astype(np.float32)}
    for l in range(LAYERS):
        p[f"Wrz{l}"] = f(2 * H, 2 * H)
        p[f"brz{l}"] = (0.2 * rng.standard_normal(2 * H)).astype(np.float32)
        p[f"Wc{l}"] = f(2 * H, H)
        p[f"bc{l}"] = (0.2 * rng.standard_normal(H)).astype(np.float32)
    return p


def new_dropout(rng, keep=0.9):
    return ((rng.random((LAYERS + 1, BS, H)) < keep) / keep).astype(np.float32)


def loss(params, inputs):
    return float(lm_forward(params, inputs["ids"], inputs["targets"], inputs["h0"], inputs["drop"])[0])


def backward(params, inputs):
    _, caches, _ = lm_forward(params, inputs["ids"], inputs["targets"], inputs["h0"], inputs["drop"])
    return lm_backward(params, caches, inputs["drop"])


def example(rng):
    stream = rng.integers(0, V, (SEQ + 1, BS)).tolist()
    return new_params(rng), {"ids": stream[:-1], "targets": stream[1:],
                             "h0": (0.3 * rng.standard_normal((LAYERS, BS, H))).astype(np.float32),
                             "drop": new_dropout(rng)}


if __name__ == "__main__":
    import sys
    rng = np.random.default_rng(1)
    text = [chars.index(ch) for ch in open(sys.argv[1]).read() if ch in chars]
    params = new_params(rng)
    rows = len(text) // BS
    data = np.array(text[:rows * BS]).reshape(BS, rows).T
    h = np.zeros((LAYERS, BS, H), np.float32)
    for i in range(0, rows - SEQ - 1, SEQ):
        drop = new_dropout(rng)
        nll, caches, hs = lm_forward(params, data[i:i + SEQ].tolist(), data[i + 1:i + SEQ + 1].tolist(), h, drop)
        g = lm_backward(params, caches, drop)
        for k in params:
            params[k] -= 1.0 * np.clip(g[k], -0.1, 0.1)
        h = np.stack(hs)
        print(i, nll)
