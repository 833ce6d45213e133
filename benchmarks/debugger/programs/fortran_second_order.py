# SECOND ORDER RECURRENT NET (GILES ET AL.), CONVERTED FROM F77.  ALL ARRAYS COUNT FROM 1.
import numpy as np


def DO(first, last, step=1):
    return range(first, last + (1 if step > 0 else -1), step)


def F77(a):
    return np.pad(a, [(1, 0)] * a.ndim)


def FORWRD(W, B, H0, V, C, X, NT, N, M):
    H = np.zeros((N + 1, NT + 1))
    O = np.zeros(NT + 1)
    for I in DO(1, N):
        H[I, 0] = H0[I]
    for IT in DO(1, NT):
        O[IT] = C[1]
        for I in DO(1, N):
            S = B[I]
            for J in DO(1, N):
                for K in DO(1, M):
                    S = S + W[I, J, K] * H[J, IT - 1] * X[K, IT]
            H[I, IT] = 1.0 / (1.0 + np.exp(-S))
            O[IT] = O[IT] + V[I] * H[I, IT]
    return H, O


def BCKWRD(W, B, H0, V, C, X, Y, NT, N, M):
    H, O = FORWRD(W, B, H0, V, C, X, NT, N, M)
    GW, GB, GV, GC = np.zeros_like(W), np.zeros_like(B), np.zeros_like(V), np.zeros_like(C)
    GX = np.zeros_like(X)
    DH = np.zeros(N + 1)
    DN = np.zeros(N + 1)
    for IT in DO(NT, 1, -1):
        E = O[IT] - Y[IT]
        GC[1] = GC[1] + E
        for J in DO(1, N):
            DN[J] = 0.0
        for I in DO(1, N):
            GV[I] = GV[I] + E * H[I, IT]
            DS = (DH[I] + E * V[I]) * H[I, IT] * (1.0 - H[I, IT])
            GB[I] = GB[I] + DS
            for J in DO(1, N):
                for K in DO(1, M):
                    GW[I, J, K] = GW[I, J, K] + DS * H[J, IT - 1] * X[K, IT]
                    GX[K, IT] = GX[K, IT] + DS * W[I, J, K] * H[J, IT - 1]
                    DN[J] = DN[J] + DS * W[I, J, K] * X[K, IT]
        for I in DO(1, N):
            DH[I] = DN[I]
    return GW, GB, DH, GV, GC, GX


def loss(params, inputs):
    w, b, h0, v, c = (F77(params[k]) for k in "W B H0 V C".split())
    x, y = F77(inputs["X"]), F77(inputs["Y"])
    _, o = FORWRD(w, b, h0, v, c, x, len(y) - 1, len(b) - 1, len(x) - 1)
    return float(0.5 * np.sum((o[1:] - y[1:]) ** 2))


def backward(params, inputs):
    w, b, h0, v, c = (F77(params[k]) for k in "W B H0 V C".split())
    x, y = F77(inputs["X"]), F77(inputs["Y"])
    gw, gb, gh0, gv, gc, gx = BCKWRD(w, b, h0, v, c, x, y, len(y) - 1, len(b) - 1, len(x) - 1)
    return {"W": gw[1:, 1:, 1:], "B": gb[1:], "H0": gh0[1:], "V": gv[1:], "C": gc[1:], "X": gx[1:, 1:]}


def example(rng):
    nt, n = rng.permutation([3, 4])
    m = rng.integers(2, 4) if n == 4 else 2
    r = rng.normal
    params = {"W": r(size=(n, n, m)), "B": r(size=n), "H0": r(size=n), "V": r(size=n), "C": r(size=1)}
    return params, {"X": r(size=(m, nt)), "Y": 2 * r(size=nt)}
