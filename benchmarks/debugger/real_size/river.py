"""One-day-ahead river discharge with uncertainty.

A single gauge (no batch): two layers of layer-normalised tanh recurrence with a
residual connection, Gaussian log-likelihood with predicted mean and log sigma.
"""
import numpy as np

settings = {
    "days": 80,
    "forcing": 10,      # rain, snow melt, temperature, ...
    "hidden": 64,
    "layers": 2,
    "warmup": 10,       # days left out of the likelihood
    "eps": 1e-5,
    "decay": 1e-3,
}


def layer_norm(a, gain, shift, eps):
    mu = a.mean()
    inv = 1.0 / np.sqrt(a.var() + eps)
    ahat = (a - mu) * inv
    return gain * ahat + shift, ahat, inv


def layer_norm_grad(dy, ahat, inv, gain):
    dahat = dy * gain
    return inv * (dahat - dahat.mean() - ahat * (dahat * ahat).mean())


def run(p, forcing, flow, cfg=settings):
    T, L, H = cfg["days"], cfg["layers"], cfg["hidden"]
    buf = {
        "inp": [np.zeros((T, cfg["forcing"] + 1 if l == 0 else H), np.float32) for l in range(L)],
        "h": np.zeros((L, T + 1, H), np.float32),
        "y": np.zeros((L, T, H), np.float32),
        "ahat": np.zeros((L, T, H), np.float32),
        "inv": np.zeros((L, T), np.float32),
        "mean": np.zeros(T, np.float32),
        "logsig": np.zeros(T, np.float32),
        "res": np.zeros(T, np.float32),
    }
    nll = 0.0
    for t in range(T):
        x = np.append(forcing[t], flow[t])
        for l in range(L):
            buf["inp"][l][t] = x
            a = p["Wx"] @ x if l == 0 else p["Wy"][l - 1] @ x
            a = a + p["Wh"][l] @ buf["h"][l, t]
            pre, buf["ahat"][l, t], buf["inv"][l, t] = layer_norm(a, p["gain"][l], p["shift"][l], cfg["eps"])
            h = np.tanh(pre)
            buf["h"][l, t + 1] = h
            x = h if l == 0 else h + x
            buf["y"][l, t] = x
        buf["mean"][t] = flow[t] + p["vm"] @ x + p["cm"][0]
        buf["logsig"][t] = p["vs"] @ x + p["cs"][0]
        if t >= cfg["warmup"]:
            buf["res"][t] = (flow[t + 1] - buf["mean"][t]) * np.exp(-buf["logsig"][t])
            nll += 0.5 * buf["res"][t] ** 2 + buf["logsig"][t]
    nll = nll / (T - cfg["warmup"])
    penalty = 0.5 * cfg["decay"] * ((p["Wx"] ** 2).sum() + (p["Wy"] ** 2).sum() + (p["Wh"] ** 2).sum())
    return nll + penalty, buf


def grads(p, buf, cfg=settings):
    T, L, H = cfg["days"], cfg["layers"], cfg["hidden"]
    n = T - cfg["warmup"]
    G = {k: np.zeros_like(v) for k, v in p.items()}
    dh = np.zeros((L, H), np.float32)
    for t in range(T - 1, -1, -1):
        dy = np.zeros(H, np.float32)
        if t >= cfg["warmup"]:
            dmean = -buf["res"][t] * np.exp(-buf["logsig"][t]) / n
            dlogsig = (1 - buf["res"][t] ** 2) / n
            G["vm"] += dmean * buf["y"][L - 1, t]
            G["cm"] += dmean
            G["vs"] += dlogsig * buf["y"][L - 1, t]
            G["cs"] += dlogsig
            dy = dmean * p["vm"] + dlogsig * p["vs"]
        for l in range(L - 1, -1, -1):
            h = buf["h"][l, t + 1]
            dpre = (dy + dh[l]) * (1 - h ** 2)
            G["gain"][l] += dpre * buf["ahat"][l, t]
            G["shift"][l] += dpre
            da = layer_norm_grad(dpre, buf["ahat"][l, t], buf["inv"][l, t], p["gain"][l])
            G["Wh"][l] += np.outer(da, buf["h"][l, t])
            dh[l] = p["Wh"][l].T @ da
            if l == 0:
                G["Wx"] += np.outer(da, buf["inp"][0][t])
            else:
                G["Wy"][l - 1] += np.outer(da, buf["inp"][l][t])
                dy = dy + p["Wy"][l - 1].T @ da
    for k in ("Wx", "Wy", "Wh"):
        G[k] += cfg["decay"] * p[k]
    return G


def initial(rng, cfg=settings):
    L, H, F = cfg["layers"], cfg["hidden"], cfg["forcing"] + 1
    p = {
        "Wx": rng.normal(size=(H, F)) / np.sqrt(F),
        "Wy": rng.normal(size=(L - 1, H, H)) / np.sqrt(H),
        "Wh": rng.normal(size=(L, H, H)) / np.sqrt(H),
        "gain": 0.8 + 0.2 * rng.random((L, H)),
        "shift": 0.1 * rng.normal(size=(L, H)),
        "vm": 0.5 * rng.normal(size=H) / np.sqrt(H),
        "cm": np.array([0.05]),
        "vs": 0.3 * rng.normal(size=H) / np.sqrt(H),
        "cs": np.array([-0.3]),
    }
    return {k: v.astype(np.float32) for k, v in p.items()}


def catchment(rng, cfg=settings):
    T, F = cfg["days"], cfg["forcing"]
    forcing = rng.normal(size=(T, F))
    rain = np.maximum(forcing[:, 0], 0)
    flow = np.zeros(T + 1)
    for t in range(T):
        flow[t + 1] = 0.85 * flow[t] + 0.4 * rain[t] + 0.1 * rng.normal()
    flow = (flow - flow.mean()) / flow.std()
    return forcing.astype(np.float32), flow.astype(np.float32)


def loss(params, inputs):
    return float(run(params, inputs["forcing"], inputs["flow"])[0])


def backward(params, inputs):
    _, buf = run(params, inputs["forcing"], inputs["flow"])
    return grads(params, buf)


def example(rng):
    forcing, flow = catchment(rng)
    return initial(rng), {"forcing": forcing, "flow": flow}


if __name__ == "__main__":
    rng = np.random.default_rng(4)
    p = initial(rng)
    data = catchment(rng)
    for epoch in range(300):
        value, buf = run(p, *data)
        G = grads(p, buf)
        for k in p:
            p[k] -= 0.05 * G[k]
        if epoch % 20 == 0:
            print(epoch, value)
