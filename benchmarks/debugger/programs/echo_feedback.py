# Leaky echo state network with teacher feedback, ported from MATLAB. Columns are trials.
#   r(:,k) = (1 - leak) .* r(:,k-1) + leak .* tanh(rho*Wres*r(:,k-1) + Win*u(:,k) + Wfb*d(:,k-1))
#   z(:,k) = Wout*[r(:,k); u(:,k)]
# Wres is drawn once and stays as it is; loss is the pseudo-Huber distance of z and d.
import numpy as np


def esn_forward(P, u, d, r0, Wres):
    nRes, nTrial = r0.shape
    K = u.shape[2]
    leak = 1 / (1 + np.exp(-P["leak_logit"]))
    R = np.zeros((nRes, nTrial, K + 1))
    A = np.zeros((nRes, nTrial, K))
    Z = np.zeros((P["Wout"].shape[0], nTrial, K))
    R[:, :, 0] = r0
    fb = np.zeros(d.shape[:2])
    for k in range(K):
        A[:, :, k] = np.tanh(P["rho"] * (Wres @ R[:, :, k]) + P["Win"] @ u[:, :, k] + P["Wfb"] @ fb)
        R[:, :, k + 1] = (1 - leak) * R[:, :, k] + leak * A[:, :, k]
        Z[:, :, k] = P["Wout"] @ np.vstack([R[:, :, k + 1], u[:, :, k]])
        fb = d[:, :, k]
    return R, A, Z, leak


def pseudo_huber(E, delta):
    root = np.sqrt(1 + (E / delta) ** 2)
    return np.sum(delta**2 * (root - 1)), E / root


def esn_gradient(P, u, d, r0, Wres, delta):
    R, A, Z, leak = esn_forward(P, u, d, r0, Wres)
    _, dZ = pseudo_huber(Z - d, delta)
    nRes, nTrial = r0.shape
    K = u.shape[2]
    dZ = dZ / nTrial
    dWout = np.zeros_like(P["Wout"])
    dWin = np.zeros_like(P["Win"])
    dWfb = np.zeros_like(P["Wfb"])
    dleak = np.zeros_like(leak)
    drho = 0.0
    du = np.zeros_like(u)
    dr = np.zeros_like(r0)
    k = K
    while k > 0:
        k = k - 1
        dWout = dWout + dZ[:, :, k] @ np.vstack([R[:, :, k + 1], u[:, :, k]]).T
        back = P["Wout"].T @ dZ[:, :, k]
        dr = dr + back[:nRes]
        du[:, :, k] = back[nRes:]
        dleak = dleak + np.sum(dr * (A[:, :, k] - R[:, :, k]), axis=1, keepdims=True)
        ds = leak * dr * (1 - A[:, :, k] ** 2)
        drho = drho + np.sum(ds * (Wres @ R[:, :, k]))
        dWin = dWin + ds @ u[:, :, k].T
        if k > 0:
            dWfb = dWfb + ds @ d[:, :, k - 1].T
        du[:, :, k] += P["Win"].T @ ds
        dr = (1 - leak) * dr + P["rho"] * (Wres.T @ ds)
    dlogit = dleak * leak * (1 - leak)
    return {"Wout": dWout, "Win": dWin, "Wfb": dWfb, "leak_logit": dlogit, "rho": np.array(drho), "u": du, "r0": dr}


def loss(params, inputs):
    Z = esn_forward(params, inputs["u"], inputs["d"], inputs["r0"], inputs["Wres"])[2]
    total, _ = pseudo_huber(Z - inputs["d"], inputs["delta"])
    return float(total / Z.shape[1])


def backward(params, inputs):
    return esn_gradient(params, *(inputs[name] for name in ("u", "d", "r0", "Wres", "delta")))


def example(rng):
    nRes, nTrial, K, nIn, nOut = rng.integers(4, 6), rng.integers(2, 4), rng.integers(3, 6), 3, 2
    Wres = rng.normal(size=(nRes, nRes))
    Wres = Wres / np.max(np.abs(np.linalg.eigvals(Wres)))
    P = {"Wout": rng.normal(size=(nOut, nRes + nIn)), "Win": 0.5 * rng.normal(size=(nRes, nIn)),
         "Wfb": 0.5 * rng.normal(size=(nRes, nOut)), "leak_logit": rng.normal(size=(nRes, 1)), "rho": np.array(rng.uniform(0.7, 1.3))}
    return P, {"u": rng.normal(size=(nIn, nTrial, K)), "d": rng.normal(size=(nOut, nTrial, K)),
               "r0": rng.normal(size=(nRes, nTrial)), "Wres": Wres, "delta": np.array(rng.uniform(0.5, 1.5))}
