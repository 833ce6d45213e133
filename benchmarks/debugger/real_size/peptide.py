"""Multi-label function prediction for peptides.

Embedding -> coupled-gate LSTM (i = 1 - f) -> multi-head attention pooling -> BCE.
Everything is batch first; the same dropout masks are used at every position.
"""
import numpy as np

float_t = np.float32


class Param:
    def __init__(self, value):
        self.value = value
        self.grad = np.zeros_like(value)


class Embedding:
    def __init__(self, table):
        self.table = table

    def __call__(self, ids):
        self.ids = ids
        return self.table.value[ids]

    def back(self, dy):
        np.add.at(self.table.grad, self.ids, dy)


class CoupledLSTM:
    """h_t = o * tanh(c_t), c_t = f * c + (1 - f) * g; recurrent dropout on h."""

    def __init__(self, W, U, b):
        self.W, self.U, self.b = W, U, b

    def __call__(self, x, hmask):
        B, T, _ = x.shape
        H = self.U.value.shape[2]
        self.x, self.hmask = x, hmask
        self.act = np.zeros((3, B, T, H), float_t)
        self.c = np.zeros((B, T + 1, H), float_t)
        self.h = np.zeros((B, T + 1, H), float_t)
        wx = np.einsum("btd,dgh->gbth", x, self.W.value)
        for t in range(T):
            a = wx[:, :, t] + np.einsum("bk,kgh->gbh", self.h[:, t] * hmask, self.U.value)
            a = a + self.b.value[:, None, :]
            f = 1 / (1 + np.exp(-a[0]))
            o = 1 / (1 + np.exp(-a[1]))
            g = np.tanh(a[2])
            self.act[0, :, t], self.act[1, :, t], self.act[2, :, t] = f, o, g
            self.c[:, t + 1] = f * self.c[:, t] + (1 - f) * g
            self.h[:, t + 1] = o * np.tanh(self.c[:, t + 1])
        return self.h[:, 1:]

    def back(self, dout):
        B, T, H = dout.shape
        da = np.zeros((3, B, T, H), float_t)
        dh = np.zeros((B, H), float_t)
        dc = np.zeros((B, H), float_t)
        for t in range(T - 1, -1, -1):
            f, o, g = self.act[0, :, t], self.act[1, :, t], self.act[2, :, t]
            th = np.tanh(self.c[:, t + 1])
            dh = dh + dout[:, t]
            dc = dc + dh * o * (1 - th * th)
            da[0, :, t] = dc * (self.c[:, t] - g) * f * (1 - f)
            da[1, :, t] = dh * th * o * (1 - o)
            da[2, :, t] = dc * (1 - f) * (1 - g * g)
            dh = np.einsum("gbh,kgh->bk", da[:, :, t], self.U.value) * self.hmask
            dc = dc * f
        hm = self.h[:, :-1] * self.hmask[:, None, :]
        self.W.grad += np.einsum("btd,gbth->dgh", self.x, da)
        self.U.grad += np.einsum("btk,gbth->kgh", hm, da)
        self.b.grad += da.sum(axis=(1, 2))
        return np.einsum("gbth,dgh->btd", da, self.W.value)


class AttentionPool:
    def __init__(self, K, Q, scale):
        self.K, self.Q, self.scale = K, Q, scale

    def __call__(self, h, valid):
        self.hs = h
        self.key = np.tanh(np.einsum("bth,hna->btna", h, self.K.value))
        s = np.einsum("btna,na->bnt", self.key, self.Q.value) * self.scale
        s = np.where(valid[:, None, :], s, float_t(-1e9))
        e = np.exp(s - s.max(axis=2, keepdims=True))
        self.alpha = e / e.sum(axis=2, keepdims=True)
        return np.einsum("bnt,bth->bnh", self.alpha, h)

    def back(self, dpool):
        dalpha = np.einsum("bnh,bth->bnt", dpool, self.hs)
        dh = np.einsum("bnh,bnt->bth", dpool, self.alpha)
        ds = self.alpha * (dalpha - (dalpha * self.alpha).sum(axis=2, keepdims=True))
        ds = ds * self.scale
        self.Q.grad += np.einsum("bnt,btna->na", ds, self.key)
        dkey = np.einsum("bnt,na->btna", ds, self.Q.value)
        dkey = dkey * (1 - self.key ** 2)
        self.K.grad += np.einsum("bth,btna->hna", self.hs, dkey)
        dh = dh + np.einsum("btna,hna->bth", dkey, self.K.value)
        return dh


class Readout:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def __call__(self, pool):
        self.pool = pool
        return np.einsum("bnh,nhc->bc", pool, self.W.value) + self.b.value

    def back(self, dz):
        self.W.grad += np.einsum("bnh,bc->nhc", self.pool, dz)
        self.b.grad += dz.sum(axis=0)
        return np.einsum("bc,nhc->bnh", dz, self.W.value)


class PeptideNet:
    vocab, embed, hidden, heads, att, labels = 30, 36, 100, 3, 24, 8

    def __init__(self, values):
        self.params = {k: Param(v) for k, v in values.items()}
        q = self.params
        self.emb = Embedding(q["emb"])
        self.rnn = CoupledLSTM(q["rnn.W"], q["rnn.U"], q["rnn.b"])
        self.pool = AttentionPool(q["pool.K"], q["pool.Q"], float_t(self.att ** -0.5))
        self.out = Readout(q["out.W"], q["out.b"])

    def loss(self, d):
        self.d = d
        x = self.emb(d["ids"]) * d["xdrop"][:, None, :]
        h = self.rnn(x, d["hdrop"])
        valid = np.arange(x.shape[1])[None, :] < d["lengths"][:, None]
        z = self.out(self.pool(h, valid))
        self.sig = 1 / (1 + np.exp(-z))
        # positives are rare, so they weigh more
        self.pw = 1 + (d["pos_weight"] - 1) * d["y"]
        ce = np.maximum(z, 0) - z * d["y"] + np.log1p(np.exp(-np.abs(z)))
        return (self.pw * ce).mean()

    def back(self):
        dz = self.pw * (self.sig - self.d["y"]) / self.sig.size
        dh = self.pool.back(self.out.back(dz))
        dx = self.rnn.back(dh)
        self.emb.back(dx * self.d["xdrop"][:, None, :])
        return {k: v.grad for k, v in self.params.items()}

    @classmethod
    def init(cls, rng):
        n = lambda *s, sc=1.0: (sc * rng.standard_normal(s)).astype(float_t)
        E, H, N, A, C = cls.embed, cls.hidden, cls.heads, cls.att, cls.labels
        return {"emb": n(cls.vocab, E, sc=0.8), "rnn.W": n(E, 3, H, sc=E ** -0.5),
                "rnn.U": n(H, 3, H, sc=H ** -0.5),
                "rnn.b": n(3, H, sc=0.2), "pool.K": n(H, N, A, sc=3 * H ** -0.5),
                "pool.Q": n(N, A), "out.W": n(N, H, C, sc=3 * (N * H) ** -0.5), "out.b": n(C, sc=0.1)}


def loss(params, inputs):
    return float(PeptideNet(params).loss(inputs))


def backward(params, inputs):
    net = PeptideNet(params)
    net.loss(inputs)
    return net.back()


def example(rng):
    B, T, M = 16, 50, PeptideNet
    lengths = rng.integers(18, T + 1, B)
    ids = rng.integers(1, M.vocab, (B, T))
    ids[np.arange(T)[None, :] >= lengths[:, None]] = 0
    return M.init(rng), {"ids": ids, "lengths": lengths,
                         "y": (rng.random((B, M.labels)) < 0.25).astype(float_t),
                         "pos_weight": 2.5,
                         "xdrop": ((rng.random((B, M.embed)) < 0.8) / 0.8).astype(float_t),
                         "hdrop": ((rng.random((B, M.hidden)) < 0.75) / 0.75).astype(float_t)}


if __name__ == "__main__":
    rng = np.random.default_rng(9)
    values, data = example(rng)
    for it in range(200):
        g = backward(values, data)
        for k in values:
            values[k] -= float_t(0.3) * g[k]
        print(it, loss(values, data))
