"""Date normaliser: GRU-free encoder, gated decoder, teacher forcing; targets are padded with -1."""
import numpy as np

START = 0


def sg(v):
    return np.tanh(v / 2) / 2 + 0.5


def encode(w, src, trace):
    h = np.repeat(w["enc_h0"][None], len(src), axis=0)
    for t in range(src.shape[1]):
        prev = h
        h = np.tanh(w["enc_emb"][src[:, t]] + prev @ w["enc_U"])
        trace.append(dict(ids=src[:, t], prev=prev, h=h))
    return h


def decode(w, ctx, tgt, trace):
    s = np.tanh(ctx @ w["bridge"])
    trace.append(dict(s=s))
    inp = np.full(len(tgt), START, dtype=int)
    nll = 0.0
    for t in range(tgt.shape[1]):
        prev, e = s, w["dec_emb"][inp]
        k = sg(e @ w["Kx"] + prev @ w["Kh"] + ctx @ w["Kc"])
        c = np.tanh(e @ w["Cx"] + prev @ w["Ch"] + ctx @ w["Cc"])
        s = k * prev + (1 - k) * c
        o = s @ w["out"] + w["out_b"]
        o = o - o.max(1, keepdims=True)
        q = np.exp(o) / np.exp(o).sum(1, keepdims=True)
        live = tgt[:, t] >= 0
        y = np.where(live, tgt[:, t], 0)
        nll -= np.sum(live * np.log(q[np.arange(len(y)), y]))
        trace.append(dict(ids=inp, prev=prev, e=e, k=k, c=c, s=s, q=q, live=live, y=y))
        inp = y
    return nll / np.sum(tgt >= 0)


def loss(params, inputs):
    return float(decode(params, encode(params, inputs["src"], []), inputs["tgt"], []))


def backward(params, inputs):
    w, tgt = params, inputs["tgt"]
    enc, dec = [], []
    ctx = encode(w, inputs["src"], enc)
    decode(w, ctx, tgt, dec)
    first = dec.pop(0)
    g = {n: np.zeros_like(a) for n, a in w.items()}
    dctx = np.zeros_like(ctx)
    ds = np.zeros_like(ctx @ w["bridge"])
    while dec:
        f = dec.pop()
        do = f["q"].copy()
        do[np.arange(len(do)), f["y"]] -= 1
        do *= f["live"][:, None] / np.sum(tgt >= 0)
        g["out"] += f["s"].T @ do
        g["out_b"] += do.sum(0)
        ds = ds + do @ w["out"].T
        dk = ds * (f["prev"] - f["c"]) * f["k"] * (1 - f["k"])
        dc = ds * (1 - f["k"]) * (1 - f["c"] ** 2)
        ds = ds * f["k"]
        de = np.zeros_like(f["e"])
        for letter, d in (("K", dk), ("C", dc)):
            g[letter + "x"] += f["e"].T @ d
            g[letter + "h"] += f["prev"].T @ d
            g[letter + "c"] += ctx.T @ d
            de += d @ w[letter + "x"].T
            ds += d @ w[letter + "h"].T
            dctx += d @ w[letter + "c"].T
        np.add.at(g["dec_emb"], f["ids"], de)
    da = ds * (1 - first["s"] ** 2)
    g["bridge"] += ctx.T @ da
    dh = dctx + da @ w["bridge"].T
    for f in enc[::-1]:
        da = dh * (1 - f["h"] ** 2)
        g["enc_U"] += f["prev"].T @ da
        np.add.at(g["enc_emb"], f["ids"], da)
        dh = da @ w["enc_U"].T
    g["enc_h0"] += dh.sum(0)
    return g


def example(rng):
    B, Ts, Tt, V, Vt, H, S, E = 3, int(rng.integers(3, 6)), int(rng.integers(4, 6)), 4, 3, int(rng.integers(3, 5)), 5, 2
    r = lambda *s: rng.normal(0, 0.9, s)
    w = dict(enc_emb=r(V, H), enc_U=r(H, H), enc_h0=r(H), bridge=r(H, S), dec_emb=r(Vt, E),
             Kx=r(E, S), Kh=r(S, S), Kc=r(H, S), Cx=r(E, S), Ch=r(S, S), Cc=r(H, S),
             out=r(S, Vt), out_b=r(Vt))
    tgt = rng.integers(0, Vt, (B, Tt))
    tgt[1, -1:] = -1
    tgt[2, -2:] = -1
    return w, dict(src=rng.integers(0, V, (B, Ts)), tgt=tgt)
