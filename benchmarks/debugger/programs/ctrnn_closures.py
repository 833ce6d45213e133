"""Continuous-time rate network, Euler steps; every function gives its value and its pullback."""

import numpy as np


def rate(v):
    r = np.tanh(v)
    return r, lambda g: g * (1 - r**2)


def dense(W, b, x):
    def pull(g):
        return np.outer(g, x), g, W.T @ g

    return W @ x + b, pull


def relax(alpha, v, drive):
    """One Euler step of tau dv/dt = -v + drive."""

    def pull(g):
        return g * (drive - v), g * (1 - alpha), g * alpha

    return v + alpha * (drive - v), pull


def make_step(net, alpha):
    def step(v, u):
        r, pull_rate = rate(v)
        rec, pull_rec = dense(net["J"], net["bias"], r)
        drive, pull_in = dense(net["Win"], rec, u)
        new, pull_relax = relax(alpha, v, drive)

        def pull(g):
            dalpha, dv, ddrive = pull_relax(g)
            dWin, drec, du = pull_in(ddrive)
            dJ, dbias, dr = pull_rec(drec)
            return {"alpha": dalpha, "Win": dWin, "J": dJ, "bias": dbias}, dv + pull_rate(dr), du

        return new, pull

    return step


def simulate(net, data):
    alpha = data["dt"] / np.exp(net["log_tau"])
    step = make_step(net, alpha)
    v, trail = net["v0"], []
    energy = 0.0
    for u, goal in zip(data["u"], data["goal"]):
        v, pull_step = step(v, u)
        r, pull_r = rate(v)
        z, pull_z = dense(net["Wout"], net["bout"], r)
        energy += 0.5 * float(data["dt"]) * np.sum((z - goal) ** 2)
        trail.append((pull_step, pull_r, pull_z, data["dt"] * (z - goal)))
    return energy, trail, alpha


def pull_back(net, data):
    _, trail, alpha = simulate(net, data)
    total = {k: np.zeros_like(w) for k, w in net.items()}
    total["alpha"] = np.zeros_like(alpha)
    g_v = np.zeros_like(net["v0"])
    g_u = []
    for pull_step, pull_r, pull_z, dz in reversed(trail):
        dWout, dbout, dr = pull_z(dz)
        g_v = g_v + pull_r(dr)
        parts, g_v, du = pull_step(g_v)
        for name, part in {**parts, "Wout": dWout, "bout": dbout}.items():
            total[name] += part
        g_u.insert(0, du)
    total["log_tau"] = -alpha * total.pop("alpha")
    total["v0"] = g_v
    return total | {"u": np.array(g_u)}


def loss(params, inputs):
    return float(simulate(params, inputs)[0])


def backward(params, inputs):
    return pull_back(params, inputs)


def example(rng):
    T, N, M, K = int(rng.integers(3, 6)), int(rng.integers(3, 6)), 2, int(rng.integers(2, 5))
    net = {
        "J": rng.normal(size=(N, N)), "bias": rng.normal(size=N), "Win": rng.normal(size=(N, M)),
        "log_tau": 0.3 * rng.normal(size=N), "v0": rng.normal(size=N),
        "Wout": rng.normal(size=(K, N)), "bout": rng.normal(size=K),
    }
    data = {"u": rng.normal(size=(T, M)), "goal": rng.normal(size=(T, K))}
    return net, data | {"dt": np.array(rng.uniform(0.3, 0.6))}
