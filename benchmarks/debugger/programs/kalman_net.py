"""Filter with a learned gain (Kalman-like): predict, compare, correct. Gaussian likelihood."""

from collections import namedtuple

import numpy as np

Step = namedtuple("Step", "m_old u m_pred e feat k corr")


def logistic(a):
    return 1.0 / (1.0 + np.exp(-a))


def run_filter(th, us, ys, m):
    """Predict with the dynamics, then correct with gain * (L @ innovation)."""
    prec = np.exp(-th["logvar"])
    nll, steps = 0.0, []
    for u, y in zip(us, ys):
        m_pred = np.tanh(th["A"] @ m + th["Bu"] @ u + th["c"])
        e = y - th["C"] @ m_pred
        feat = np.concatenate((e, m_pred))
        k = logistic(th["G"] @ feat + th["g"])
        corr = th["L"] @ e
        steps.append(Step(m, u, m_pred, e, feat, k, corr))
        m = m_pred + k * corr
        nll += 0.5 * np.sum(prec * e**2 + th["logvar"])
    nll += 0.5 * np.sum((m - th["goal"]) ** 2)
    return nll, steps, m


def smooth_back(th, steps, m_end):
    d = {name: np.zeros(value.shape) for name, value in th.items()}
    prec = np.exp(-th["logvar"])
    n_obs = len(prec)
    dm = m_end - th["goal"]
    d["goal"] = -dm
    dus, dys = [], []
    for s in steps[::-1]:
        # correction
        dm_pred = dm.copy()
        dk = dm * s.corr
        dcorr = dm * s.k
        d["L"] += np.outer(dcorr, s.e)
        # gain
        da = dk * s.k * (1 - s.k)
        d["G"] += np.outer(da, s.feat)
        d["g"] += da
        dfeat = th["G"].T @ da
        dm_pred += dfeat[n_obs:]
        # innovation: likelihood, gain and correction
        de = prec * s.e + dfeat[:n_obs] + th["L"].T @ dcorr
        d["logvar"] += 0.5 * (1 - prec * s.e**2)
        d["C"] -= np.outer(de, s.m_pred)
        dm_pred -= th["C"].T @ de
        dys.append(de)
        # prediction
        dz = dm_pred * (1 - s.m_pred**2)
        d["A"] += np.outer(dz, s.m_old)
        d["Bu"] += np.outer(dz, s.u)
        d["c"] += dz
        dus.append(th["Bu"].T @ dz)
        dm = th["A"].T @ dz
    d["m0"], d["u"], d["y"] = dm, np.array(dus[::-1]), np.array(dys[::-1])
    return d


def loss(params, inputs):
    return float(run_filter(params, inputs["u"], inputs["y"], inputs["m0"])[0])


def backward(params, inputs):
    _, steps, m_end = run_filter(params, inputs["u"], inputs["y"], inputs["m0"])
    return smooth_back(params, steps, m_end)


def example(rng):
    T, n, q = rng.integers(3, 6), rng.integers(3, 6), rng.integers(1, 3)
    p = 2
    size = {"A": (n, n), "Bu": (n, q), "c": n, "C": (p, n), "G": (n, p + n), "g": n, "L": (n, p)}
    th = {name: 0.7 * rng.normal(size=s) for name, s in size.items()}
    th |= {"logvar": 0.5 * rng.normal(size=p), "goal": rng.normal(size=n)}
    return th, {"u": rng.normal(size=(T, q)), "y": rng.normal(size=(T, p)), "m0": rng.normal(size=n)}
