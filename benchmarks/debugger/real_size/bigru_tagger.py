# POS tagger, bidirectional GRU, time-major (T, B, ...)
# tokens are bucketed to 60 word shapes, plus 6 hand made features per token
import numpy as np

V = 60
E = 32
F = 6
H = 56
TAGS = 17
T = 30
B = 12


def sigm(a):
    return 1. / (1. + np.exp(-a))


def gru_step(x, h, m, Wi, Wh, bi, bh):
    gi = x @ Wi.T + bi
    gh = h @ Wh.T + bh
    ir, iz, in_ = np.split(gi, 3, axis=1)
    hr, hz, hn = np.split(gh, 3, axis=1)
    r = sigm(ir + hr)
    z = sigm(iz + hz)
    n = np.tanh(in_ + r * hn)
    hy = (n + z * (h - n)) * m
    return hy, (x, h, m, r, z, n, hn)


def gru_step_back(dhy, cache, Wi, Wh):
    x, h, m, r, z, n, hn = cache
    d = dhy * m
    dz = d * (h - n)
    dn = d * (1 - z)
    dh = d * z
    dan = dn * (1 - n * n)
    daz = dz * z * (1 - z)
    dr = dan * hn
    dar = dr * r * (1 - r)
    dgi = np.concatenate([dar, daz, dan], axis=1)
    dgh = np.concatenate([dar, daz, dan * r], axis=1)
    dx = dgi @ Wi
    dh = dh + dgh @ Wh
    dWi = dgi.T @ x
    dWh = dgh.T @ h
    dbi = dgi.sum(0)
    dbh = dgh.sum(0)
    return dx, dh, dWi, dWh, dbi, dbh


def gru_run(X, M, Wi, Wh, bi, bh, order):
    h = np.zeros((X.shape[1], H))
    out = np.zeros((X.shape[0], X.shape[1], H))
    caches = []
    for t in order:
        h, cache = gru_step(X[t], h, M[t][:, None], Wi, Wh, bi, bh)
        out[t] = h
        caches.append(cache)
    return out, caches


def gru_run_back(dout, caches, Wi, Wh, order):
    dWi = np.zeros_like(Wi)
    dWh = np.zeros_like(Wh)
    dbi = np.zeros(3 * H)
    dbh = np.zeros(3 * H)
    dX = np.zeros((dout.shape[0], dout.shape[1], Wi.shape[1]))
    dh = np.zeros((dout.shape[1], H))
    for t in reversed(order):
        cache = caches.pop()
        dx, dh, a, b, c, d = gru_step_back(dh + dout[t], cache, Wi, Wh)
        dX[t] = dx
        dWi += a
        dWh += b
        dbi += c
        dbh += d
    return dX, dWi, dWh, dbi, dbh


def forward(p, tokens, feats, tags, mask):
    X = np.concatenate([p['emb'][tokens], feats], axis=2)
    order = list(range(X.shape[0]))
    hf, cf = gru_run(X, mask, p['fWi'], p['fWh'], p['fbi'], p['fbh'], order)
    hb, cb = gru_run(X, mask, p['bWi'], p['bWh'], p['bbi'], p['bbh'], order[::-1])
    hcat = np.concatenate([hf, hb], axis=2)
    scores = hcat @ p['Wo'].T + p['bo']
    scores = scores - scores.max(axis=2, keepdims=True)
    logp = scores - np.log(np.exp(scores).sum(axis=2, keepdims=True))
    tt, bb = np.indices(tags.shape)
    nll = -logp[tt, bb, tags] * mask
    L = nll.sum() / mask.sum()
    return L, (hcat, logp, cf, cb, order)


def get_grads(p, tokens, feats, tags, mask):
    L, (hcat, logp, cf, cb, order) = forward(p, tokens, feats, tags, mask)
    g = {}
    tt, bb = np.indices(tags.shape)
    ds = np.exp(logp)
    ds[tt, bb, tags] -= 1
    ds = ds * mask[:, :, None] / mask.sum()
    g['Wo'] = np.tensordot(ds, hcat, axes=([0, 1], [0, 1]))
    g['bo'] = ds.sum(axis=(0, 1))
    dcat = ds @ p['Wo']
    dXf, g['fWi'], g['fWh'], g['fbi'], g['fbh'] = gru_run_back(dcat[:, :, :H], cf, p['fWi'], p['fWh'], order)
    dXb, g['bWi'], g['bWh'], g['bbi'], g['bbh'] = gru_run_back(dcat[:, :, H:], cb, p['bWi'], p['bWh'], order[::-1])
    dX = dXf + dXb
    g['emb'] = np.zeros_like(p['emb'])
    np.add.at(g['emb'], tokens.ravel(), dX[:, :, :E].reshape(-1, E))
    g['feats'] = dX[:, :, E:]
    return g


def accuracy(p, tokens, feats, tags, mask):
    _, (hcat, logp, cf, cb, order) = forward(p, tokens, feats, tags, mask)
    return ((logp.argmax(2) == tags) * mask).sum() / mask.sum()


def loss(params, inputs):
    return forward(params, inputs['tokens'], inputs['feats'], inputs['tags'], inputs['mask'])[0]


def backward(params, inputs):
    return get_grads(params, inputs['tokens'], inputs['feats'], inputs['tags'], inputs['mask'])


def example(rng):
    k = 1 / np.sqrt(H)
    u = lambda *s: rng.uniform(-k, k, s)
    params = {'emb': rng.normal(0, .5, (V, E))}
    for d in 'fb':
        params[d + 'Wi'] = u(3 * H, E + F)
        params[d + 'Wh'] = u(3 * H, H)
        params[d + 'bi'] = u(3 * H)
        params[d + 'bh'] = u(3 * H)
    params['Wo'] = u(TAGS, 2 * H)
    params['bo'] = u(TAGS)
    lens = rng.integers(T // 2, T + 1, B)
    lens[0] = T
    mask = (np.arange(T)[:, None] < lens[None, :]) * 1.0
    inputs = {
        'tokens': rng.integers(0, V, (T, B)),
        'feats': rng.normal(0, 1, (T, B, F)),
        'tags': rng.integers(0, TAGS, (T, B)),
        'mask': mask,
    }
    return params, inputs


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    P, I = example(rng)
    for step in range(300):
        G = backward(P, I)
        for k in P:
            P[k] = P[k] - 1.0 * G[k]
        if step % 25 == 0:
            print(step, loss(P, I), accuracy(P, I['tokens'], I['feats'], I['tags'], I['mask']))
