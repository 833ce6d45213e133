"""Moth counts per trap and night: leaky state, site effect, log link, missing nights, ridge.

Plain script style: one trap after the other, vectors only.
"""
import numpy as np


def softplus(v):
    return np.log1p(np.exp(v))


def one_trap(par, site, weather, counts, ok):
    """States, previous log counts and linear predictors of one trap."""
    T = len(counts)
    H = par["h0"].size
    h = np.zeros((T + 1, H))
    h[0] = par["h0"] + par["site"][site]
    u = np.zeros((T, H))
    lag = np.zeros(T)
    eta = np.zeros(T)
    k = 1 / (1 + np.exp(-par["leak"]))
    for t in range(T):
        lag[t] = np.log1p(counts[t - 1]) if t > 0 and ok[t - 1] else 0.0
        u[t] = par["W"] @ weather[t] + par["R"] @ h[t] + par["a"] * lag[t]
        h[t + 1] = (1 - k) * h[t] + k * softplus(u[t])
        eta[t] = par["v"] @ h[t + 1] + par["offset"][site]
    return h, u, lag, eta, k


def penalised_nll(par, d):
    total, nights = 0.0, d["ok"].sum()
    for i, site in enumerate(d["site_of"]):
        h, u, lag, eta, k = one_trap(par, site, d["weather"][i], d["counts"][i], d["ok"][i])
        total += np.sum(d["ok"][i] * (np.exp(eta) - d["counts"][i] * eta)) / nights
    return total + 0.5 * d["ridge"] * (np.sum(par["R"] ** 2) + np.sum(par["site"] ** 2))


def score(par, d):
    nights = d["ok"].sum()
    g = {name: np.zeros(np.shape(value)) for name, value in par.items()}
    for i, site in enumerate(d["site_of"]):
        x = d["weather"][i]
        h, u, lag, eta, k = one_trap(par, site, x, d["counts"][i], d["ok"][i])
        T = len(eta)
        resid = d["ok"][i] * (np.exp(eta) - d["counts"][i]) / nights
        g["offset"][site] += resid.sum()
        g["v"] += resid @ h[1:]
        adj = np.zeros_like(par["h0"])
        t = T
        while t > 0:
            t -= 1
            adj = adj + resid[t] * par["v"]
            du = k * adj / (1 + np.exp(-u[t]))
            g["leak"] += k * (1 - k) * adj * (softplus(u[t]) - h[t])
            g["W"] += np.outer(du, x[t])
            g["R"] += np.outer(du, h[t])
            g["a"] += du * lag[t]
            adj = (1 - k) * adj + par["R"].T @ du
        g["h0"] += adj
        g["site"][site] += adj
    g["R"] += d["ridge"] * par["R"]
    g["site"] += d["ridge"] * par["site"]
    return g


def loss(params, inputs):
    return float(penalised_nll(params, inputs))


def backward(params, inputs):
    return score(params, inputs)


def example(rng):
    N, T, D, H, S = 3, int(rng.integers(4, 6)), int(rng.integers(2, 4)), int(rng.integers(2, 5)), 2
    r = rng.normal
    par = {"h0": r(size=H), "site": r(size=(S, H)), "W": r(size=(H, D)), "R": r(size=(H, H)) * .6,
           "a": r(size=H), "leak": r(size=H), "v": r(size=H) * .6, "offset": r(size=S)}
    ok = np.ones((N, T))
    ok[0, 1] = ok[1, 0] = ok[2, 2] = 0
    return par, {"site_of": np.array([0, 1, 0]), "weather": r(size=(N, T, D)),
                 "counts": rng.integers(0, 6, (N, T)), "ok": ok, "ridge": np.array(0.3)}
