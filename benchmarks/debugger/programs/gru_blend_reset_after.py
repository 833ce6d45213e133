# %% [markdown]
# Store sales: blend of two GRUs, one with the reset gate before the product (my old weights, Keras
# `reset_after=False`), one with it after (`True`).  Both start from the store's embedding; the
# blended last state predicts log1p(sales) of the next days.  Metric = loss = weighted RMSLE.

# %%
import numpy as np

HORIZON, RIDGE, PERISHABLE = 2, 0.05, 1.25

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

# %%
class GRU:
    """kernel (F, 3u), recurrent (u, 3u), gates z | r | h;  h_new = z * h + (1 - z) * hh.

    reset_after=False:  hh = tanh(x W + b + (r * h) U),            bias (3u,)
    reset_after=True:   hh = tanh(x W + b[0] + r * (h U + b[1])),  bias (2, 3u)
    """
    def __init__(self, kernel, recurrent, bias, reset_after):
        self.W, self.U, self.b = kernel, recurrent, bias
        self.reset_after = reset_after
        self.units = recurrent.shape[0]

    def forward(self, X, h):
        u = self.units
        XW = X @ self.W + (self.b[0] if self.reset_after else self.b)  # all days at once
        self.X = X
        self.cache = []
        for t in range(X.shape[1]):
            if self.reset_after:
                hU = h @ self.U + self.b[1]
                zr = sigmoid(XW[:, t, :2 * u] + hU[:, :2 * u])
                z, r = zr[:, :u], zr[:, u:]
                inner = hU[:, 2 * u:]
                hh = np.tanh(XW[:, t, 2 * u:] + r * inner)
            else:
                zr = sigmoid(XW[:, t, :2 * u] + h @ self.U[:, :2 * u])
                z, r = zr[:, :u], zr[:, u:]
                inner = r * h
                hh = np.tanh(XW[:, t, 2 * u:] + inner @ self.U[:, 2 * u:])
            self.cache.append((h, z, r, inner, hh))
            h = z * h + (1 - z) * hh
        return h

    def backward(self, dh):
        u = self.units
        N, T, _ = self.X.shape
        dXW = np.empty((N, T, 3 * u))
        dU = np.zeros_like(self.U)
        db_rec = np.zeros(3 * u)
        for t in reversed(range(T)):
            h, z, r, inner, hh = self.cache[t]
            dhh = dh * (1 - z) * (1 - hh ** 2)
            dz = dh * (h - hh) * z * (1 - z)
            dh = dh * z
            if self.reset_after:
                dr = dhh * inner * r * (1 - r)
                dXW[:, t] = np.concatenate([dz, dr, dhh], axis=1)
                drec = dXW[:, t].copy()
                drec[:, 2 * u:] *= r
                dU += h.T @ drec
                db_rec += drec.sum(axis=0)
                dh += drec @ self.U.T
            else:
                drh = dhh @ self.U[:, 2 * u:].T
                dr = drh * h * r * (1 - r)
                dzr = np.concatenate([dz, dr], axis=1)
                dXW[:, t] = np.concatenate([dzr, dhh], axis=1)
                dU[:, :2 * u] += h.T @ dzr
                dU[:, 2 * u:] += inner.T @ dhh
                dh += drh * r + dzr @ self.U[:, :2 * u].T
        db_in = dXW.sum(axis=(0, 1))
        dW = np.tensordot(self.X, dXW, axes=([0, 1], [0, 1]))
        db = np.stack([db_in, db_rec]) if self.reset_after else db_in
        return dXW @ self.W.T, dh, dW, dU, db

# %%
def fit(p, df):
    start = p["emb"][df["store"]]
    old = GRU(p["W_old"], p["U_old"], p["b_old"], reset_after=False)
    new = GRU(p["W_new"], p["U_new"], p["b_new"], reset_after=True)
    h_old, h_new = old.forward(df["X"], start), new.forward(df["X"], start)
    mix = sigmoid(p["mix"])  # one per unit
    feat = mix * h_old + (1 - mix) * h_new
    err = feat @ p["head"] - np.log1p(df["sales"])
    w = np.where(df["perishable"], PERISHABLE, 1.0)[:, None]
    rmsle = np.sqrt(np.sum(w * err ** 2) / (w.sum() * HORIZON))
    return rmsle + RIDGE * np.sum(p["head"] ** 2), (old, new, h_old, h_new, mix, feat, err, w, rmsle)

def loss(params, inputs):
    return fit(params, inputs)[0]

def backward(params, inputs):
    p, df, g = params, inputs, {}
    _, (old, new, h_old, h_new, mix, feat, err, w, rmsle) = fit(p, df)
    derr = w * err / (w.sum() * HORIZON * rmsle)
    g["head"] = feat.T @ derr + 2 * RIDGE * p["head"]
    dfeat = derr @ p["head"].T
    g["mix"] = np.sum(dfeat * (h_old - h_new), axis=0) * mix * (1 - mix)
    dX, dstart, g["W_old"], g["U_old"], g["b_old"] = old.backward(dfeat * mix)
    dX_new, dstart_new, g["W_new"], g["U_new"], g["b_new"] = new.backward(dfeat * (1 - mix))
    g["emb"] = np.zeros_like(p["emb"])
    np.add.at(g["emb"], df["store"], dstart + dstart_new)
    g["X"] = dX + dX_new
    return g

def example(rng):
    N, T, F, u = (int(k) for k in rng.permutation([3, 4, 5, 6]))
    p = {"emb": rng.normal(size=(2, u)), "mix": rng.normal(size=u),
         "head": rng.normal(size=(u, HORIZON)),
         "b_old": rng.normal(size=3 * u), "b_new": rng.normal(size=(2, 3 * u))}
    for k in ("old", "new"):
        p["W_" + k] = rng.normal(size=(F, 3 * u))
        p["U_" + k] = rng.normal(size=(u, 3 * u))
    return p, {"X": rng.normal(size=(N, T, F)), "store": rng.integers(2, size=N),
               "sales": rng.integers(30, size=(N, HORIZON)),
               "perishable": rng.integers(2, size=N)}
