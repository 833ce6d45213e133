"""nano-layers: every layer keeps a stack of what it saw; backward pops. Luong decoder on top."""
import numpy as np


class Layer:
    def __init__(self, **weights):
        self.w, self.tape = weights, []
        self.g = {k: np.zeros_like(v) for k, v in weights.items()}


class Dense(Layer):
    def __call__(self, x):
        self.tape.append(x)
        return x @ self.w["W"] + self.w["b"]

    def back(self, dy):
        x = self.tape.pop()
        self.g["W"] += x.T @ dy
        self.g["b"] += dy.sum(0)
        return dy @ self.w["W"].T


class Tanh(Layer):
    def __call__(self, x):
        y = np.tanh(x)
        self.tape.append(y)
        return y

    def back(self, dy):
        return dy * (1 - self.tape.pop() ** 2)


class Lookup(Layer):
    def __call__(self, ids):
        self.tape.append(ids)
        return self.w["E"][ids]

    def back(self, dy):
        np.add.at(self.g["E"], self.tape.pop(), dy)


class General(Layer):
    """score(h, m) = h W m, softmax over the source places that are there."""

    def __call__(self, h, mem, there):
        q = h @ self.w["W"]
        s = np.where(there, np.einsum("bd,bsd->bs", q, mem), -1e30)
        a = np.exp(s - s.max(1, keepdims=True))
        a /= a.sum(1, keepdims=True)
        self.tape.append((h, mem, q, a))
        return np.einsum("bs,bsd->bd", a, mem)

    def back(self, dctx):
        h, mem, q, a = self.tape.pop()
        da = np.einsum("bd,bsd->bs", dctx, mem)
        ds = a * (da - (a * da).sum(1, keepdims=True))
        dmem = a[:, :, None] * dctx[:, None, :] + ds[:, :, None] * q[:, None, :]
        dq = np.einsum("bs,bsd->bd", ds, mem)
        self.g["W"] += h.T @ dq
        return dq @ self.w["W"].T, dmem


class Net:
    def __init__(self, p):
        self.emb, self.att = Lookup(E=p["E"]), General(W=p["Wa"])
        self.rnn, self.mix, self.out = (Dense(W=p["W" + k], b=p["b" + k]) for k in "rmo")
        self.act1, self.act2 = Tanh(), Tanh()

    def forward(self, p, n):
        B, T = n["words"].shape
        self.h0 = h = p["h0"] + np.zeros((B, 1))
        feed, self.dl, nll = n["feed0"], [], 0.0
        for t in range(T - 1):
            h = self.act1(self.rnn(np.hstack([self.emb(n["words"][:, t]), feed, h])))
            ctx = self.att(h, n["mem"], n["there"])
            feed = self.act2(self.mix(np.hstack([ctx, h])))
            o = self.out(feed)
            lp = o - o.max(1, keepdims=True)
            lp = lp - np.log(np.exp(lp).sum(1, keepdims=True))
            gold = np.eye(o.shape[1])[n["words"][:, t + 1]]
            nll -= (lp * gold).sum()
            self.dl.append(np.exp(lp) - gold)
        return nll / B

    def reverse(self, n):
        (B, S, M), (_, H) = n["mem"].shape, self.h0.shape
        E = self.emb.w["E"].shape[1]
        dh, dfeed, dmem = np.zeros((B, H)), np.zeros(n["feed0"].shape), np.zeros((B, S, M))
        while self.dl:
            dfeed = dfeed + self.out.back(self.dl.pop() / B)
            dcat = self.mix.back(self.act2.back(dfeed))
            dh_a, dm = self.att.back(dcat[:, :M])
            dmem += dm
            dh = dh + dcat[:, M:] + dh_a
            din = self.rnn.back(self.act1.back(dh))
            demb, dfeed, dh = np.split(din, [E, din.shape[1] - H], axis=1)
            self.emb.back(demb)
        g = {"E": self.emb.g["E"], "Wa": self.att.g["W"], "h0": dh.sum(0)}
        for k, layer in zip("rmo", (self.rnn, self.mix, self.out)):
            g["W" + k], g["b" + k] = layer.g["W"], layer.g["b"]
        return {**g, "mem": dmem, "feed0": dfeed}


def loss(params, inputs):
    return float(Net(params).forward(params, inputs))


def backward(params, inputs):
    net = Net(params)
    net.forward(params, inputs)
    return net.reverse(inputs)


def example(rng):
    T, B, S = int(rng.integers(5, 7)), int(rng.integers(2, 4)), int(rng.integers(3, 5))
    V, E, H, M, F = 4, 2, int(rng.integers(3, 5)), int(rng.integers(2, 4)), 5
    w = lambda *s: rng.normal(0, 0.7, s)
    p = dict(E=w(V, E), Wa=w(H, M), h0=w(H), Wr=w(E + F + H, H), br=w(H), Wm=w(M + H, F), bm=w(F),
             Wo=w(F, V), bo=w(V))
    there = np.arange(S) < rng.integers(2, S + 1, (B, 1))
    return p, dict(words=rng.integers(0, V, (B, T)), mem=w(B, S, M), there=there, feed0=w(B, F))
