"""Gated AntisymmetricRNN, forward Euler (Chang et al. 2019). One sequence per column."""
import numpy as np

EPSILON = 0.6
GAMMA = 0.1


def sigma(a):
    return 1.0 / (1.0 + np.exp(-a))


def antisymmetric(W):
    return W - W.T - GAMMA * np.eye(len(W))


def integrate(W, Vh, Vz, bh, bz, x, h0):
    M = antisymmetric(W)
    H, Z, C = [h0], [], []
    for x_t in x:
        flow = M @ H[-1]
        Z.append(sigma(flow + Vz @ x_t + bz))
        C.append(np.tanh(flow + Vh @ x_t + bh))
        H.append(H[-1] + EPSILON * Z[-1] * C[-1])
    return M, H, Z, C


def objective(U, c, H, y):
    residuals = [U @ h + c - y_t for h, y_t in zip(H[1:], y)]
    return residuals, 0.5 * sum(np.sum(r * r) for r in residuals) / y.shape[-1]


def adjoint(Vh, Vz, U, x, M, H, Z, C, residuals):
    n, batch = H[0].shape
    g = {k: 0.0 for k in ("M", "Vh", "Vz", "bh", "bz", "U", "c")}
    lam = np.zeros((n, batch))
    dx = np.zeros_like(x)
    for t in range(len(x) - 1, -1, -1):
        r = residuals[t] / batch
        g["U"] = g["U"] + r @ H[t + 1].T
        g["c"] = g["c"] + r.sum(axis=1, keepdims=True)
        lam = lam + U.T @ r
        dc = EPSILON * lam * Z[t] * (1 - C[t] ** 2)
        dz = EPSILON * lam * C[t] * Z[t] * (1 - Z[t])
        g["Vh"] = g["Vh"] + dc @ x[t].T
        g["Vz"] = g["Vz"] + dz @ x[t].T
        g["bh"] = g["bh"] + dc.sum(axis=1, keepdims=True)
        g["bz"] = g["bz"] + dz.sum(axis=1, keepdims=True)
        dx[t] = Vh.T @ dc + Vz.T @ dz
        dflow = dc + dz
        g["M"] = g["M"] + dflow @ H[t].T
        lam = lam + M.T @ dflow
    g["W"] = g["M"] - g.pop("M").T
    return g, lam, dx


def loss(params, inputs):
    p = params
    _, H, _, _ = integrate(p["W"], p["Vh"], p["Vz"], p["bh"], p["bz"], inputs["x"], p["h0"])
    return float(objective(p["U"], p["c"], H, inputs["y"])[1])


def backward(params, inputs):
    p = params
    M, H, Z, C = integrate(p["W"], p["Vh"], p["Vz"], p["bh"], p["bz"], inputs["x"], p["h0"])
    residuals, _ = objective(p["U"], p["c"], H, inputs["y"])
    g, lam, dx = adjoint(p["Vh"], p["Vz"], p["U"], inputs["x"], M, H, Z, C, residuals)
    return {**g, "h0": lam, "x": dx}


def example(rng):
    T, B, n, d, k = rng.integers(3, 6), rng.integers(2, 4), 4, 3, 2
    r = rng.standard_normal
    params = {"W": r((n, n)), "Vh": r((n, d)), "Vz": r((n, d)), "bh": r((n, 1)), "bz": r((n, 1)),
              "U": r((k, n)), "c": r((k, 1)), "h0": r((n, B))}
    return params, {"x": r((T, d, B)), "y": r((T, k, B))}
