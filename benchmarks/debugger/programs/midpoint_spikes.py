"""Neural ODE by the midpoint rule at uneven times, spike counts with a Poisson likelihood."""
import numpy as np


def field(theta, x, u):
    """dx/dt = -x + M sigmoid(x) + N u, and what its derivative needs."""
    s = 1 / (1 + np.exp(-x))
    return theta["M"] @ s + theta["N"] @ u - x, s


def field_adjoint(theta, s, u, lam):
    ds = theta["M"].T @ lam
    grad = {"M": np.outer(lam, s), "N": np.outer(lam, u), "u": theta["N"].T @ lam}
    return ds * s * (1 - s) - lam, grad


def solve(theta, x, us, dts):
    path = []
    for u, dt in zip(us, dts):
        f1, s1 = field(theta, x, u)
        xm = x + 0.5 * dt * f1
        f2, s2 = field(theta, xm, u)
        x_new = x + dt * f2
        path.append({"x": x, "x_new": x_new, "f1": f1, "f2": f2, "s1": s1, "s2": s2})
        x = x_new
    return path


def log_rates(theta, path):
    return np.array([theta["C"] @ step["x_new"] + theta["b"] for step in path])


def nll(theta, path, counts, dts):
    """Poisson: the bin of step t is dts[t] wide, all its neurons share the state at its end."""
    eta = log_rates(theta, path)
    return np.sum(np.exp(eta) * dts[:, None] - counts * eta)


def loss(params, inputs):
    path = solve(params, params["x0"], inputs["u"], inputs["dt"])
    return float(nll(params, path, inputs["counts"], inputs["dt"]))


def backward(params, inputs):
    theta, us, dts, counts = params, inputs["u"], inputs["dt"], inputs["counts"]
    path = solve(theta, theta["x0"], us, dts)
    eta = log_rates(theta, path)
    deta = np.exp(eta) * dts[:, None] - counts
    states = np.array([step["x_new"] for step in path])
    g = {
        "C": deta.T @ states,
        "b": deta.sum(axis=0),
        "M": np.zeros_like(theta["M"]),
        "N": np.zeros_like(theta["N"]),
        "u": np.zeros_like(us),
        "dt": np.exp(eta).sum(axis=1),
    }
    kick = deta @ theta["C"]
    lam = np.zeros_like(theta["x0"])
    for t, step in reversed(list(enumerate(path))):
        lam = lam + kick[t]
        g["dt"][t] += lam @ step["f2"]
        lam_mid, part2 = field_adjoint(theta, step["s2"], us[t], dts[t] * lam)
        g["dt"][t] += 0.5 * (lam_mid @ step["f1"])
        lam_in, part1 = field_adjoint(theta, step["s1"], us[t], 0.5 * dts[t] * lam_mid)
        lam = lam + lam_mid + lam_in
        for part in (part1, part2):
            g["M"] += part["M"]
            g["N"] += part["N"]
            g["u"][t] += part["u"]
    g["x0"] = lam
    return g


def example(rng):
    T, n, m, k = rng.integers(3, 6), rng.integers(3, 6), 2, rng.integers(2, 5)
    theta = {"M": rng.normal(size=(n, n)), "N": rng.normal(size=(n, m)), "C": 0.6 * rng.normal(size=(k, n)),
             "b": 0.5 * rng.normal(size=k), "x0": rng.normal(size=n)}
    return theta, {"u": rng.normal(size=(T, m)), "dt": rng.uniform(0.3, 0.9, size=T), "counts": rng.integers(0, 4, size=(T, k))}
