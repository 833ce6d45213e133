"""Date normaliser ("3 may 1998" -> "1998-05-03"): LSTM encoder, LSTM decoder, teacher forcing.

Layers take their weights out of p and put gradients into g, both by prefix. Batch first, id 0 is
padding; the encoder stands still on it, and its last state is the first one of the decoder.
"""
import numpy as np

PAD = 0


class Embedding:
    def __init__(self, p, g, prefix):
        self.W, self.g, self.key = p[prefix + "_emb"], g, prefix + "_emb"

    def forward(self, ids):
        self.ids = ids
        return self.W[ids]

    def backward(self, dout):
        dW = np.zeros_like(self.W)
        np.add.at(dW, self.ids, dout)
        self.g[self.key] = dW


class Linear:
    def __init__(self, p, g, prefix):
        self.W, self.b, self.g, self.prefix = p[prefix + "_W"], p[prefix + "_b"], g, prefix

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        x = self.x.reshape(-1, self.x.shape[-1])
        flat = dout.reshape(-1, dout.shape[-1])
        self.g[self.prefix + "_W"] = x.T @ flat
        self.g[self.prefix + "_b"] = flat.sum(axis=0)
        return dout @ self.W.T


class LSTM:
    def __init__(self, p, g, prefix):
        self.names = [prefix + s for s in ("_Wx", "_Wh", "_b")]
        self.Wx, self.Wh, self.b = (p[n] for n in self.names)
        self.g = g

    def forward(self, x, mask, h, c):
        self.x, self.mask, self.cache = x, mask, []
        hs = []
        for t in range(x.shape[1]):
            m = mask[:, t, None]
            z = x[:, t] @ self.Wx + h @ self.Wh + self.b
            i, f, g, o = np.split(z, 4, axis=1)
            i, f, o = (1 / (1 + np.exp(-s)) for s in (i, f, o))
            g = np.tanh(g)
            c_new = f * c + i * g
            tc = np.tanh(c_new)
            self.cache.append((h, c, i, f, g, o, tc))
            h = m * (o * tc) + (1 - m) * h
            c = m * c_new + (1 - m) * c
            hs.append(h)
        return np.stack(hs, axis=1), h, c

    def backward(self, dhs, dh, dc):
        dWx, dWh, db = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.b)
        dx = np.zeros_like(self.x)
        for t in reversed(range(self.x.shape[1])):
            h_prev, c_prev, i, f, g, o, tc = self.cache[t]
            m = self.mask[:, t, None]
            dh = dh + dhs[:, t]
            dh_new = m * dh
            dc_new = m * dc + dh_new * o * (1 - tc ** 2)
            dz = np.concatenate([dc_new * g * i * (1 - i),
                                 dc_new * c_prev * f * (1 - f),
                                 dc_new * i * (1 - g ** 2),
                                 dh_new * tc * o * (1 - o)], axis=1)
            dWx += self.x[:, t].T @ dz
            dWh += h_prev.T @ dz
            db += dz.sum(axis=0)
            dx[:, t] = dz @ self.Wx.T
            dh = dz @ self.Wh.T + (1 - m) * dh
            dc = dc_new * f + (1 - m) * dc
        self.g.update(zip(self.names, (dWx, dWh, db)))
        return dx, dh, dc


class SoftmaxLoss:
    def forward(self, logits, target):
        e = np.exp(logits - logits.max(axis=-1, keepdims=True))
        self.p = e / e.sum(axis=-1, keepdims=True)
        self.y = np.eye(logits.shape[-1])[target]
        self.real = (target != PAD) * 1.0
        return -np.sum(self.real[..., None] * self.y * np.log(self.p)) / self.real.sum()

    def backward(self):
        return (self.p - self.y) * self.real[..., None] / self.real.sum()


def train_step(p, src, tgt):
    """Loss and gradients of one minibatch."""
    g = {}
    src_emb, tgt_emb = Embedding(p, g, "src"), Embedding(p, g, "tgt")
    encoder, decoder = LSTM(p, g, "enc"), LSTM(p, g, "dec")
    out, criterion = Linear(p, g, "out"), SoftmaxLoss()

    h = c = np.zeros((len(src), encoder.Wh.shape[0]))
    hs_enc, h, c = encoder.forward(src_emb.forward(src), (src != PAD) * 1.0, h, c)
    tgt_in, tgt_out = tgt[:, :-1], tgt[:, 1:]
    hs, _, _ = decoder.forward(tgt_emb.forward(tgt_in), np.ones(tgt_in.shape), h, c)
    value = criterion.forward(out.forward(hs), tgt_out)

    dhs = out.backward(criterion.backward())
    demb, dh, dc = decoder.backward(dhs, np.zeros_like(h), np.zeros_like(c))
    tgt_emb.backward(demb)
    demb, _, _ = encoder.backward(np.zeros_like(hs_enc), dh, dc)
    src_emb.backward(demb)
    return value, g


def loss(params, inputs):
    return train_step(params, inputs["src"], inputs["tgt"])[0]


def backward(params, inputs):
    return train_step(params, inputs["src"], inputs["tgt"])[1]


def example(rng):
    N, D, E, H, S = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    T, V1, V2 = 5, 8, 6
    shapes = {"src_emb": (V1, D), "enc_Wx": (D, 4 * H), "enc_Wh": (H, 4 * H), "enc_b": (4 * H,),
              "tgt_emb": (V2, E), "dec_Wx": (E, 4 * H), "dec_Wh": (H, 4 * H), "dec_b": (4 * H,),
              "out_W": (H, V2), "out_b": (V2,)}
    params = {k: rng.normal(size=s) * 0.8 for k, s in shapes.items()}
    src, tgt = rng.integers(1, V1, size=(N, S)), rng.integers(1, V2, size=(N, T))
    src[0, 2:], src[1, S - 1:], tgt[0, 4:], tgt[-1, 3:] = PAD, PAD, PAD, PAD
    return params, {"src": src, "tgt": tgt}
