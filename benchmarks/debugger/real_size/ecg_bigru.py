"""Beat-segment tagging of ECG strips with a two-layer bidirectional GRU."""
import numpy as np

CFG = dict(leads=8, hidden=56, tags=5, batch=12, steps=60)


def sig(a):
    return 1 / (1 + np.exp(-a))


class GRUCell:
    """Parameters W (3, D, H), U (3, H, H), b (3, H), bn (H,): gates r, z, n."""

    def __init__(self, W, U, b, bn):
        self.W, self.U, self.b, self.bn = W, U, b, bn
        self.dW, self.dU = np.zeros_like(W), np.zeros_like(U)
        self.db, self.dbn = np.zeros_like(b), np.zeros_like(bn)

    def step(self, x, h, m):
        ax = np.einsum("bd,gdh->gbh", x, self.W) + self.b[:, None]
        ah = np.einsum("bk,gkh->gbh", h, self.U)
        r = sig(ax[0] + ah[0])
        z = sig(ax[1] + ah[1])
        q = ah[2] + self.bn
        n = np.tanh(ax[2] + r * q)
        cand = (1 - z) * n + z * h
        h_new = m * cand + (1 - m) * h
        return h_new, (x, h, m, r, z, q, n)

    def step_back(self, dh_new, cache):
        x, h, m, r, z, q, n = cache
        dcand = m * dh_new
        dh = (1 - m) * dh_new
        dn = dcand * (1 - z)
        dz = dcand * (h - n)
        dh = dh + dcand * z
        dan = dn * (1 - n ** 2)
        dr = dan * q
        dq = dan * r
        dar = dr * r * (1 - r)
        daz = dz * z * (1 - z)
        dax = np.stack([dar, daz, dan])
        dah = np.stack([dar, daz, dq])
        self.dW += np.einsum("bd,gbh->gdh", x, dax)
        self.dU += np.einsum("bk,gbh->gkh", h, dah)
        self.db += dax.sum(axis=1)
        self.dbn += dq.sum(axis=0)
        dx = np.einsum("gbh,gdh->bd", dax, self.W)
        dh = dh + np.einsum("gbh,gkh->bk", dah, self.U)
        return dx, dh


class Direction:
    def __init__(self, cell, reverse):
        self.cell = cell
        self.reverse = reverse

    def order(self, T):
        return range(T - 1, -1, -1) if self.reverse else range(T)

    def run(self, x, mask):
        B, T, _ = x.shape
        H = self.cell.bn.shape[0]
        h = np.zeros((B, H), dtype=x.dtype)
        out = np.zeros((B, T, H), dtype=x.dtype)
        self.caches = {}
        for t in self.order(T):
            h, self.caches[t] = self.cell.step(x[:, t], h, mask[:, t, None])
            out[:, t] = h
        return out

    def run_back(self, dout, D):
        B, T, H = dout.shape
        dx = np.zeros((B, T, D), dtype=dout.dtype)
        dh = np.zeros((B, H), dtype=dout.dtype)
        for t in reversed(self.order(T)):
            dh = dh + dout[:, t]
            dx[:, t], dh = self.cell.step_back(dh, self.caches[t])
        return dx


class BiGRU:
    def __init__(self, p, layer):
        self.dirs = {}
        for d in ("f", "b"):
            k = f"{d}{layer}_"
            cell = GRUCell(p[k + "W"], p[k + "U"], p[k + "b"], p[k + "bn"])
            self.dirs[k] = Direction(cell, reverse=(d == "b"))

    def forward(self, x, mask):
        self.D = x.shape[2]
        return np.concatenate([d.run(x, mask) for d in self.dirs.values()], axis=2)

    def backward(self, dy):
        H = dy.shape[2] // 2
        fwd, bwd = self.dirs.values()
        return fwd.run_back(dy[:, :, :H], self.D) + bwd.run_back(dy[:, :, H:], self.D)

    def collect(self, grads):
        for k, d in self.dirs.items():
            c = d.cell
            grads[k + "W"], grads[k + "U"] = c.dW, c.dU
            grads[k + "b"], grads[k + "bn"] = c.db, c.dbn


class Tagger:
    def __init__(self, p):
        self.p = p
        self.layers = [BiGRU(p, 1), BiGRU(p, 2)]

    def forward(self, x, lengths, tags, weight):
        B, T, _ = x.shape
        mask = (np.arange(T)[None, :] < np.asarray(lengths)[:, None]).astype(x.dtype)
        a = x
        for lay in self.layers:
            a = lay.forward(a, mask)
        self.a = a
        s = np.einsum("bth,hk->btk", a, self.p["out_W"]) + self.p["out_b"]
        s = s - s.max(axis=2, keepdims=True)
        logp = s - np.log(np.exp(s).sum(axis=2, keepdims=True))
        onehot = np.eye(s.shape[2], dtype=x.dtype)[tags]
        self.w = weight[tags] * mask
        self.w = self.w / self.w.sum()
        self.prob, self.onehot = np.exp(logp), onehot
        return -(self.w * (logp * onehot).sum(axis=2)).sum()

    def backward(self):
        ds = self.w[:, :, None] * (self.prob - self.onehot)
        grads = {"out_W": np.einsum("bth,btk->hk", self.a, ds), "out_b": ds.sum(axis=(0, 1))}
        da = np.einsum("btk,hk->bth", ds, self.p["out_W"])
        for lay in reversed(self.layers):
            da = lay.backward(da)
            lay.collect(grads)
        grads["ecg"] = da
        return grads


def make_params(rng, dtype=np.float32):
    H, K = CFG["hidden"], CFG["tags"]
    p = {}
    for layer, D in ((1, CFG["leads"]), (2, 2 * H)):
        for d in "fb":
            p[f"{d}{layer}_W"] = rng.normal(size=(3, D, H)) / np.sqrt(D)
            p[f"{d}{layer}_U"] = rng.normal(size=(3, H, H)) / np.sqrt(H)
            p[f"{d}{layer}_b"] = rng.normal(size=(3, H)) * 0.1
            p[f"{d}{layer}_bn"] = rng.normal(size=H) * 0.1
    p["out_W"] = rng.normal(size=(2 * H, K)) / np.sqrt(2 * H)
    p["out_b"] = rng.normal(size=K) * 0.1
    return {k: v.astype(dtype) for k, v in p.items()}


def loss(params, inputs):
    net = Tagger(params)
    return float(net.forward(inputs["ecg"], inputs["lengths"], inputs["tags"], inputs["class_weight"]))


def backward(params, inputs):
    net = Tagger(params)
    net.forward(inputs["ecg"], inputs["lengths"], inputs["tags"], inputs["class_weight"])
    return net.backward()


def example(rng):
    B, T = CFG["batch"], CFG["steps"]
    lengths = [int(n) for n in rng.integers(T // 2, T + 1, B)]
    lengths[0] = T
    return make_params(rng), {
        "ecg": rng.normal(size=(B, T, CFG["leads"])).astype(np.float32),
        "lengths": lengths,
        "tags": rng.integers(0, CFG["tags"], (B, T)),
        "class_weight": np.array([0.4, 1.5, 1.0, 2.0, 1.2], dtype=np.float32),
    }


if __name__ == "__main__":
    rng = np.random.default_rng(7)
    params, inputs = example(rng)
    for epoch in range(100):
        g = backward(params, inputs)
        for k in params:
            params[k] = params[k] - 0.5 * g[k]
        print(epoch, loss(params, inputs))
