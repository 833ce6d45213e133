"""Linear Recurrent Unit (Orvieto et al. 2023): complex diagonal in polar form, real arithmetic."""
import numpy as np


def poles(nu, th):
    r = np.exp(-np.exp(nu))
    return r * np.cos(np.exp(th)), r * np.sin(np.exp(th)), np.sqrt(1 - r * r)


def poles_grad(nu, th, da, db, dgamma):
    r = np.exp(-np.exp(nu))
    ang = np.exp(th)
    dr = da * np.cos(ang) + db * np.sin(ang) - dgamma * r / np.sqrt(1 - r * r)
    dang = r * (db * np.cos(ang) - da * np.sin(ang))
    return -dr * r * np.exp(nu), dang * ang


def scan(a, b, vr, vi):
    re, im = np.zeros_like(vr), np.zeros_like(vi)
    re[:, 0], im[:, 0] = vr[:, 0], vi[:, 0]
    for t in range(1, vr.shape[1]):
        re[:, t] = a * re[:, t - 1] - b * im[:, t - 1] + vr[:, t]
        im[:, t] = b * re[:, t - 1] + a * im[:, t - 1] + vi[:, t]
    return re, im


def scan_grad(a, b, re, im, dre, dim):
    gr, gi = dre.copy(), dim.copy()
    da = np.zeros_like(a)
    db = np.zeros_like(b)
    for t in range(gr.shape[1] - 1, 0, -1):
        da += (gr[:, t] * re[:, t - 1] + gi[:, t] * im[:, t - 1]).sum(0)
        db += (gi[:, t] * re[:, t - 1] - gr[:, t] * im[:, t - 1]).sum(0)
        gr[:, t - 1] += a * gr[:, t] + b * gi[:, t]
        gi[:, t - 1] += a * gi[:, t] - b * gr[:, t]
    return da, db, gr, gi


def run(p, u, y, mask):
    a, b, gamma = poles(p["nu"], p["th"])
    br, bi = u @ p["Br"], u @ p["Bi"]
    re, im = scan(a, b, gamma * br, gamma * bi)
    out = np.tanh(re @ p["Cr"] - im @ p["Ci"] + u * p["D"])
    err = (out + u - y) * mask[..., None]
    return 0.5 * (err ** 2).sum() / mask.sum(), (a, b, gamma, br, bi, re, im, out, err)


def loss(params, inputs):
    return float(run(params, inputs["u"], inputs["y"], inputs["mask"])[0])


def backward(params, inputs):
    p, u, mask = params, inputs["u"], inputs["mask"]
    _, (a, b, gamma, br, bi, re, im, out, err) = run(p, u, inputs["y"], mask)
    err = err / mask.sum()
    dpre = err * (1 - out ** 2)
    g = {"D": np.einsum("btd,btd->d", dpre, u)}
    g["Cr"] = np.einsum("btn,btd->nd", re, dpre)
    g["Ci"] = -np.einsum("btn,btd->nd", im, dpre)
    da, db, gr, gi = scan_grad(a, b, re, im, dpre @ p["Cr"].T, -dpre @ p["Ci"].T)
    dgamma = (gr * br + gi * bi).sum((0, 1))
    g["nu"], g["th"] = poles_grad(p["nu"], p["th"], da, db, dgamma)
    gr *= gamma
    gi *= gamma
    g["Br"] = np.einsum("btd,btn->dn", u, gr)
    g["Bi"] = np.einsum("btd,btn->dn", u, gi)
    g["u"] = err + dpre * p["D"] + gr @ p["Br"].T + gi @ p["Bi"].T
    return g


def example(rng):
    B, T, d, N = rng.integers(2, 4), rng.integers(4, 6), 3, 5
    w = lambda *s: rng.standard_normal(s)
    params = {"nu": 0.4 * w(N) - 0.7, "th": 0.5 * w(N), "Br": w(d, N), "Bi": w(d, N),
              "Cr": w(N, d), "Ci": w(N, d), "D": w(d)}
    mask = (np.arange(T) < rng.integers(2, T + 1, B)[:, None]).astype(int)
    mask[0] = 1
    return params, {"u": w(B, T, d), "y": w(B, T, d), "mask": mask}
