"""Irregular series: between visits h follows dh/dt = tanh(h A + a) - h (Heun, K substeps);
at a visit the observed rows get an RNN update. Gaussian likelihood of the coming values."""
import numpy as np

K = 2


def field(h, A, a):
    s = np.tanh(h @ A + a)
    return s - h, s


def heun(h, tau, A, a):
    """tau (B,1). Returns the new state and what is needed to go back."""
    k1, s1 = field(h, A, a)
    mid = h + tau * k1
    k2, s2 = field(mid, A, a)
    return h + 0.5 * tau * (k1 + k2), (h, tau, k1, s1, mid, k2, s2)


def heun_adjoint(lam, saved, A):
    h, tau, k1, s1, mid, k2, s2 = saved
    dk2 = 0.5 * tau * lam
    p2 = dk2 * (1 - s2 ** 2)
    dmid = p2 @ A.T - dk2
    dk1 = 0.5 * tau * lam + tau * dmid
    p1 = dk1 * (1 - s1 ** 2)
    dtau = (lam * 0.5 * (k1 + k2) + dmid * k1).sum(1, keepdims=True)
    dA = h.T @ p1 + mid.T @ p2
    return lam + dmid + p1 @ A.T - dk1, dtau, dA, (p1 + p2).sum(0)


def simulate(p, x, gap, seen):
    B, T, D = x.shape
    h = np.repeat(p["h0"][None], B, axis=0)
    trace, nll = [], 0.0
    for i in range(T):
        subs = []
        for _ in range(K):
            h, saved = heun(h, gap[:, i, None] / K, p["A"], p["a"])
            subs.append(saved)
        before, m = h, seen[:, i, None]
        mu, logv = before @ p["M"] + p["m"], before @ p["S"] + p["s"]
        r = (x[:, i] - mu) * np.exp(-logv / 2)
        nll += 0.5 * np.sum(m * (logv + r ** 2)) / seen.sum()
        new = np.tanh(x[:, i] @ p["U"] + before @ p["W"] + p["b"])
        h = m * new + (1 - m) * before
        trace.append((subs, before, m, r, logv, new))
    return nll, trace


def loss(params, inputs):
    return float(simulate(params, inputs["x"], inputs["gap"], inputs["seen"])[0])


def backward(params, inputs):
    x, gap, seen = inputs["x"], inputs["gap"], inputs["seen"]
    trace = simulate(params, x, gap, seen)[1]
    G = {k: np.zeros(v.shape) for k, v in params.items()}
    dx, dgap = np.zeros(x.shape), np.zeros(gap.shape)
    lam = np.zeros((len(x), len(params["h0"])))
    for i in range(x.shape[1])[::-1]:
        subs, before, m, r, logv, new = trace[i]
        pre = m * lam * (1 - new ** 2)
        G["U"] += x[:, i].T @ pre
        G["W"] += before.T @ pre
        G["b"] += pre.sum(0)
        lam = (1 - m) * lam + pre @ params["W"].T
        dmu = -m * r * np.exp(-logv / 2) / seen.sum()
        dlogv = 0.5 * m * (1 - r ** 2) / seen.sum()
        dx[:, i] = pre @ params["U"].T - dmu
        for W, c, d in (("M", "m", dmu), ("S", "s", dlogv)):
            G[W] += before.T @ d
            G[c] += d.sum(0)
            lam += d @ params[W].T
        for saved in reversed(subs):
            lam, dtau, dA, da = heun_adjoint(lam, saved, params["A"])
            dgap[:, i] += dtau[:, 0] / K
            G["A"] += dA
            G["a"] += da
    G["h0"] = lam.sum(0)
    return {**G, "x": dx, "gap": dgap}


def example(rng):
    B, T, D, H = int(rng.integers(2, 4)), int(rng.integers(3, 6)), 2, int(rng.integers(3, 5))
    w = lambda *s: rng.normal(0, 0.7, s)
    p = dict(A=w(H, H), a=w(H), U=w(D, H), W=w(H, H), b=w(H), M=w(H, D), m=w(D), S=w(H, D), s=w(D), h0=w(H))
    seen = rng.integers(0, 2, (B, T))
    seen[0, :2], seen[1, 0], seen[:, -1] = (1, 0), 0, 1
    return p, dict(x=w(B, T, D), gap=rng.uniform(0.3, 1.5, (B, T)), seen=seen)
