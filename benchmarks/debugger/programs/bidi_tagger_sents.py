"""POS tagger: forward and backward Elman nets over one sentence after the other (plain lists)."""
import numpy as np


def elman(xs, h, W, U, b):
    hs = [h]
    for x in xs:
        hs.append(np.tanh(np.dot(W, x) + np.dot(U, hs[-1]) + b))
    return hs


def elman_back(dhs, xs, hs, W, U):
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros(len(U))
    dxs = [None] * len(xs)
    carry = np.zeros(len(U))
    for i in range(len(xs) - 1, -1, -1):
        da = (dhs[i] + carry) * (1 - hs[i + 1] ** 2)
        dW += np.outer(da, xs[i])
        dU += np.outer(da, hs[i])
        db += da
        dxs[i] = np.dot(da, W)
        carry = np.dot(da, U)
    return dW, dU, db, dxs, carry


def sentence(P, words):
    xs = [P["emb"][w] for w in words]
    left = elman(xs, P["l0"], P["Wl"], P["Ul"], P["bl"])
    right = elman(xs[::-1], P["r0"], P["Wr"], P["Ur"], P["br"])
    feats = [np.concatenate([a, b]) for a, b in zip(left[1:], reversed(right[1:]))]
    probs = []
    for f in feats:
        e = np.exp(np.dot(P["Wt"], f) + P["bt"])
        probs.append(e / e.sum())
    return xs, left, right, feats, probs


def loss(params, inputs):
    total, count = 0.0, 0
    for words, tags, n in zip(inputs["words"], inputs["tags"], inputs["n"]):
        probs = sentence(params, words[:n])[-1]
        total -= sum(np.log(q[y]) for q, y in zip(probs, tags))
        count += n
    return float(total / count)


def backward(params, inputs):
    P = params
    G = {name: np.zeros_like(value) for name, value in P.items()}
    count = inputs["n"].sum()
    H = len(P["l0"])
    for words, tags, n in zip(inputs["words"], inputs["tags"], inputs["n"]):
        words = words[:n]
        xs, left, right, feats, probs = sentence(P, words)
        dleft, dright = [], []
        for f, q, y in zip(feats, probs, tags):
            d = q / count
            d[y] -= 1 / count
            G["Wt"] += np.outer(d, f)
            G["bt"] += d
            df = np.dot(d, P["Wt"])
            dleft.append(df[:H])
            dright.append(df[H:])
        dW, dU, db, dxl, d0 = elman_back(dleft, xs, left, P["Wl"], P["Ul"])
        for name, d in zip(("Wl", "Ul", "bl", "l0"), (dW, dU, db, d0)):
            G[name] += d
        dW, dU, db, dxr, d0 = elman_back(dright[::-1], xs[::-1], right, P["Wr"], P["Ur"])
        for name, d in zip(("Wr", "Ur", "br", "r0"), (dW, dU, db, d0)):
            G[name] += d
        for w, a, b in zip(words, dxl, reversed(dxr)):
            G["emb"][w] += a + b
    return G


def example(rng):
    V, D, H, K, T = 5, int(rng.integers(2, 4)), int(rng.integers(3, 5)), 3, int(rng.integers(4, 6))
    N = rng.standard_normal
    P = {"emb": N((V, D)), "Wt": N((K, 2 * H + 1)), "bt": N(K)}
    for s, k in (("l", H), ("r", H + 1)):
        P.update({"W" + s: N((k, D)), "U" + s: N((k, k)), "b" + s: N(k), s + "0": N(k)})
    return P, {"words": rng.integers(0, V, (3, T)), "tags": rng.integers(0, K, (3, T)),
               "n": np.array([T, 3, T - 1])}
