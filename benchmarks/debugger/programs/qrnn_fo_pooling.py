"""QRNN with embeddings, causal width-2 convolutions and fo-pooling; two layers; multi-class hinge."""
import numpy as np

GATES = "zfo"


def lag(x):
    """Shift a (B, T, D) array by one step, zeros first."""
    out = np.zeros_like(x)
    out[:, 1:] = x[:, :-1]
    return out


def unlag(g):
    out = np.zeros_like(g)
    out[:, :-1] = g[:, 1:]
    return out


class QRNNLayer:
    def __init__(self, p, prefix):
        self.w = {g: (p[f"{prefix}.{g}.now"], p[f"{prefix}.{g}.before"], p[f"{prefix}.{g}.bias"]) for g in GATES}
        self.prefix = prefix

    def __call__(self, x, c0):
        self.x, self.x_lag, self.c0 = x, lag(x), c0
        pre = {g: self.x @ now + self.x_lag @ before + bias for g, (now, before, bias) in self.w.items()}
        self.z = np.tanh(pre["z"])
        self.f = 1 / (1 + np.exp(-pre["f"]))
        self.o = 1 / (1 + np.exp(-pre["o"]))
        self.c = np.empty_like(self.z)
        c = c0
        for t in range(x.shape[1]):
            c = self.f[:, t] * c + (1 - self.f[:, t]) * self.z[:, t]
            self.c[:, t] = c
        return self.o * self.c

    def backward(self, dh):
        do = dh * self.c
        dc_direct = dh * self.o
        df, dz = np.empty_like(do), np.empty_like(do)
        dc = np.zeros_like(self.c0)
        for t in reversed(range(dh.shape[1])):
            c_prev = self.c[:, t - 1] if t else self.c0
            dc = dc + dc_direct[:, t]
            df[:, t] = dc * (c_prev - self.z[:, t])
            dz[:, t] = dc * (1 - self.f[:, t])
            dc = dc * self.f[:, t]
        dpre = {"z": dz * (1 - self.z ** 2), "f": df * self.f * (1 - self.f), "o": do * self.o * (1 - self.o)}
        grads, dx = {}, np.zeros_like(self.x)
        for g, d in dpre.items():
            now, before, _ = self.w[g]
            grads[f"{self.prefix}.{g}.now"] = np.einsum("btd,bth->dh", self.x, d)
            grads[f"{self.prefix}.{g}.before"] = np.einsum("btd,bth->dh", self.x_lag, d)
            grads[f"{self.prefix}.{g}.bias"] = d.sum((0, 1))
            dx += d @ now.T
            dx += unlag(d @ before.T)
        return dx, dc, grads


def run(p, inputs):
    layers = [QRNNLayer(p, "l0"), QRNNLayer(p, "l1")]
    x = p["embed"][inputs["tokens"]]
    for layer, c0 in zip(layers, inputs["c0"]):
        x = layer(x, c0)
    rows = np.arange(len(x))
    last = x[rows, inputs["lengths"] - 1]
    scores = last @ p["out.w"] + p["out.b"]
    margins = scores - scores[rows, inputs["label"]][:, None] + 1.0
    margins[rows, inputs["label"]] = 0.0
    return layers, x, last, np.maximum(margins, 0.0), rows


def loss(params, inputs):
    return float(run(params, inputs)[3].sum() / len(inputs["label"]))


def backward(params, inputs):
    layers, top, last, margins, rows = run(params, inputs)
    dscores = (margins > 0).astype(float)
    dscores[rows, inputs["label"]] = -dscores.sum(axis=1)
    dscores /= len(rows)
    grads = {"out.w": last.T @ dscores, "out.b": dscores.sum(axis=0), "c0": np.zeros_like(inputs["c0"])}
    dx = np.zeros_like(top)
    dx[rows, inputs["lengths"] - 1] = dscores @ params["out.w"].T
    for k in (1, 0):
        dx, grads["c0"][k], g = layers[k].backward(dx)
        grads.update(g)
    grads["embed"] = np.zeros_like(params["embed"])
    np.add.at(grads["embed"], inputs["tokens"], dx)
    return grads


def example(rng):
    B, T, V, E, H, K = (int(rng.integers(a, b)) for a, b in ((2, 4), (4, 6), (4, 6), (2, 4), (3, 5), (3, 5)))
    p = {"embed": rng.normal(size=(V, E)), "out.w": rng.normal(size=(H, K)), "out.b": rng.normal(size=K)}
    for prefix, n in (("l0", E), ("l1", H)):
        for g in GATES:
            for tap in ("now", "before"):
                p[f"{prefix}.{g}.{tap}"] = rng.normal(size=(n, H))
            p[f"{prefix}.{g}.bias"] = rng.normal(size=H)
    tokens = rng.integers(0, V, (B, T))
    tokens[0, 1] = tokens[0, 0]
    lengths = np.concatenate([[T, T - 1], rng.integers(2, T + 1, B - 2)])
    while True:
        label = rng.integers(0, K, B)
        label[1] = label[0]
        inputs = {"tokens": tokens, "lengths": lengths, "label": label, "c0": rng.normal(size=(2, B, H))}
        scores = run(p, inputs)[2] @ p["out.w"] + p["out.b"]
        margins = scores - scores[np.arange(B), inputs["label"]][:, None] + 1.0
        if np.abs(margins).min() > 0.05 and (margins[0] > 0).sum() > 1:  # not at a corner of the hinge
            return p, inputs
