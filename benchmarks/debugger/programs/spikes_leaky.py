"""Rate network of leaky units fitted to spike counts of several trials (columns); Poisson likelihood."""
import numpy as np

nx = np.newaxis


def simulate(W, Bu, bias, a, v0, U, T):
    N, K = len(W), U.shape[2]
    V = np.zeros((T + 1, N, K))
    R = np.zeros((T + 1, N, K))
    V[0] = v0[:, nx]
    R[0] = np.tanh(V[0])
    for t in range(1, T + 1):
        drive = W @ R[t - 1] + Bu @ U[t - 1] + bias[:, nx]
        V[t] = a[:, nx] * V[t - 1] + (1 - a[:, nx]) * drive
        R[t] = np.tanh(V[t])
    return V, R


def lograte(R, C, d):
    return np.einsum("mn,tnk->tmk", C, R[1:]) + d[:, nx]


def loss(params, inputs):
    p, N, seen = params, inputs["counts"], inputs["seen"]
    a = 1 / (1 + np.exp(-p["leak"]))
    _, R = simulate(p["W"], p["B"], p["bias"], a, p["v0"], inputs["U"], len(N))
    eta = lograte(R, p["C"], p["d"])
    return float(np.sum(seen[:, nx, :] * (np.exp(eta) - N * eta)) / seen.sum())


def backward(params, inputs):
    p, N, U = params, inputs["counts"], inputs["U"]
    seen = inputs["seen"]
    T = len(N)
    a = 1 / (1 + np.exp(-p["leak"]))
    V, R = simulate(p["W"], p["B"], p["bias"], a, p["v0"], U, T)
    eta = lograte(R, p["C"], p["d"])
    deta = seen[:, nx, :] * (np.exp(eta) - N) / seen.sum()
    dC = np.einsum("tmk,tnk->mn", deta, R[1:])
    dd = deta.sum(axis=(0, 2))
    dR = np.zeros_like(R)
    dR[1:] = np.einsum("mn,tmk->tnk", p["C"], deta)
    dV = np.zeros_like(V)
    dU = np.zeros_like(U)
    dW, dB = np.zeros_like(p["W"]), np.zeros_like(p["B"])
    dbias, da = np.zeros_like(a), np.zeros_like(a)
    for t in range(T, 0, -1):
        dV[t] += dR[t] * (1 - R[t] ** 2)
        drive = p["W"] @ R[t - 1] + p["B"] @ U[t - 1] + p["bias"][:, nx]
        da += np.sum(dV[t] * (V[t - 1] - drive), axis=1)
        ddrive = dV[t] * (1 - a[:, nx])
        dW += ddrive @ R[t - 1].T
        dB += ddrive @ U[t - 1].T
        dbias += ddrive.sum(axis=1)
        dU[t - 1] = p["B"].T @ ddrive
        dR[t - 1] += p["W"].T @ ddrive
        dV[t - 1] += dV[t] * a[:, nx]
    dV[0] += dR[0] * (1 - R[0] ** 2)
    return {"W": dW, "B": dB, "bias": dbias, "leak": da * a * (1 - a), "v0": dV[0].sum(axis=1),
            "C": dC, "d": dd, "U": dU}


def example(rng):
    n, m, q, K, T = (int(rng.integers(lo, lo + 2)) for lo in (4, 2, 2, 2, 4))
    g = rng.standard_normal
    params = {"W": g((n, n)), "B": g((n, q)), "bias": g(n), "leak": g(n), "v0": g(n),
              "C": 0.7 * g((m, n)), "d": 0.5 * g(m)}
    seen = np.ones((T, K), dtype=int)
    seen[1, 0] = seen[T - 1, 1] = 0
    return params, {"U": g((T, q, K)), "counts": rng.poisson(1.5, (T, m, K)), "seen": seen}
