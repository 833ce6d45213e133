import numpy as np

# Kaggle web traffic: LSTM encoder, LSTM decoder which eats its own predictions, log-cosh loss


def sg(x):
    return 1 / (1 + np.exp(-x))


def cell(x, h, c, W, b):
    H = h.shape[1]
    xh = np.concatenate([x, h], axis=1)
    a = xh @ W + b
    i, f, o = sg(a[:, :H]), sg(a[:, H:2 * H]), sg(a[:, 2 * H:3 * H])
    g = np.tanh(a[:, 3 * H:])
    c2 = f * c + i * g
    tc = np.tanh(c2)
    return o * tc, c2, (xh, i, f, o, g, c, tc)


def cell_back(dh, dc, cache, W):
    xh, i, f, o, g, c, tc = cache
    do = dh * tc
    dc = dc + dh * o * (1 - tc**2)
    di, df, dg = dc * g, dc * c, dc * i
    da = np.concatenate(
        [di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g**2)], axis=1
    )
    dxh = da @ W.T
    nx = xh.shape[1] - dh.shape[1]
    return dxh[:, :nx], dxh[:, nx:], dc * f, xh.T @ da, da.sum(0)


def predict(P, visits, horizon):
    B, T = visits.shape
    h = np.tile(P["h_start"], (B, 1))
    c = np.tile(P["c_start"], (B, 1))
    enc, dec, preds = [], [], []
    for t in range(T):
        h, c, cache = cell(visits[:, t:t + 1], h, c, P["We"], P["be"])
        enc.append(cache)
    y = visits[:, -1:]
    for k in range(horizon):
        h, c, cache = cell(y, h, c, P["Wd"], P["bd"])
        y = h @ P["Wy"] + P["by"]
        dec.append((cache, h))
        preds.append(y)
    return np.hstack(preds), enc, dec


def gradients(P, visits, future):
    B, T = visits.shape
    horizon = future.shape[1]
    pred, enc, dec = predict(P, visits, horizon)
    dpred = np.tanh(pred - future) / (B * horizon)
    G = {k: np.zeros_like(v) for k, v in P.items()}
    H = P["h_start"].size
    dh, dc = np.zeros((B, H)), np.zeros((B, H))
    dy_fed = np.zeros((B, 1))
    for k in reversed(range(horizon)):
        cache, h = dec[k]
        dy = dpred[:, k:k + 1] + dy_fed
        G["Wy"] += h.T @ dy
        G["by"] += dy.sum(0)
        dh = dh + dy @ P["Wy"].T
        dy_fed, dh, dc, dW, db = cell_back(dh, dc, cache, P["Wd"])
        G["Wd"] += dW
        G["bd"] += db
    dvisits = np.zeros_like(visits)
    dvisits[:, -1] += dy_fed[:, 0]
    for t in reversed(range(T)):
        dx, dh, dc, dW, db = cell_back(dh, dc, enc[t], P["We"])
        dvisits[:, t] += dx[:, 0]
        G["We"] += dW
        G["be"] += db
    G["h_start"], G["c_start"] = dh.sum(0), dc.sum(0)
    G["visits"] = dvisits
    return G


def loss(params, inputs):
    pred, _, _ = predict(params, inputs["visits"], inputs["future"].shape[1])
    return float(np.mean(np.log(np.cosh(pred - inputs["future"]))))


def backward(params, inputs):
    return gradients(params, inputs["visits"], inputs["future"])


def example(rng):
    B, T, K, H = rng.integers(2, 4), rng.integers(3, 5), rng.integers(3, 5), rng.integers(2, 5)
    shapes = {"We": (1 + H, 4 * H), "be": 4 * H, "Wd": (1 + H, 4 * H), "bd": 4 * H,
              "Wy": (H, 1), "by": 1, "h_start": H, "c_start": H}
    params = {k: rng.normal(size=s) for k, s in shapes.items()}
    return params, {"visits": rng.normal(size=(B, T)), "future": rng.normal(size=(B, K))}
