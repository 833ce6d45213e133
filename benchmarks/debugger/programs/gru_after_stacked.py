# GRU with stacked matrices, reset after the matrix product, h = (1 - z) * h_prev + z * hh
import numpy as np


def sigmoid(x):
    return 1. / (1. + np.exp(-x))


def gru_fwd(X, h0, Wx, Wh, bx, bh):
    N, T, D = X.shape
    H = h0.shape[1]
    hs = np.zeros((N, T + 1, H))
    hs[:, 0] = h0
    zs, rs, hhs, ms = (np.zeros((N, T, H)) for _ in range(4))
    for t in range(T):
        ax = X[:, t].dot(Wx) + bx
        ah = hs[:, t].dot(Wh) + bh
        zs[:, t] = sigmoid(ax[:, :H] + ah[:, :H])
        rs[:, t] = sigmoid(ax[:, H:2 * H] + ah[:, H:2 * H])
        ms[:, t] = ah[:, 2 * H:]
        hhs[:, t] = np.tanh(ax[:, 2 * H:] + rs[:, t] * ms[:, t])
        hs[:, t + 1] = (1 - zs[:, t]) * hs[:, t] + zs[:, t] * hhs[:, t]
    return hs, (X, zs, rs, hhs, ms)


def gru_bwd(dhs, hs, cache, Wx, Wh):
    X, zs, rs, hhs, ms = cache
    N, T, D = X.shape
    H = hs.shape[2]
    dX = np.zeros_like(X)
    dWx, dWh = np.zeros_like(Wx), np.zeros_like(Wh)
    dbx, dbh = np.zeros(3 * H), np.zeros(3 * H)
    dh_next = np.zeros((N, H))
    for t in range(T)[::-1]:
        z, r, hh, m = zs[:, t], rs[:, t], hhs[:, t], ms[:, t]
        dh = dhs[:, t] + dh_next
        dhh = dh * z * (1 - hh ** 2)
        dz = dh * (hh - hs[:, t]) * z * (1 - z)
        dr = dhh * m * r * (1 - r)
        dax = np.concatenate((dz, dr, dhh), axis=1)
        dah = np.concatenate((dz, dr, dhh * r), axis=1)
        dWx += X[:, t].T.dot(dax)
        dWh += hs[:, t].T.dot(dah)
        dbx += np.sum(dax, axis=0)
        dbh += np.sum(dah, axis=0)
        dX[:, t] = dax.dot(Wx.T)
        dh_next = dh * (1 - z) + dah.dot(Wh.T)
    return dX, dh_next, dWx, dWh, dbx, dbh


def loss(params, inputs):
    hs, _ = gru_fwd(inputs["X"], inputs["h0"], **params)
    return np.sum(hs[:, 1:] * inputs["dout"])


def backward(params, inputs):
    hs, cache = gru_fwd(inputs["X"], inputs["h0"], **params)
    dX, dh0, dWx, dWh, dbx, dbh = gru_bwd(inputs["dout"], hs, cache, params["Wx"], params["Wh"])
    return {"X": dX, "h0": dh0, "Wx": dWx, "Wh": dWh, "bx": dbx, "bh": dbh}


def example(rng):
    N = 2
    T, D, H = (int(n) for n in rng.permutation([4, 5, 6]))
    params = {
        "Wx": rng.normal(size=(D, 3 * H)),
        "Wh": rng.normal(size=(H, 3 * H)),
        "bx": rng.normal(size=3 * H),
        "bh": rng.normal(size=3 * H),
    }
    inputs = {
        "X": rng.normal(size=(N, T, D)),
        "h0": rng.normal(size=(N, H)),
        "dout": rng.normal(size=(N, T, H)),
    }
    return params, inputs
