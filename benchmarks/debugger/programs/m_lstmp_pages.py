"""Port of lstmp.m / lstmp_grad.m: LSTM with recurrent projection.

Everything is (rows, batch, pages): X(:,:,t) became X[:, :, t].  R and C have one page more than X;
their page 0 is the initial state.  D is the dropout mask of the read-out (0 or 1/keep).
"""
import numpy as np
from types import SimpleNamespace

sig = lambda a: 1.0 / (1.0 + np.exp(-a))

def rows(N):
    return slice(0, N), slice(N, 2 * N), slice(2 * N, 3 * N), slice(3 * N, 4 * N)

def lstmp(W, U, b, Wp, X, R0, C0):
    N, P = Wp.shape[1], Wp.shape[0]
    _, M, T = X.shape
    I, F, G, O = rows(N)
    R = np.zeros((P, M, T + 1))
    C = np.zeros((N, M, T + 1))
    A = np.zeros((4 * N, M, T))
    S = np.zeros((N, M, T))
    R[:, :, 0] = R0
    C[:, :, 0] = C0
    for t in range(T):
        Z = W @ X[:, :, t] + U @ R[:, :, t] + b[:, None]
        A[:, :, t] = sig(Z)
        A[G, :, t] = np.tanh(Z[G])
        C[:, :, t + 1] = A[F, :, t] * C[:, :, t] + A[I, :, t] * A[G, :, t]
        S[:, :, t] = A[O, :, t] * np.tanh(C[:, :, t + 1])
        R[:, :, t + 1] = Wp @ S[:, :, t]
    return SimpleNamespace(R=R, C=C, A=A, S=S)

def lstmp_grad(W, U, Wp, X, f, dY):
    N, M, T = f.S.shape
    I, F, G, O = rows(N)
    d = SimpleNamespace(W=np.zeros(W.shape), U=np.zeros(U.shape), b=np.zeros(4 * N), Wp=np.zeros(Wp.shape))
    dR = np.zeros(f.R.shape[:2])
    dC = np.zeros((N, M))
    dZ = np.zeros((4 * N, M))
    for t in range(T - 1, -1, -1):
        dR = dR + dY[:, :, t]
        d.Wp += dR @ f.S[:, :, t].T
        dS = Wp.T @ dR
        a = f.A[:, :, t]
        tc = np.tanh(f.C[:, :, t + 1])
        dC = dC + dS * a[O] * (1 - tc**2)
        dZ[I] = dC * a[G]
        dZ[F] = dC * f.C[:, :, t]
        dZ[O] = dS * tc
        dZ *= a * (1 - a)
        dZ[G] = dC * a[I] * (1 - a[G] ** 2)
        d.W += dZ @ X[:, :, t].T
        d.U += dZ @ f.R[:, :, t].T
        d.b += dZ.sum(axis=1)
        dR = U.T @ dZ
        dC = dC * a[F]
    d.R0, d.C0 = dR, dC
    return d

def loss(params, inputs):
    p, X = SimpleNamespace(**params), inputs["X"]
    f = lstmp(p.W, p.U, p.b, p.Wp, X, inputs["R0"], inputs["C0"])
    E = np.tensordot(p.V, f.R[:, :, 1:] * inputs["D"], 1) - inputs["Y"]
    return float(np.sum(E**2) / (2 * X.shape[1]))

def backward(params, inputs):
    p, X = SimpleNamespace(**params), inputs["X"]
    f = lstmp(p.W, p.U, p.b, p.Wp, X, inputs["R0"], inputs["C0"])
    H = f.R[:, :, 1:] * inputs["D"]
    E = (np.tensordot(p.V, H, 1) - inputs["Y"]) / X.shape[1]
    dV = np.einsum("kmt,pmt->kp", E, H)
    dY = np.tensordot(p.V.T, E, 1) * inputs["D"]
    d = lstmp_grad(p.W, p.U, p.Wp, X, f, dY)
    return {"W": d.W, "U": d.U, "b": d.b, "Wp": d.Wp, "V": dV, "R0": d.R0, "C0": d.C0}

def example(rng):
    T, M, D, N, P, K = int(rng.integers(3, 6)), int(rng.integers(2, 4)), 3, 5, int(rng.integers(3, 5)), 2
    g = rng.standard_normal
    params = {"W": g((4 * N, D)), "U": g((4 * N, P)) * 0.8, "b": g(4 * N), "Wp": g((P, N)), "V": g((K, P))}
    keep = (rng.random((P, M, T)) < 0.75) / 0.75
    keep[0] = 1 / 0.75
    return params, {"X": g((D, M, T)), "Y": g((K, M, T)), "R0": g((P, M)), "C0": g((N, M)), "D": keep}
