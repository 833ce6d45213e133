import numpy as np

# %% helpers
sig = lambda v: 1.0 / (1.0 + np.exp(-v))


def log_softmax(s):
    s = s - s.max(axis=1, keepdims=True)
    return s - np.log(np.exp(s).sum(axis=1, keepdims=True))


# %% model: embedding -> GRU (padding keeps the state) -> mean of the states -> classes
def run(p, tokens, lengths):
    B, T = tokens.shape
    mask = (np.arange(T)[None, :] < lengths[:, None]).astype(float)
    emb = p["E"][tokens]
    h = np.tile(p["h_init"], (B, 1))
    pool = np.zeros_like(h)
    steps = []
    for t in range(T):
        x, m = emb[:, t], mask[:, t:t + 1]
        xh = np.hstack([x, h])
        zr = sig(xh @ p["Wg"] + p["bg"])
        z, r = np.split(zr, 2, axis=1)
        xrh = np.hstack([x, r * h])
        cand = np.tanh(xrh @ p["Wc"] + p["bc"])
        new = (1 - z) * h + z * cand
        steps.append((h, m, xh, z, r, xrh, cand))
        h = m * new + (1 - m) * h
        pool += m * h
    pool /= lengths[:, None]
    return log_softmax(pool @ p["Wy"] + p["by"]), pool, steps


# %% loss
def nll(p, tokens, lengths, label):
    logp, _, _ = run(p, tokens, lengths)
    return -logp[np.arange(len(label)), label].mean()


# %% gradients
def grads(p, tokens, lengths, label):
    logp, pool, steps = run(p, tokens, lengths)
    B = len(label)
    D = p["E"].shape[1]
    g = {k: np.zeros(v.shape) for k, v in p.items()}
    ds = np.exp(logp)
    ds[np.arange(B), label] -= 1
    ds /= B
    g["Wy"] = pool.T @ ds
    g["by"] = ds.sum(0)
    dpool = ds @ p["Wy"].T / lengths[:, None]
    dh = np.zeros_like(dpool)
    for t, (h, m, xh, z, r, xrh, cand) in reversed(list(enumerate(steps))):
        dh = dh + m * dpool
        dnew = m * dh
        dskip = (1 - m) * dh
        dz = dnew * (cand - h) * z * (1 - z)
        dcand = dnew * z * (1 - cand ** 2)
        g["Wc"] += xrh.T @ dcand
        g["bc"] += dcand.sum(0)
        dxrh = dcand @ p["Wc"].T
        drh = dxrh[:, D:]
        dr = drh * h * r * (1 - r)
        dzr = np.hstack([dz, dr])
        g["Wg"] += xh.T @ dzr
        g["bg"] += dzr.sum(0)
        dxh = dzr @ p["Wg"].T
        dh = dskip + dnew * (1 - z) + drh * r + dxh[:, D:]
        np.add.at(g["E"], tokens[:, t], dxrh[:, :D] + dxh[:, :D])
    g["h_init"] = dh.sum(0)
    return g


# %% interface
def loss(params, inputs):
    return float(nll(params, inputs["tokens"], inputs["lengths"], inputs["label"]))


def backward(params, inputs):
    return grads(params, inputs["tokens"], inputs["lengths"], inputs["label"])


def example(rng):
    V, D, H, K = 4, int(rng.integers(2, 4)), int(rng.integers(4, 6)), 3
    B, T = 3, int(rng.integers(4, 6))
    n = rng.standard_normal
    p = dict(E=n((V, D)), Wg=n((D + H, 2 * H)), bg=n(2 * H), Wc=n((D + H, H)), bc=n(H),
             h_init=n(H), Wy=n((H, K)), by=n(K))
    lengths = np.array([T, T - 1, 2])
    return p, dict(tokens=rng.integers(0, V, (B, T)), lengths=lengths, label=rng.integers(0, K, B))
