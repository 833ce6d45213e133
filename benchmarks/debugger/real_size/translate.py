"""Phrase translation: GRU encoder, attentive GRU decoder, sentences as lists of ids."""
import numpy as np

PAD, BOS, EOS = 0, 1, 2
SRC_V, TGT_V = 45, 52
EMB, HID, ATT = 40, 64, 48


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def pad(seqs):
    n = max(len(s) for s in seqs)
    ids = np.full((n, len(seqs)), PAD)
    for k, s in enumerate(seqs):
        ids[:len(s), k] = s
    return ids, (ids != PAD).astype(float)


def gru(x, h, p, pre):
    """One step; update gate u keeps the old state."""
    gx = x @ p[pre + "_Wx"] + p[pre + "_b"]
    gh = h @ p[pre + "_Wh"]
    u = sigmoid(gx[:, :HID] + gh[:, :HID])
    r = sigmoid(gx[:, HID:2 * HID] + gh[:, HID:2 * HID])
    n = np.tanh(gx[:, 2 * HID:] + r * gh[:, 2 * HID:])
    return u * h + (1 - u) * n, {"x": x, "h": h, "u": u, "r": r, "n": n, "ghn": gh[:, 2 * HID:]}


def gru_back(dnew, s, p, pre, g):
    u, r, n = s["u"], s["r"], s["n"]
    du = dnew * (s["h"] - n) * u * (1 - u)
    dn = dnew * (1 - u) * (1 - n * n)
    dr = dn * s["ghn"] * r * (1 - r)
    dgx = np.hstack([du, dr, dn])
    dgh = np.hstack([du, dr, dn * r])
    g[pre + "_Wx"] += s["x"].T @ dgx
    g[pre + "_Wh"] += s["h"].T @ dgh
    g[pre + "_b"] += dgx.sum(axis=0)
    return dgx @ p[pre + "_Wx"].T, dgh @ p[pre + "_Wh"].T + dnew * u


def encode(p, src):
    ids, mask = pad(src)
    h = np.zeros((ids.shape[1], HID))
    tape, states = [], []
    for t in range(ids.shape[0]):
        new, s = gru(p["src_emb"][ids[t]], h, p, "enc")
        m = mask[t][:, None]
        h = m * new + (1 - m) * h
        s["m"], s["ids"] = m, ids[t]
        tape.append(s)
        states.append(h)
    return np.stack(states), mask, tape


def attend(p, h, enc, keys, mask):
    """Additive attention: enc (S, B, HID), keys (S, B, ATT)."""
    q = np.tanh(keys + h @ p["att_q"])
    score = q @ p["att_v"]
    score = np.where(mask > 0, score, -1e9)
    w = np.exp(score - score.max(axis=0))
    w /= w.sum(axis=0)
    ctx = np.einsum("sb,sbh->bh", w, enc)
    return ctx, {"q": q, "w": w, "query": h}


def forward(p, src, tgt):
    enc, src_mask, enc_tape = encode(p, src)
    keys = enc @ p["att_k"]
    ids, _ = pad([[BOS] + s for s in tgt])
    gold, gold_mask = pad([s + [EOS] for s in tgt])
    n_tok = gold_mask.sum()
    h = np.tanh(enc[-1] @ p["bridge"])
    h0 = h
    B = h.shape[0]
    tape, nll = [], 0.0
    for t in range(ids.shape[0]):
        ctx, a = attend(p, h, enc, keys, src_mask)
        emb = p["tgt_emb"][ids[t]]
        h, s = gru(np.hstack([emb, ctx]), h, p, "dec")
        feat = np.hstack([h, ctx])
        logit = feat @ p["out_W"] + p["out_b"]
        logit = logit - logit.max(axis=1, keepdims=True)
        prob = np.exp(logit)
        prob /= prob.sum(axis=1, keepdims=True)
        nll -= (gold_mask[t] * np.log(prob[np.arange(B), gold[t]])).sum()
        s.update(att=a, ids=ids[t], feat=feat, prob=prob, gold=gold[t], gm=gold_mask[t])
        tape.append(s)
    return nll / n_tok, dict(enc=enc, enc_tape=enc_tape, keys=keys, tape=tape, h0=h0, n_tok=n_tok)


def back_attend(p, dctx, a, enc, denc, dkeys, g):
    q, w = a["q"], a["w"]
    dw = np.einsum("bh,sbh->sb", dctx, enc)
    denc += w[:, :, None] * dctx
    dscore = w * (dw - (w * dw).sum(axis=0))
    g["att_v"] += np.einsum("sb,sba->a", dscore, q)
    dq = dscore[:, :, None] * p["att_v"] * (1 - q ** 2)
    dkeys += dq
    dquery = dq.sum(axis=0)
    g["att_q"] += a["query"].T @ dquery
    return dquery @ p["att_q"].T


def back(p, st):
    g = {k: np.zeros_like(v) for k, v in p.items()}
    enc, keys = st["enc"], st["keys"]
    denc, dkeys = np.zeros_like(enc), np.zeros_like(keys)
    dh = np.zeros_like(st["h0"])
    for s in reversed(st["tape"]):
        dlogit = s["prob"].copy()
        dlogit[np.arange(dlogit.shape[0]), s["gold"]] -= 1
        dlogit *= s["gm"][:, None] / st["n_tok"]
        g["out_W"] += s["feat"].T @ dlogit
        g["out_b"] += dlogit.sum(axis=0)
        dfeat = dlogit @ p["out_W"].T
        dx, dprev = gru_back(dh + dfeat[:, :HID], s, p, "dec", g)
        np.add.at(g["tgt_emb"], s["ids"], dx[:, :EMB])
        dctx = dfeat[:, HID:] + dx[:, EMB:]
        dh = dprev + back_attend(p, dctx, s["att"], enc, denc, dkeys, g)
    dpre = dh * (1 - st["h0"] ** 2)
    g["bridge"] += enc[-1].T @ dpre
    denc[-1] += dpre @ p["bridge"].T
    g["att_k"] += np.einsum("sbh,sba->ha", enc, dkeys)
    denc += dkeys @ p["att_k"].T
    dh = np.zeros_like(dh)
    for t in reversed(range(len(st["enc_tape"]))):
        s = st["enc_tape"][t]
        dh = dh + denc[t]
        dx, dprev = gru_back(s["m"] * dh, s, p, "enc", g)
        np.add.at(g["src_emb"], s["ids"], dx)
        dh = dprev + (1 - s["m"]) * dh
    return g


def init(rng):
    def mat(a, b):
        return rng.normal(0, 1 / np.sqrt(a), (a, b))
    return {"src_emb": rng.normal(0, 1, (SRC_V, EMB)), "tgt_emb": rng.normal(0, 1, (TGT_V, EMB)),
            "enc_Wx": mat(EMB, 3 * HID), "enc_Wh": mat(HID, 3 * HID), "enc_b": rng.normal(0, 0.1, 3 * HID),
            "dec_Wx": mat(EMB + HID, 3 * HID), "dec_Wh": mat(HID, 3 * HID), "dec_b": rng.normal(0, 0.1, 3 * HID),
            "bridge": mat(HID, HID),
            "att_k": 2 * mat(HID, ATT), "att_q": 2 * mat(HID, ATT), "att_v": rng.normal(0, 0.5, ATT),
            "out_W": mat(2 * HID, TGT_V), "out_b": rng.normal(0, 0.1, TGT_V)}


def loss(params, inputs):
    return forward(params, inputs["src"], inputs["tgt"])[0]


def backward(params, inputs):
    _, st = forward(params, inputs["src"], inputs["tgt"])
    return back(params, st)


def example(rng):
    src = [rng.integers(3, SRC_V, rng.integers(14, 25)).tolist() for _ in range(8)]
    tgt = [rng.integers(3, TGT_V, rng.integers(12, 22)).tolist() for _ in range(8)]
    return init(rng), {"src": src, "tgt": tgt}


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    params, data = example(rng)
    m = {k: np.zeros_like(v) for k, v in params.items()}
    v2 = {k: np.zeros_like(v) for k, v in params.items()}
    for it in range(1, 201):
        g = backward(params, data)
        for k in params:
            m[k] = 0.9 * m[k] + 0.1 * g[k]
            v2[k] = 0.999 * v2[k] + 0.001 * g[k] ** 2
            params[k] -= 0.002 * (m[k] / (1 - 0.9 ** it)) / (np.sqrt(v2[k] / (1 - 0.999 ** it)) + 1e-8)
        print(it, loss(params, data))
