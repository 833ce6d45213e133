"""Hyper-RNN: a small RNN scales the rows of the big one. Each op gives (value, pullback)."""
import numpy as np


def affine(x, W, b):
    return x @ W + b, lambda d: (d @ W.T, x.T @ d, d.sum(0))


def tanh(x):
    y = np.tanh(x)
    return y, lambda d: d * (1 - y * y)


def times(a, b):
    return a * b, lambda d: (d * b, d * a)


def join(*parts):
    cuts = np.cumsum([p.shape[1] for p in parts])[:-1]
    return np.concatenate(parts, axis=1), lambda d: np.split(d, cuts, axis=1)


def matmul(x, W):
    return x @ W, lambda d: (d @ W.T, x.T @ d)


def step(p, x, h, m):
    """One step; its pullback takes dh, dm and gives dx, dh, dm and the step's gradients."""
    cat, cat_vjp = join(x, h, m)
    pre, aff_vjp = affine(cat, p["Wm"], p["bm"])
    m2, m_vjp = tanh(pre)
    sh, sh_vjp = affine(m2, p["Zh"], p["zh"])
    sx, sx_vjp = affine(m2, p["Zx"], p["zx"])
    b, b_vjp = affine(m2, p["Zb"], p["zb"])
    hW, hW_vjp = matmul(h, p["Wh"])
    xW, xW_vjp = matmul(x, p["Wx"])
    rec, rec_vjp = times(sh, hW)
    inp, inp_vjp = times(sx, xW)
    h2, h_vjp = tanh(rec + inp + b)

    def pull(dh2, dm2):
        g = {}
        dsum = h_vjp(dh2)
        dsh, dhW = rec_vjp(dsum)
        dsx, dxW = inp_vjp(dsum)
        dh, g["Wh"] = hW_vjp(dhW)
        dx, g["Wx"] = xW_vjp(dxW)
        for vjp, d, W, z in ((sh_vjp, dsh, "Zh", "zh"), (sx_vjp, dsx, "Zx", "zx"), (b_vjp, dsum, "Zb", "zb")):
            dm_part, g[W], g[z] = vjp(d)
            dm2 = dm2 + dm_part
        dcat, g["Wm"], g["bm"] = aff_vjp(m_vjp(dm2))
        dx_c, dh_c, dm = cat_vjp(dcat)
        return dx + dx_c, dh + dh_c, dm, g

    return h2, m2, pull


def rollout(p, n):
    h, m = n["h0"], n["m0"]
    hs, pulls = [], []
    for x in n["x"]:
        h, m, pull = step(p, x, h, m)
        hs.append(h)
        pulls.append(pull)
    return hs, pulls


def loss(params, inputs):
    hs, _ = rollout(params, inputs)
    total = 0.0
    for h, y, w in zip(hs, inputs["y"], inputs["weight"]):
        total += w * np.sum(np.log(np.cosh(h @ params["V"] - y)))
    return float(total)


def backward(params, inputs):
    hs, pulls = rollout(params, inputs)
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dh, dm = np.zeros_like(inputs["h0"]), np.zeros_like(inputs["m0"])
    dxs = []
    for pull, h, y, w in zip(pulls[::-1], hs[::-1], inputs["y"][::-1], inputs["weight"][::-1]):
        r = w * np.tanh(h @ params["V"] - y)
        grads["V"] += h.T @ r
        dx, dh, dm, g = pull(dh + r @ params["V"].T, dm)
        dxs.append(dx)
        for k in g:
            grads[k] += g[k]
    return dict(grads, h0=dh, m0=dm, x=np.stack(dxs[::-1]))


def example(rng):
    T, B, D, H, M, O = int(rng.integers(3, 6)), int(rng.integers(2, 4)), 2, int(rng.integers(3, 5)), 2, 3
    w = lambda *s: rng.normal(0, 0.8, s)
    p = dict(Wm=w(D + H + M, M), bm=w(M), Zh=w(M, H), zh=w(H), Zx=w(M, H), zx=w(H), Zb=w(M, H), zb=w(H),
             Wh=w(H, H), Wx=w(D, H), V=w(H, O))
    return p, dict(x=w(T, B, D), h0=w(B, H), m0=w(B, M), y=w(T, B, O), weight=rng.uniform(0.3, 1.5, T))
