"""scoRNN (Helfrich et al. 2018): W = (I + A)^-1 (I - A) D, A skew, D = diag(+-1); isru units."""
import numpy as np


def cayley(M, signs):
    A = M - M.T
    I = np.eye(len(A))
    P = np.linalg.inv(I + A)
    S = P @ (I - A)
    return S * signs, S, P


def cayley_vjp(dW, signs, S, P):
    dS = dW * signs
    dA = -P.T @ dS @ (np.eye(len(S)) + S).T
    return dA - dA.T


def isru(z):
    return z / np.sqrt(1 + z * z)


def isru_prime(z):
    return (1 + z * z) ** -1.5


def unroll(W, V, b, h0, X):
    n, batch = len(W), X.shape[2]
    z = np.empty((len(X), n, batch))
    h = np.empty((len(X) + 1, n, batch))
    h[0] = h0[:, None]
    for k, x in enumerate(X, start=1):
        z[k - 1] = W @ h[k - 1] + V @ x + b[:, None]
        h[k] = isru(z[k - 1])
    return z, h


def energy(h, R, Y, decay):
    tau = len(Y)
    weights = decay ** np.arange(tau)[::-1]
    err = np.einsum("oh,thb->tob", R, h[1:]) - Y
    return weights, err, 0.5 * np.einsum("t,tob,tob->", weights, err, err)


def loss(params, inputs):
    p = params
    W, _, _ = cayley(p["M"], inputs["signs"])
    _, h = unroll(W, p["V"], p["b"], p["h0"], inputs["X"])
    return float(energy(h, p["R"], inputs["Y"], 0.8)[2])


def backward(params, inputs):
    p, X = params, inputs["X"]
    W, S, P = cayley(p["M"], inputs["signs"])
    z, h = unroll(W, p["V"], p["b"], p["h0"], X)
    weights, err, _ = energy(h, p["R"], inputs["Y"], 0.8)
    derr = weights[:, None, None] * err
    dR = np.einsum("tob,thb->oh", derr, h[1:])
    direct = np.einsum("oh,tob->thb", p["R"], derr)
    delta = np.zeros_like(z)
    k = len(X) - 1
    delta[k] = direct[k] * isru_prime(z[k])
    while k > 0:
        k -= 1
        delta[k] = (direct[k] + W.T @ delta[k + 1]) * isru_prime(z[k])
    dW = np.einsum("tib,tjb->ij", delta, h[:-1])
    dV = np.einsum("tib,tjb->ij", delta, X)
    db = delta.sum(axis=(0, 2))
    dh0 = (W.T @ delta[0]).sum(axis=1)
    dX = np.einsum("ij,tib->tjb", p["V"], delta)
    return {"M": cayley_vjp(dW, inputs["signs"], S, P), "V": dV, "b": db, "h0": dh0, "R": dR, "X": dX}


def example(rng):
    T, d, n, o, B = rng.integers(3, 6), 2, 4, 3, rng.integers(2, 4)
    r = rng.standard_normal
    params = {"M": r((n, n)), "V": r((n, d)), "b": r(n), "h0": r(n), "R": r((o, n))}
    return params, {"X": r((T, d, B)), "Y": r((T, o, B)), "signs": np.where(np.arange(n) < 2, -1, 1)}
