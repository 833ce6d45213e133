"""Encoder-decoder of GRU modules with a shared embedding; padded sources, teacher forcing."""

import numpy as np


class Parameter:
    def __init__(self, data):
        self.data, self.grad = data, np.zeros_like(data)


class Module:
    def named_parameters(self, prefix=""):
        for name, item in vars(self).items():
            if isinstance(item, Parameter):
                yield prefix + name, item
            elif isinstance(item, Module):
                yield from item.named_parameters(prefix + name + ".")


class GRUCell(Module):
    def __init__(self, Wx, Wh, b):
        self.Wx, self.Wh, self.b = Parameter(Wx), Parameter(Wh), Parameter(b)

    def forward(self, x, h):
        n = h.shape[1]
        gx, gh = x @ self.Wx.data + self.b.data, h @ self.Wh.data
        rz = 1 / (1 + np.exp(-(gx[:, : 2 * n] + gh[:, : 2 * n])))
        r, z = rz[:, :n], rz[:, n:]
        cand = np.tanh(gx[:, 2 * n :] + r * gh[:, 2 * n :])
        return z * h + (1 - z) * cand, (x, h, r, z, cand, gh[:, 2 * n :])

    def backward(self, dh_new, cache):
        x, h, r, z, cand, hc = cache
        da = dh_new * (1 - z) * (1 - cand**2)
        dr, dz = da * hc * r * (1 - r), dh_new * (h - cand) * z * (1 - z)
        dgx = np.concatenate([dr, dz, da], axis=1)
        dgh = np.concatenate([dr, dz, da * r], axis=1)
        self.Wx.grad += x.T @ dgx
        self.Wh.grad += h.T @ dgh
        self.b.grad += dgx.sum(axis=0)
        return dgx @ self.Wx.data.T, dgh @ self.Wh.data.T + dh_new * z


class Translator(Module):
    def __init__(self, p):
        self.emb, self.out = Parameter(p["emb"]), Parameter(p["out"])
        self.enc = GRUCell(p["enc.Wx"], p["enc.Wh"], p["enc.b"])
        self.dec = GRUCell(p["dec.Wx"], p["dec.Wh"], p["dec.b"])

    def forward(self, src, lengths, tgt, h):
        self.enc_tape, self.dec_tape = [], []
        for t, tokens in enumerate(src.T):
            new, cache = self.enc.forward(self.emb.data[tokens], h)
            live = (t < lengths)[:, None]
            h = np.where(live, new, h)
            self.enc_tape.append((tokens, live, cache))
        total = 0.0
        for t in range(tgt.shape[1] - 1):
            h, cache = self.dec.forward(self.emb.data[tgt[:, t]], h)
            logp = h @ self.out.data
            logp = logp - np.log(np.exp(logp).sum(axis=1, keepdims=True))
            total -= logp[np.arange(len(tgt)), tgt[:, t + 1]].mean()
            self.dec_tape.append((tgt[:, t], tgt[:, t + 1], logp, h, cache))
        return total

    def backward(self):
        dh = 0.0
        for fed, wanted, logp, h, cache in reversed(self.dec_tape):
            dscores = np.exp(logp)
            dscores[np.arange(len(wanted)), wanted] -= 1.0
            dscores /= len(wanted)
            self.out.grad += h.T @ dscores
            demb, dh = self.dec.backward(dh + dscores @ self.out.data.T, cache)
            np.add.at(self.emb.grad, fed, demb)
        for tokens, live, cache in reversed(self.enc_tape):
            demb, dh_cell = self.enc.backward(dh * live, cache)
            dh = dh_cell + dh * ~live
            np.add.at(self.emb.grad, tokens, demb)
        return dh


def loss(params, inputs):
    return float(Translator(params).forward(inputs["src"], inputs["lengths"], inputs["tgt"], inputs["h0"]))


def backward(params, inputs):
    model = Translator(params)
    model.forward(inputs["src"], inputs["lengths"], inputs["tgt"], inputs["h0"])
    return {"h0": model.backward()} | {name: p.grad for name, p in model.named_parameters()}


def example(rng):
    B, S, T, E, H, V = rng.integers(2, 4), rng.integers(3, 6), rng.integers(4, 6), 3, int(rng.integers(4, 6)), 5
    gru = {".Wx": (E, 3 * H), ".Wh": (H, 3 * H), ".b": (3 * H,)}
    shapes = {"emb": (V, E), "out": (H, V)} | {side + k: s for side in ("enc", "dec") for k, s in gru.items()}
    params = {name: 0.8 * rng.normal(size=s) for name, s in shapes.items()}
    src, tgt = rng.integers(0, V, (B, S)), rng.integers(0, V, (B, T))
    src[1, 0], tgt[1, 0] = src[0, 0], tgt[0, 0]
    lengths = np.array([S, S - 1, 2])[:B]
    return params, {"src": src, "tgt": tgt, "lengths": lengths, "h0": rng.normal(size=(B, H))}
