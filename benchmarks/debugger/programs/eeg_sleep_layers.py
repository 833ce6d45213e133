"""Sleep staging from EEG frames with a small layer library: every layer has fwd/bwd, a net is a list."""
import numpy as np


class Affine:
    def __init__(self, p, tag):
        self.W, self.b, self.tag = p[tag + ".W"], p[tag + ".b"], tag

    def fwd(self, x):
        self.x = x
        return x @ self.W + self.b

    def bwd(self, dy, g):
        flat = self.x.reshape(-1, self.x.shape[-1])
        g[self.tag + ".W"] = flat.T @ dy.reshape(-1, dy.shape[-1])
        g[self.tag + ".b"] = dy.sum(axis=(0, 1))
        return dy @ self.W.T


class FrameNorm:
    """Normalise each frame over its channels, then scale and shift."""

    def __init__(self, p, tag, eps=1e-3):
        self.gain, self.shift, self.tag, self.eps = p[tag + ".gain"], p[tag + ".shift"], tag, eps

    def fwd(self, x):
        mean = x.mean(axis=-1, keepdims=True)
        self.inv = 1 / np.sqrt(((x - mean) ** 2).mean(axis=-1, keepdims=True) + self.eps)
        self.xhat = (x - mean) * self.inv
        return self.gain * self.xhat + self.shift

    def bwd(self, dy, g):
        g[self.tag + ".gain"] = (dy * self.xhat).sum(axis=(0, 1))
        g[self.tag + ".shift"] = dy.sum(axis=(0, 1))
        dxhat = dy * self.gain
        dx = dxhat - dxhat.mean(axis=-1, keepdims=True)
        dx -= self.xhat * (dxhat * self.xhat).mean(axis=-1, keepdims=True)
        return dx * self.inv


class Recur:
    """Minimal gated unit; x already holds both projections (forget | candidate)."""

    def __init__(self, p, tag):
        self.Uf, self.Uc, self.h0, self.tag = p[tag + ".Uf"], p[tag + ".Uc"], p[tag + ".h0"], tag

    def fwd(self, x):
        T, B, H = x.shape[0], x.shape[1], self.h0.size
        self.h = np.zeros((T + 1, B, H))
        self.f, self.c = np.zeros((T, B, H)), np.zeros((T, B, H))
        self.h[0] = self.h0
        for t in range(T):
            self.f[t] = 1 / (1 + np.exp(-(x[t, :, :H] + self.h[t] @ self.Uf)))
            self.c[t] = np.tanh(x[t, :, H:] + (self.f[t] * self.h[t]) @ self.Uc)
            self.h[t + 1] = self.h[t] + self.f[t] * (self.c[t] - self.h[t])
        return self.h[1:]

    def bwd(self, dy, g):
        T, B, H = dy.shape
        dUf, dUc = np.zeros_like(self.Uf), np.zeros_like(self.Uc)
        dx = np.zeros((T, B, 2 * H))
        dh = np.zeros((B, H))
        for t in range(T - 1, -1, -1):
            f, c, hp = self.f[t], self.c[t], self.h[t]
            dh = dh + dy[t]
            dac = dh * f * (1 - c ** 2)
            dfh = dac @ self.Uc.T
            daf = (dh * (c - hp) + dfh * hp) * f * (1 - f)
            dUc += (f * hp).T @ dac
            dUf += hp.T @ daf
            dx[t, :, :H], dx[t, :, H:] = daf, dac
            dh = dh * (1 - f) + dfh * f + daf @ self.Uf.T
        g[self.tag + ".Uf"], g[self.tag + ".Uc"], g[self.tag + ".h0"] = dUf, dUc, dh.sum(axis=0)
        return dx


class Smoothed:
    """Cross entropy with label smoothing and class weights, averaged over scored epochs."""

    def fwd(self, z, stage, weight, smooth):
        K = z.shape[-1]
        z = z - z.max(axis=-1, keepdims=True)
        self.logp = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
        self.target = np.eye(K)[stage] * (1 - smooth) + smooth / K
        self.w = np.where(stage >= 0, weight[stage], 0.0)
        return -(self.w[..., None] * self.target * self.logp).sum() / self.w.sum()

    def bwd(self):
        return self.w[..., None] * (np.exp(self.logp) - self.target) / self.w.sum()


def build(p):
    return [Affine(p, "enc"), FrameNorm(p, "norm"), Recur(p, "mgu"), Affine(p, "head")], Smoothed()


def run(net, crit, inputs):
    x = inputs["frames"]
    for layer in net:
        x = layer.fwd(x)
    return crit.fwd(x, inputs["stage"], inputs["weight"], float(inputs["smooth"]))


def loss(params, inputs):
    return float(run(*build(params), inputs))


def backward(params, inputs):
    net, crit = build(params)
    run(net, crit, inputs)
    g, d = {}, crit.bwd()
    for layer in net[::-1]:
        d = layer.bwd(d, g)
    g["frames"] = d
    return g


def example(rng):
    T, B, D, H, K = int(rng.integers(3, 6)), 2, 3, int(rng.integers(4, 6)), 4
    n = rng.standard_normal
    p = {"enc.W": n((D, 2 * H)), "enc.b": n(2 * H), "norm.gain": n(2 * H), "norm.shift": n(2 * H),
         "mgu.Uf": n((H, H)), "mgu.Uc": n((H, H)), "mgu.h0": n(H), "head.W": n((H, K)), "head.b": n(K)}
    stage = rng.integers(0, K, (T, B))
    stage[1, 0] = -1
    return p, {"frames": n((T, B, D)), "stage": stage, "weight": rng.random(K) + .5, "smooth": np.array(.1)}
