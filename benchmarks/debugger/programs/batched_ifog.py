"""Batched LSTM with one weight matrix: rows are bias, input, previous hidden state."""
import numpy as np


def forward(X, WLSTM, c0, h0):
    n, b, input_size = X.shape
    d = h0.shape[1]
    xphpb = WLSTM.shape[0]
    Hin = np.zeros((n, b, xphpb))
    Hout = np.zeros((n, b, d))
    IFOG = np.zeros((n, b, d * 4))
    IFOGf = np.zeros((n, b, d * 4))
    C = np.zeros((n, b, d))
    Ct = np.zeros((n, b, d))
    for t in range(n):
        prevh = Hout[t - 1] if t > 0 else h0
        prevc = C[t - 1] if t > 0 else c0
        Hin[t, :, 0] = 1
        Hin[t, :, 1:input_size + 1] = X[t]
        Hin[t, :, input_size + 1:] = prevh
        IFOG[t] = Hin[t].dot(WLSTM)
        IFOGf[t, :, :3 * d] = 1.0 / (1.0 + np.exp(-IFOG[t, :, :3 * d]))
        IFOGf[t, :, 3 * d:] = np.tanh(IFOG[t, :, 3 * d:])
        C[t] = IFOGf[t, :, :d] * IFOGf[t, :, 3 * d:] + IFOGf[t, :, d:2 * d] * prevc
        Ct[t] = np.tanh(C[t])
        Hout[t] = IFOGf[t, :, 2 * d:3 * d] * Ct[t]
    cache = dict(WLSTM=WLSTM, Hin=Hin, IFOGf=IFOGf, C=C, Ct=Ct, c0=c0, input_size=input_size)
    return Hout, C[n - 1], Hout[n - 1], cache


def bptt(dHout_in, cache, dcn=None, dhn=None):
    WLSTM, Hin, IFOGf = cache["WLSTM"], cache["Hin"], cache["IFOGf"]
    C, Ct, c0, input_size = cache["C"], cache["Ct"], cache["c0"], cache["input_size"]
    n, b, d = dHout_in.shape
    dIFOG = np.zeros(IFOGf.shape)
    dIFOGf = np.zeros(IFOGf.shape)
    dWLSTM = np.zeros(WLSTM.shape)
    dHin = np.zeros(Hin.shape)
    dC = np.zeros(C.shape)
    dX = np.zeros((n, b, input_size))
    dh0 = np.zeros((b, d))
    dc0 = np.zeros((b, d))
    dHout = dHout_in.copy()
    if dcn is not None:
        dC[n - 1] += dcn
    if dhn is not None:
        dHout[n - 1] += dhn
    for t in reversed(range(n)):
        dIFOGf[t, :, 2 * d:3 * d] = Ct[t] * dHout[t]
        dC[t] += (1 - Ct[t] ** 2) * (IFOGf[t, :, 2 * d:3 * d] * dHout[t])
        if t > 0:
            dIFOGf[t, :, d:2 * d] = C[t - 1] * dC[t]
            dC[t - 1] += IFOGf[t, :, d:2 * d] * dC[t]
        else:
            dIFOGf[t, :, d:2 * d] = c0 * dC[t]
            dc0 = IFOGf[t, :, d:2 * d] * dC[t]
        dIFOGf[t, :, :d] = IFOGf[t, :, 3 * d:] * dC[t]
        dIFOGf[t, :, 3 * d:] = IFOGf[t, :, :d] * dC[t]
        dIFOG[t, :, 3 * d:] = (1 - IFOGf[t, :, 3 * d:] ** 2) * dIFOGf[t, :, 3 * d:]
        y = IFOGf[t, :, :3 * d]
        dIFOG[t, :, :3 * d] = (y * (1.0 - y)) * dIFOGf[t, :, :3 * d]
        dWLSTM += np.dot(Hin[t].transpose(), dIFOG[t])
        dHin[t] = dIFOG[t].dot(WLSTM.transpose())
        dX[t] = dHin[t, :, 1:input_size + 1]
        if t > 0:
            dHout[t - 1, :] += dHin[t, :, input_size + 1:]
        else:
            dh0 += dHin[t, :, input_size + 1:]
    return dX, dWLSTM, dc0, dh0


def loss(params, inputs):
    H, C, _, _ = forward(inputs["X"], params["WLSTM"], inputs["c0"], inputs["h0"])
    return np.sum(H * inputs["wrand"]) + np.sum(C * inputs["crand"])


def backward(params, inputs):
    _, _, _, cache = forward(inputs["X"], params["WLSTM"], inputs["c0"], inputs["h0"])
    dX, dWLSTM, dc0, dh0 = bptt(inputs["wrand"], cache, dcn=inputs["crand"])
    return {"WLSTM": dWLSTM, "X": dX, "c0": dc0, "h0": dh0}


def example(rng):
    n, b, D, d = (int(k) for k in rng.permutation([3, 4, 5, 6]))
    params = {"WLSTM": rng.standard_normal((1 + D + d, 4 * d)) * 0.7}
    inputs = {
        "X": rng.standard_normal((n, b, D)),
        "c0": rng.standard_normal((b, d)),
        "h0": rng.standard_normal((b, d)),
        "wrand": rng.standard_normal((n, b, d)),
        "crand": rng.standard_normal((b, d)),
    }
    return params, inputs
