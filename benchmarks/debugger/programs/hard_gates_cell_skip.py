"""LSTM with hard-sigmoid gates and a fourth gate s that lets the cell of K steps ago in.

c[t] = f c[t-1] + s c[t-K] + i g.  All arrays live in one work space that is allocated once;
rows 0 .. K-1 of the states are learned initial values.  Squared error of a readout at every step.
"""
import numpy as np

K = 2
I, F, S, O, G = range(5)


def workspace(T, B, H):
    names = {"a": (T, 5, B, H), "da": (T, 5, B, H), "tc": (T, B, H), "tmp": (B, H)}
    ws = {name: np.zeros(shape) for name, shape in names.items()}
    for name in ("h", "c", "dh", "dc"):
        ws[name] = np.zeros((T + K, B, H))
    return ws


def run(ws, x, W, U, b, h_init, c_init):
    a, h, c, tmp = ws["a"], ws["h"], ws["c"], ws["tmp"]
    h[K - 1] = h_init
    c[:K] = c_init[:, None]
    for t in range(len(x)):
        n = t + K
        for k in range(5):
            np.dot(x[t], W[k], out=a[t, k])
            a[t, k] += np.dot(h[n - 1], U[k])
            a[t, k] += b[k]
        np.tanh(a[t, G], out=a[t, G])
        hard = a[t, :G]
        hard *= 0.2
        hard += 0.5
        np.clip(hard, 0.0, 1.0, out=hard)
        np.multiply(a[t, I], a[t, G], out=c[n])
        np.multiply(a[t, F], c[n - 1], out=tmp)
        c[n] += tmp
        np.multiply(a[t, S], c[n - K], out=tmp)
        c[n] += tmp
        np.tanh(c[n], out=ws["tc"][t])
        np.multiply(a[t, O], ws["tc"][t], out=h[n])


def run_backward(ws, x, W, U):
    """Expects the readout's gradient in ws["dh"] and zeros in ws["dc"]."""
    a, da, c, dh, dc, tmp = ws["a"], ws["da"], ws["c"], ws["dh"], ws["dc"], ws["tmp"]
    for t in range(len(x) - 1, -1, -1):
        n = t + K
        tc, gate, d = ws["tc"][t], a[t], da[t]
        np.multiply(tc, tc, out=tmp)
        np.subtract(1.0, tmp, out=tmp)
        tmp *= gate[O]
        tmp *= dh[n]
        dc[n] += tmp
        np.multiply(dc[n], gate[G], out=d[I])
        np.multiply(dc[n], c[n - 1], out=d[F])
        np.multiply(dc[n], c[n - K], out=d[S])
        np.multiply(dh[n], tc, out=d[O])
        np.multiply(dc[n], gate[I], out=d[G])
        d[:G] *= 0.2 * ((gate[:G] > 0.0) & (gate[:G] < 1.0))
        d[G] *= 1.0 - gate[G] ** 2
        np.multiply(dc[n], gate[F], out=tmp)
        dc[n - 1] += tmp
        np.multiply(dc[n], gate[S], out=tmp)
        dc[n - K] += tmp
        for k in range(5):
            dh[n - 1] += np.dot(d[k], U[k].T)
    dW = np.einsum("tbd,tkbh->kdh", x, da)
    dU = np.einsum("tbm,tkbh->kmh", ws["h"][K - 1:-1], da)
    db = da.sum(axis=(0, 2))
    dx = np.einsum("tkbh,kdh->tbd", da, W)
    return dW, dU, db, dx, dh[K - 1].sum(axis=0), dc[:K].sum(axis=1)


def readout_error(ws, params, inputs):
    x = inputs["x"]
    run(ws, x, *(params[name] for name in ("W", "U", "b", "h_init", "c_init")))
    return ws["h"][K:] @ params["v"] - inputs["target"]


def make(params, inputs):
    T, B, _ = inputs["x"].shape
    return workspace(T, B, params["v"].size)


def loss(params, inputs):
    return np.mean(readout_error(make(params, inputs), params, inputs) ** 2)


def backward(params, inputs):
    ws = make(params, inputs)
    err = readout_error(ws, params, inputs)
    derr = 2.0 * err / err.size
    ws["dh"][K:] = derr[:, :, None] * params["v"]
    names = ("W", "U", "b", "x", "h_init", "c_init")
    grads = dict(zip(names, run_backward(ws, inputs["x"], params["W"], params["U"])))
    grads["v"] = np.einsum("tb,tbh->h", derr, ws["h"][K:])
    grads["target"] = -derr
    return grads


def near_a_kink(params, inputs):
    ws = make(params, inputs)
    readout_error(ws, params, inputs)
    pre = np.einsum("tbd,kdh->tkbh", inputs["x"], params["W"]) + params["b"][:, None]
    pre += np.einsum("tbm,kmh->tkbh", ws["h"][K - 1:-1], params["U"])
    return np.any(np.abs(np.abs(pre[:, :G]) - 2.5) < 0.005)


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    while True:
        params = {"W": rng.normal(size=(5, D, H)), "U": rng.normal(size=(5, H, H)),
                  "b": rng.normal(size=(5, H)), "h_init": rng.normal(size=H),
                  "c_init": rng.normal(size=(K, H)), "v": rng.normal(size=H)}
        inputs = {"x": rng.normal(size=(T, B, D)), "target": rng.normal(size=(T, B))}
        if not near_a_kink(params, inputs):
            return params, inputs
