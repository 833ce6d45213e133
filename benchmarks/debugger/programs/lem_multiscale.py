"""Long Expressive Memory (Rusch et al. 2022): two states, learned step sizes."""
from collections import namedtuple

import numpy as np

DT = 0.8
Step = namedtuple("Step", "u y_old z_old g1 g2 zc z yc")


def logistic(a):
    return 1 / (1 + np.exp(-a))


def lem_step(p, u, y, z):
    H = y.shape[1]
    pre = y @ p["W"] + u @ p["V"][:, :3 * H] + p["b"][:3 * H]
    g1 = logistic(pre[:, :H])
    g2 = logistic(pre[:, H:2 * H])
    zc = np.tanh(pre[:, 2 * H:])
    z_new = (1 - DT * g1) * z + DT * g1 * zc
    yc = np.tanh(z_new @ p["Wy"] + u @ p["V"][:, 3 * H:] + p["b"][3 * H:])
    y_new = (1 - DT * g2) * y + DT * g2 * yc
    return y_new, z_new, Step(u, y, z, g1, g2, zc, z_new, yc)


def lem_step_back(p, s, dy, dz, grad):
    dg2 = DT * dy * (s.yc - s.y_old)
    dyc = DT * s.g2 * dy * (1 - s.yc ** 2)
    dz = dz + dyc @ p["Wy"].T
    dg1 = DT * dz * (s.zc - s.z_old)
    dzc = DT * s.g1 * dz * (1 - s.zc ** 2)
    dpre = np.hstack([dg1 * s.g1 * (1 - s.g1), dg2 * s.g2 * (1 - s.g2), dzc])
    dall = np.hstack([dpre, dyc])
    grad["Wy"] += s.z.T @ dyc
    grad["W"] += s.y_old.T @ dpre
    grad["V"] += s.u.T @ dall
    grad["b"] += dall.sum(0)
    du = dall @ p["V"].T
    dy_old = (1 - DT * s.g2) * dy + dpre @ p["W"].T
    dz_old = (1 - DT * s.g1) * dz
    return dy_old, dz_old, du


def forward(p, x, labels):
    y, z = p["y0"], p["z0"]
    steps = []
    for u in x.swapaxes(0, 1):
        y, z, s = lem_step(p, u, y, z)
        steps.append(s)
    logits = y @ p["Q"] + p["q"]
    e = np.exp(logits - logits.max(1, keepdims=True))
    prob = e / e.sum(1, keepdims=True)
    nll = -np.log(prob[np.arange(len(labels)), labels])
    return nll.mean(), steps, y, prob


def loss(params, inputs):
    return float(forward(params, inputs["x"], inputs["labels"])[0])


def backward(params, inputs):
    x, labels = inputs["x"], inputs["labels"]
    _, steps, y, prob = forward(params, x, labels)
    grad = {k: np.zeros_like(v) for k, v in params.items()}
    dlogits = prob.copy()
    dlogits[np.arange(len(labels)), labels] -= 1
    dlogits /= len(labels)
    grad["Q"] += y.T @ dlogits
    grad["q"] += dlogits.sum(0)
    dy = dlogits @ params["Q"].T
    dz = np.zeros_like(dy)
    du = []
    while steps:
        dy, dz, d = lem_step_back(params, steps.pop(), dy, dz, grad)
        du.insert(0, d)
    grad["y0"] += dy
    grad["z0"] += dz
    grad["x"] = np.stack(du, axis=1)
    return grad


def example(rng):
    B, T, D, H, K = rng.integers(2, 4), rng.integers(3, 6), 2, 4, 3
    n = rng.standard_normal
    params = {"W": n((H, 3 * H)), "V": n((D, 4 * H)), "b": n(4 * H), "Wy": n((H, H)),
              "Q": n((H, K)), "q": n(K), "y0": n((B, H)), "z0": n((B, H))}
    return params, {"x": n((B, T, D)), "labels": rng.integers(0, K, B)}
