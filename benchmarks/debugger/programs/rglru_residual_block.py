"""Griffin-like blocks: RMSNorm, gated linear recurrence (RG-LRU), SiLU branch, residual. (B,T,D)."""
import numpy as np

C, EPS = 2.0, 1e-4


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class RMSNorm:
    def forward(self, x, gain):
        self.gain = gain
        self.inv = 1 / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + EPS)
        self.xhat = x * self.inv
        return self.xhat * gain

    def backward(self, dy):
        dgain = np.sum(dy * self.xhat, axis=(0, 1))
        dxhat = dy * self.gain
        return self.inv * (dxhat - self.xhat * np.mean(dxhat * self.xhat, axis=-1, keepdims=True)), dgain


class RGLRU:
    def forward(self, x, Wr, br, Wi, bi, lam, h0):
        self.x, self.Wr, self.Wi, self.lam = x, Wr, Wi, lam
        self.r, self.i = sigmoid(x @ Wr + br), sigmoid(x @ Wi + bi)
        self.a = np.exp(-C * np.logaddexp(0, lam) * self.r)
        self.root = np.sqrt(1 - self.a**2)
        u = self.root * self.i * x
        self.H = np.empty((x.shape[0], x.shape[1] + 1, x.shape[2]))
        self.H[:, 0] = h0
        for t in range(x.shape[1]):
            self.H[:, t + 1] = self.a[:, t] * self.H[:, t] + u[:, t]
        return self.H[:, 1:]

    def backward(self, dy):
        du = np.zeros_like(dy)
        carry = np.zeros_like(dy[:, 0])
        for t in reversed(range(dy.shape[1])):
            du[:, t] = dy[:, t] + carry
            carry = self.a[:, t] * du[:, t]
        da = du * self.H[:, :-1] - du * self.i * self.x * self.a / self.root
        dlog = da * self.a
        speed = np.logaddexp(0, self.lam)
        dr = -C * speed * dlog * self.r * (1 - self.r)
        di = du * self.root * self.x * self.i * (1 - self.i)
        flat = self.x.reshape(-1, self.x.shape[-1])
        g = {
            "Wr": flat.T @ dr.reshape(flat.shape), "br": dr.sum((0, 1)),
            "Wi": flat.T @ di.reshape(flat.shape), "bi": di.sum((0, 1)),
            "lam": -C * np.sum(dlog * self.r, axis=(0, 1)) * sigmoid(self.lam),
            "h0": carry.sum(0),
        }
        return du * self.root * self.i + dr @ self.Wr.T + di @ self.Wi.T, g


class Block:
    names = ("Wr", "br", "Wi", "bi", "lam", "h0")

    def forward(self, x, p):
        self.p, self.norm, self.rec = p, RMSNorm(), RGLRU()
        self.n = self.norm.forward(x, p["gain"])
        self.v = self.rec.forward(self.n @ p["Win"], *(p[k] for k in self.names))
        self.q = self.n @ p["Wq"]
        self.s = sigmoid(self.q)
        self.mixed = self.v * self.q * self.s
        return x + self.mixed @ p["Wout"]

    def backward(self, dout):
        p = self.p
        outer = lambda a, b: np.einsum("bti,btj->ij", a, b)
        g = {"Wout": outer(self.mixed, dout)}
        dmixed = dout @ p["Wout"].T
        dq = dmixed * self.v * self.s * (1 + self.q * (1 - self.s))
        din, grec = self.rec.backward(dmixed * self.q * self.s)
        g.update(grec, Win=outer(self.n, din), Wq=outer(self.n, dq))
        dx, g["gain"] = self.norm.backward(din @ p["Win"].T + dq @ p["Wq"].T)
        return dx + dout, g


def split_params(params):
    return [{k[:-1]: v for k, v in params.items() if k.endswith(str(i))} for i in (1, 2)]


def apply(params, inputs):
    blocks, x = [Block(), Block()], inputs["x"]
    for block, p in zip(blocks, split_params(params)):
        x = block.forward(x, p)
    err = (x - inputs["target"]) * inputs["mask"][:, :, None]
    return blocks, err, inputs["mask"].sum() * x.shape[2]


def loss(params, inputs):
    _, err, count = apply(params, inputs)
    return float(np.sum(err**2) / count)


def backward(params, inputs):
    blocks, err, count = apply(params, inputs)
    d, grads = 2 * err / count, {}
    for i, block in reversed(list(enumerate(blocks, 1))):
        d, g = block.backward(d)
        grads.update({f"{k}{i}": v for k, v in g.items()})
    grads["x"] = d
    return grads


def example(rng):
    B, T, D = int(rng.integers(2, 4)), int(rng.integers(3, 6)), int(rng.integers(2, 4))
    w = lambda *s: rng.normal(0, 0.8, s)
    p = {}
    for i, H in ((1, 4), (2, 5)):
        q = dict(gain=w(D) + 1, Win=w(D, H), Wr=w(H, H), br=w(H), Wi=w(H, H), bi=w(H), lam=w(H) - 0.5, h0=w(H),
                 Wq=w(D, H), Wout=w(H, D))
        p.update({f"{k}{i}": v for k, v in q.items()})
    mask = (np.arange(T) < np.array([T] + [T - 1] * (B - 1))[:, None]).astype(int)
    return p, dict(x=w(B, T, D), target=w(B, T, D), mask=mask)
