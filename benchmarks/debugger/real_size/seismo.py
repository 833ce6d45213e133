"""Event-type discrimination on three-component seismograms.

Peephole LSTM with a recurrent projection, mean over the frames that are
really there, softmax with label smoothing.  Columns are events.
"""
import numpy as np


def logistic(x):
    return 0.5 * (1.0 + np.tanh(0.5 * x))


class SeismicNet:
    def __init__(self, n_chan=9, n_cell=72, n_proj=50, n_class=4, smooth=0.1):
        self.n_chan = n_chan
        self.n_cell = n_cell
        self.n_proj = n_proj
        self.n_class = n_class
        self.smooth = smooth

    def init(self, rng):
        C, M, P = self.n_chan, self.n_cell, self.n_proj
        p = {}
        for gate in "ifog":
            p["W" + gate] = rng.standard_normal((M, C)) / np.sqrt(C)
            p["R" + gate] = rng.standard_normal((M, P)) / np.sqrt(P)
            p["b" + gate] = 0.1 * rng.standard_normal((M, 1))
        p["bf"] += 1.0
        for gate in "ifo":
            p["p" + gate] = 0.3 * rng.standard_normal((M, 1))
        p["Proj"] = 1.5 * rng.standard_normal((P, M)) / np.sqrt(M)
        p["V"] = 2.0 * rng.standard_normal((self.n_class, P)) / np.sqrt(P)
        p["a"] = 0.1 * rng.standard_normal((self.n_class, 1))
        return p

    def forward(self, p, frames, present, labels):
        T, _, B = frames.shape
        r = np.zeros((self.n_proj, B))
        c = np.zeros((self.n_cell, B))
        self.steps = []
        pooled = np.zeros((self.n_proj, B))
        self.n_frames = present.sum(axis=0)
        for t in range(T):
            s = {"x": frames[t], "r_prev": r, "c_prev": c, "w": present[t] / self.n_frames}
            s["i"] = logistic(p["Wi"] @ s["x"] + p["Ri"] @ r + p["pi"] * c + p["bi"])
            s["f"] = logistic(p["Wf"] @ s["x"] + p["Rf"] @ r + p["pf"] * c + p["bf"])
            s["g"] = np.tanh(p["Wg"] @ s["x"] + p["Rg"] @ r + p["bg"])
            s["c"] = s["f"] * c + s["i"] * s["g"]
            s["o"] = logistic(p["Wo"] @ s["x"] + p["Ro"] @ r + p["po"] * s["c"] + p["bo"])
            s["tc"] = np.tanh(s["c"])
            s["m"] = s["o"] * s["tc"]
            s["r"] = p["Proj"] @ s["m"]
            r, c = s["r"], s["c"]
            pooled += s["w"] * r
            self.steps.append(s)
        self.pooled = pooled
        score = p["V"] @ pooled + p["a"]
        score = score - score.max(axis=0)
        logq = score - np.log(np.exp(score).sum(axis=0))
        self.q = np.exp(logq)
        self.target = np.full((self.n_class, B), self.smooth / self.n_class)
        self.target[labels, np.arange(B)] += 1.0 - self.smooth
        return -(self.target * logq).sum() / B

    def backward(self, p):
        B = self.q.shape[1]
        d = {k: np.zeros_like(v) for k, v in p.items()}
        dscore = (self.q - self.target) / B
        d["V"] = dscore @ self.pooled.T
        d["a"] = dscore.sum(axis=1, keepdims=True)
        dpooled = p["V"].T @ dscore

        dr = np.zeros((self.n_proj, B))
        dc = np.zeros((self.n_cell, B))
        dframes = []
        for s in reversed(self.steps):
            dr = dr + s["w"] * dpooled
            d["Proj"] += dr @ s["m"].T
            dm = p["Proj"].T @ dr
            zo = dm * s["tc"] * s["o"] * (1 - s["o"])
            dc = dc + dm * s["o"] * (1 - s["tc"] ** 2)
            dc = dc + p["po"] * zo
            zi = dc * s["g"] * s["i"] * (1 - s["i"])
            zf = dc * s["c_prev"] * s["f"] * (1 - s["f"])
            zg = dc * s["i"] * (1 - s["g"] ** 2)
            dx = 0.0
            dr = 0.0
            for gate, z in (("i", zi), ("f", zf), ("o", zo), ("g", zg)):
                d["W" + gate] += z @ s["x"].T
                d["R" + gate] += z @ s["r_prev"].T
                d["b" + gate] += z.sum(axis=1, keepdims=True)
                dx = dx + p["W" + gate].T @ z
                dr = dr + p["R" + gate].T @ z
            d["pi"] += (zi * s["c_prev"]).sum(axis=1, keepdims=True)
            d["pf"] += (zf * s["c_prev"]).sum(axis=1, keepdims=True)
            d["po"] += (zo * s["c"]).sum(axis=1, keepdims=True)
            dc = dc * s["f"] + p["pi"] * zi + p["pf"] * zf
            dframes.append(dx)
        d["frames"] = np.array(dframes[::-1])
        return d


NET = SeismicNet()


def loss(params, inputs):
    return NET.forward(params, inputs["frames"], inputs["present"], inputs["labels"])


def backward(params, inputs):
    NET.forward(params, inputs["frames"], inputs["present"], inputs["labels"])
    return NET.backward(params)


def example(rng):
    T, B = 64, 10
    n = rng.integers(30, T + 1, B)
    present = (np.arange(T)[:, None] < n[None, :]).astype(float)
    frames = rng.standard_normal((T, NET.n_chan, B)) * np.exp(-np.arange(T) / 40.0)[:, None, None]
    return NET.init(rng), {"frames": frames, "present": present,
                           "labels": rng.integers(0, NET.n_class, B)}


if __name__ == "__main__":
    rng = np.random.default_rng(2)
    params, inputs = example(rng)
    vel = {k: np.zeros_like(v) for k, v in params.items()}
    for it in range(300):
        g = backward(params, inputs)
        for k in params:
            vel[k] = 0.9 * vel[k] - 0.02 * g[k]
            params[k] += vel[k]
        print(it, loss(params, inputs))
