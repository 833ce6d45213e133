"""lstm_train, translated from MATLAB.

Columns of X, T and Y are (time, example) pairs, all examples of a step side by side. The state
buffers H and C are one block longer: block ts is the state BEFORE step ts, ts = 1 .. TS.
"""
import numpy as np


def logsig(n):
    return 1 / (1 + np.exp(-n))


def dlogsig(a):
    return a * (1 - a)


def dtansig(a):
    return 1 - a ** 2


def cols(ts, Q):
    # MATLAB: (ts-1)*Q+1 : ts*Q
    return slice((ts - 1) * Q, ts * Q)


def lstm_fprop(net, X, H0, C0):
    nh, Q = H0.shape
    TS = X.shape[1] // Q
    H = np.zeros((nh, Q * (TS + 1)))
    C = np.zeros((nh, Q * (TS + 1)))
    A = np.zeros((4 * nh, Q * TS))  # input gate, forget gate, output gate, candidate
    H[:, cols(1, Q)] = H0
    C[:, cols(1, Q)] = C0
    for ts in range(1, TS + 1):
        now, nxt = cols(ts, Q), cols(ts + 1, Q)
        N = net["IW"] @ X[:, now] + net["LW"] @ H[:, now] + net["b"]
        A[:3 * nh, now] = logsig(N[:3 * nh])
        A[3 * nh:, now] = np.tanh(N[3 * nh:])
        ig, fg, og, cd = np.split(A[:, now], 4)
        C[:, nxt] = fg * C[:, now] + ig * cd
        H[:, nxt] = og * np.tanh(C[:, nxt])
    Y = net["V"] @ H[:, Q:] + net["d"]
    return Y, H, C, A


def perform(Y, T, EW, Q):
    return 0.5 * np.sum(EW * (Y - T) ** 2) / Q


def lstm_bprop(net, X, T, EW, Y, H, C, A, Q):
    nh = H.shape[0]
    TS = X.shape[1] // Q
    E = EW * (Y - T) / Q
    dH = np.zeros_like(H)
    dC = np.zeros_like(C)
    D = np.zeros_like(A)
    dH[:, Q:] = net["V"].T @ E
    for ts in range(TS, 0, -1):
        now, nxt = cols(ts, Q), cols(ts + 1, Q)
        ig, fg, og, cd = np.split(A[:, now], 4)
        tc = np.tanh(C[:, nxt])
        dC[:, nxt] += dH[:, nxt] * og * dtansig(tc)
        D[0 * nh:1 * nh, now] = dC[:, nxt] * cd * dlogsig(ig)
        D[1 * nh:2 * nh, now] = dC[:, nxt] * C[:, now] * dlogsig(fg)
        D[2 * nh:3 * nh, now] = dH[:, nxt] * tc * dlogsig(og)
        D[3 * nh:4 * nh, now] = dC[:, nxt] * ig * dtansig(cd)
        dH[:, now] += net["LW"].T @ D[:, now]
        dC[:, now] = dC[:, nxt] * fg
    g = {}
    g["V"] = E @ H[:, Q:].T
    g["d"] = np.sum(E, axis=1, keepdims=True)
    g["IW"] = D @ X.T
    g["LW"] = D @ H[:, :-Q].T
    g["b"] = np.sum(D, axis=1, keepdims=True)
    g["X"] = net["IW"].T @ D
    g["H0"] = dH[:, cols(1, Q)]
    g["C0"] = dC[:, cols(1, Q)]
    return g


def loss(params, inputs):
    Y, _, _, _ = lstm_fprop(params, inputs["X"], inputs["H0"], inputs["C0"])
    return perform(Y, inputs["T"], inputs["EW"], inputs["H0"].shape[1])


def backward(params, inputs):
    Y, H, C, A = lstm_fprop(params, inputs["X"], inputs["H0"], inputs["C0"])
    return lstm_bprop(params, inputs["X"], inputs["T"], inputs["EW"], Y, H, C, A,
                      inputs["H0"].shape[1])


def example(rng):
    TS, Q, nx, nh, ny = (int(k) for k in rng.permutation([3, 4, 5, 6, 7]))
    params = {
        "IW": rng.normal(size=(4 * nh, nx)) * 0.7,
        "LW": rng.normal(size=(4 * nh, nh)) * 0.7,
        "b": rng.normal(size=(4 * nh, 1)),
        "V": rng.normal(size=(ny, nh)),
        "d": rng.normal(size=(ny, 1)),
    }
    inputs = {
        "X": rng.normal(size=(nx, Q * TS)),
        "T": rng.normal(size=(ny, Q * TS)),
        "EW": rng.integers(1, 4, size=(1, Q * TS)),
        "H0": rng.normal(size=(nh, Q)),
        "C0": rng.normal(size=(nh, Q)),
    }
    return params, inputs
