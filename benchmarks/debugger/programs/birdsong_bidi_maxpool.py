# Which species sing in the clip? Forward + backward GRU-free tanh RNN over spectrogram frames,
# max over time, squared one-vs-rest hinge, clips padded at the end.
import numpy as np


def scan(x, n, W, U, b, h0):
    """x: (T, B, D), n: lengths. Past the end of a clip the state stays."""
    hs = [np.broadcast_to(h0, (x.shape[1], len(h0)))]
    for t in range(len(x)):
        live = (t < n)[:, None]
        hs.append(np.where(live, np.tanh(x[t] @ W + hs[-1] @ U + b), hs[-1]))
    return hs


def scan_grad(dout, hs, x, n, U):
    """dout: (T, B, H) gradient of hs[1:]"""
    dW, dU, db = 0, 0, 0
    dh = np.zeros_like(dout[0])
    for t in range(len(x) - 1, -1, -1):
        live = (t < n)[:, None]
        dh = dh + dout[t]
        da = np.where(live, dh * (1 - hs[t + 1] ** 2), 0.0)
        dW = dW + np.einsum("bd,bh->dh", x[t], da)
        dU = dU + np.einsum("bg,bh->gh", hs[t], da)
        db = db + da.sum(0)
        dh = np.where(live, da @ U.T, dh)
    return dW, dU, db, dh.sum(0)


def flip(x, n):
    """Reverse each clip within its own length."""
    y = x.copy()
    for b, k in enumerate(n):
        y[:k, b] = x[:k, b][::-1]
    return y


def score(p, x, n):
    hf = scan(x, n, p["Wf"], p["Uf"], p["bf"], p["hf"])
    xr = flip(x, n)
    hb = scan(xr, n, p["Wb"], p["Ub"], p["bb"], p["hb"])
    both = np.concatenate([np.array(hf[1:]), flip(np.array(hb[1:]), n)], axis=2)
    valid = np.arange(len(x))[:, None] < n
    shown = np.where(valid[:, :, None], both, -np.inf)
    pooled = shown.max(0)
    return pooled @ p["V"] + p["d"], (hf, hb, xr, shown, pooled)


def loss(params, inputs):
    s, _ = score(params, inputs["spec"], inputs["n"])
    margin = np.maximum(0, 1 - inputs["sign"] * s)
    return float(np.sum(inputs["rarity"] * margin ** 2) / len(s))


def backward(params, inputs):
    p, x, n = params, inputs["spec"], inputs["n"]
    s, (hf, hb, xr, shown, pooled) = score(p, x, n)
    margin = np.maximum(0, 1 - inputs["sign"] * s)
    ds = -2 * inputs["rarity"] * margin * inputs["sign"] / len(s)
    g = dict(V=pooled.T @ ds, d=ds.sum(0))
    dpool = ds @ p["V"].T
    B, H2 = pooled.shape
    winner = shown.argmax(0)
    dboth = np.zeros(shown.shape)
    dboth[winner, np.arange(B)[:, None], np.arange(H2)] = dpool
    half = len(p["bf"])
    dfw, dbw = dboth[:, :, :half], flip(dboth[:, :, half:], n)
    g["Wf"], g["Uf"], g["bf"], g["hf"] = scan_grad(dfw, hf, x, n, p["Uf"])
    g["Wb"], g["Ub"], g["bb"], g["hb"] = scan_grad(dbw, hb, xr, n, p["Ub"])
    return g


def example(rng):
    T, B, D, H, G, C = 5, 3, int(rng.integers(2, 4)), int(rng.integers(4, 6)), int(rng.integers(4, 6)), 2
    r = lambda *s: rng.normal(size=s)
    p = dict(Wf=r(D, H) * .7, Uf=r(H, H) * .7, bf=r(H) * .5, hf=r(H), Wb=r(D, G) * .7, Ub=r(G, G) * .7,
             bb=r(G) * .5, hb=r(G), V=r(H + G, C) * .5, d=r(C) * .3)
    return p, dict(spec=r(T, B, D), n=np.array([5, 3, 4]), sign=rng.choice([-1., 1.], (B, C)),
                   rarity=rng.random(C) + .5)
