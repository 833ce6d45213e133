"""Unitary-style RNN as I had it in MATLAB: columns are the batch, complex state as re and im.

    z(t) = R2 * reflect(v, R1 * h(t-1)) + U x(t),   h(t) = modReLU(z(t), b)
"""
import numpy as np


def rotate(th, re, im):
    c, s = np.cos(th)[:, None], np.sin(th)[:, None]
    return c * re - s * im, s * re + c * im


def rotate_back(th, re, im, dre, dim):
    """gradients of the angle and of (re, im), the values BEFORE the rotation"""
    c, s = np.cos(th)[:, None], np.sin(th)[:, None]
    dth = np.sum(dre * (-s * re - c * im) + dim * (c * re - s * im), axis=1)
    return dth, c * dre + s * dim, c * dim - s * dre


def reflect(v, a):
    return a - 2 * np.outer(v, v @ a) / (v @ v)


def reflect_back(v, a, dy):
    n = v @ v
    va, vd = v @ a, v @ dy
    dv = -2 * (dy @ va + a @ vd) / n + 4 * v * (va @ vd) / n ** 2
    return dv, dy - 2 * np.outer(v, vd) / n


def forward(P, X):
    nB = X[0].shape[1]
    re = np.tile(P["h0"][0][:, None], (1, nB))
    im = np.tile(P["h0"][1][:, None], (1, nB))
    memo = []
    for x in X:
        re1, im1 = rotate(P["th1"], re, im)
        re2, im2 = reflect(P["v"], re1), reflect(P["v"], im1)
        re3, im3 = rotate(P["th2"], re2, im2)
        zr, zi = re3 + P["Ur"] @ x, im3 + P["Ui"] @ x
        m = np.sqrt(zr ** 2 + zi ** 2 + 1e-6)
        s = np.maximum(m + P["b"][:, None], 0) / m
        memo.append((re, im, re1, im1, re2, im2, zr, zi, m, s))
        re, im = s * zr, s * zi
    return re, im, memo


def predict(P, N):
    re, im, memo = forward(P, N["X"])
    h = np.vstack([re, im])
    return P["V"] @ h + P["c"][:, None], h, memo


def loss(params, inputs):
    y = predict(params, inputs)[0]
    return float(0.5 * np.sum((y - inputs["Y"]) ** 2) / y.shape[1])


def backward(params, inputs):
    P, X = params, inputs["X"]
    y, h, memo = predict(P, inputs)
    G = {k: np.zeros_like(P[k]) for k in P}
    dX = np.zeros_like(X)
    e = (y - inputs["Y"]) / y.shape[1]
    G["V"] = e @ h.T
    G["c"] = e.sum(axis=1)
    dre, dim = np.split(P["V"].T @ e, 2)
    t = len(X)
    while t > 0:
        t -= 1
        re, im, re1, im1, re2, im2, zr, zi, m, s = memo[t]
        # modReLU: s = 1 + b/m where it is open
        on = s > 0
        ds = (dre * zr + dim * zi) * on
        G["b"] += np.sum(ds / m, axis=1)
        dm = -ds * P["b"][:, None] / m ** 2
        dzr = s * dre + dm * zr / m
        dzi = s * dim + dm * zi / m
        G["Ur"] += dzr @ X[t].T
        G["Ui"] += dzi @ X[t].T
        dX[t] = P["Ur"].T @ dzr + P["Ui"].T @ dzi
        dth2, dre2, dim2 = rotate_back(P["th2"], re2, im2, dzr, dzi)
        dv_re, dre1 = reflect_back(P["v"], re1, dre2)
        dv_im, dim1 = reflect_back(P["v"], im1, dim2)
        dth1, dre, dim = rotate_back(P["th1"], re, im, dre1, dim1)
        G["th1"] += dth1
        G["th2"] += dth2
        G["v"] += dv_re + dv_im
    G["h0"][0], G["h0"][1] = dre.sum(axis=1), dim.sum(axis=1)
    return {**G, "X": dX}


def example(rng):
    T, nB, D, H, O = int(rng.integers(3, 6)), int(rng.integers(2, 4)), 2, int(rng.integers(3, 6)), 2
    w = lambda *s: rng.normal(0, 0.8, s)
    P = dict(h0=w(2, H), th1=w(H), th2=w(H), v=w(H), Ur=w(H, D), Ui=w(H, D), b=w(H) - 0.2,
             V=w(O, 2 * H), c=w(O))
    return P, dict(X=w(T, D, nB), Y=w(O, nB))
