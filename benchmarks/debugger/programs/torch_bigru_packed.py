"""nn.GRU(bidirectional=True) on a PackedSequence, redone in NumPy to see what cuDNN does."""

import numpy as np

sig = lambda v: 1.0 / (1.0 + np.exp(-v))  # noqa: E731


class GRUDirection:
    """One direction. Weights as in torch: rows r, z, n; both biases."""

    def __init__(self, p, suffix):
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        self.names = [n + suffix for n in names]
        self.w_ih, self.w_hh, self.b_ih, self.b_hh = (p[n] for n in self.names)
        self.reverse = suffix != ""
        self.H = self.w_hh.shape[1]

    def steps(self, batch_sizes):
        ends = np.cumsum(batch_sizes)
        order = [(e - n, e, n) for e, n in zip(ends, batch_sizes)]
        return order[::-1] if self.reverse else order

    def forward(self, data, batch_sizes, h0):
        H = self.H
        hx = h0.copy()
        out = np.zeros((len(data), H))
        self.saved = []
        for lo, hi, n in self.steps(batch_sizes):
            h = hx[:n].copy()
            gi = data[lo:hi] @ self.w_ih.T + self.b_ih
            gh = h @ self.w_hh.T + self.b_hh
            r = sig(gi[:, :H] + gh[:, :H])
            z = sig(gi[:, H:2 * H] + gh[:, H:2 * H])
            n_ = np.tanh(gi[:, 2 * H:] + r * gh[:, 2 * H:])
            hx[:n] = (1 - z) * n_ + z * h
            out[lo:hi] = hx[:n]
            self.saved.append((lo, hi, n, h, r, z, n_, gh[:, 2 * H:]))
        return out, hx

    def backward(self, data, grad_out, grad_hn):
        g = {n: np.zeros_like(w) for n, w in zip(self.names, (self.w_ih, self.w_hh, self.b_ih, self.b_hh))}
        wi, wh, bi, bh = self.names
        dhx = grad_hn.copy()
        ddata = np.zeros_like(data)
        while self.saved:
            lo, hi, n, h, r, z, n_, ghn = self.saved.pop()
            dh = dhx[:n] + grad_out[lo:hi]
            dn = dh * (1 - z) * (1 - n_ ** 2)
            dz = dh * (h - n_) * z * (1 - z)
            dr = dn * ghn * r * (1 - r)
            dgi = np.concatenate([dr, dz, dn], axis=1)
            dgh = np.concatenate([dr, dz, dn * r], axis=1)
            g[wi] += dgi.T @ data[lo:hi]
            g[wh] += dgh.T @ h
            g[bi] += dgi.sum(0)
            g[bh] += dgh.sum(0)
            ddata[lo:hi] += dgi @ self.w_ih
            dhx[:n] = dh * z + dgh @ self.w_hh
        return ddata, dhx, g


def run(p, inputs, need_grad):
    data, sizes, y = inputs["data"], inputs["batch_sizes"], inputs["y"]
    fwd, bwd = GRUDirection(p, ""), GRUDirection(p, "_reverse")
    out_f, hn_f = fwd.forward(data, sizes, inputs["h0"][0])
    out_b, hn_b = bwd.forward(data, sizes, inputs["h0"][1])
    out = np.concatenate([out_f, out_b], axis=1)
    logits = out @ p["decoder.weight"].T + p["decoder.bias"]
    logits = logits - logits.max(1, keepdims=True)
    logp = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    rows = np.arange(len(data))
    value = -logp[rows, y].mean() + 0.5 * np.sum(hn_f * hn_b)
    if not need_grad:
        return value
    dlogits = np.exp(logp)
    dlogits[rows, y] -= 1
    dlogits /= len(data)
    grads = {"decoder.weight": dlogits.T @ out, "decoder.bias": dlogits.sum(0)}
    dout = dlogits @ p["decoder.weight"]
    H = fwd.H
    dx_f, dh0_f, g_f = fwd.backward(data, dout[:, :H], 0.5 * hn_b)
    dx_b, dh0_b, g_b = bwd.backward(data, dout[:, H:], 0.5 * hn_f)
    grads.update(g_f)
    grads.update(g_b)
    grads["data"] = dx_f + dx_b
    grads["h0"] = np.stack([dh0_f, dh0_b])
    return grads


def loss(params, inputs):
    return float(run(params, inputs, False))


def backward(params, inputs):
    return run(params, inputs, True)


def example(rng):
    T, B = int(rng.integers(3, 6)), int(rng.integers(2, 4))
    D, H, K = int(rng.integers(2, 5)), int(rng.integers(2, 5)), int(rng.integers(2, 4))
    lengths = np.sort(np.concatenate([[T, max(1, T - 2)], rng.integers(1, T + 1, B - 2)]))[::-1]
    batch_sizes = np.array([(lengths > t).sum() for t in range(T)])
    p = {}
    for s in ("", "_reverse"):
        p["weight_ih_l0" + s], p["weight_hh_l0" + s] = rng.normal(size=(3 * H, D)), rng.normal(size=(3 * H, H))
        p["bias_ih_l0" + s], p["bias_hh_l0" + s] = rng.normal(size=3 * H), rng.normal(size=3 * H)
    p["decoder.weight"], p["decoder.bias"] = rng.normal(size=(K, 2 * H)), rng.normal(size=K)
    total = int(batch_sizes.sum())
    return p, {"data": rng.normal(size=(total, D)), "batch_sizes": batch_sizes,
               "y": rng.integers(0, K, total), "h0": rng.normal(size=(2, B, H))}
