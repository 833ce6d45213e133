"""Toy Mamba: selective state-space scan with zero-order hold, logistic loss at the last true step."""
import numpy as np

softplus = lambda v: np.logaddexp(0, v)
logistic = lambda v: 1 / (1 + np.exp(-v))


class SelectiveSSM:
    names = ("A_log", "W_dt", "b_dt", "W_B", "W_C", "D", "h_init")

    def __init__(self, params):
        for name in self.names:
            setattr(self, name, params[name])

    def forward(self, x):
        batch, steps, width = x.shape
        self.x = x
        self.A = -np.exp(self.A_log)                               # (width, N)
        self.dt_raw = x @ self.W_dt + self.b_dt
        self.dt = softplus(self.dt_raw)                            # (batch, steps, width)
        self.Bm, self.Cm = x @ self.W_B, x @ self.W_C              # (batch, steps, N)
        self.decay = np.exp(self.dt[..., None] * self.A)           # (batch, steps, width, N)
        self.h = [np.tile(self.h_init, (batch, 1, 1))]
        y = self.D * x
        for t in range(steps):
            drive = (self.dt[:, t] * x[:, t])[:, :, None] * self.Bm[:, t, None, :]
            self.h.append(self.decay[:, t] * self.h[-1] + drive)
            y[:, t] += (self.h[-1] * self.Cm[:, t, None, :]).sum(-1)
        return y

    def backward(self, dy):
        x, dt, Bm, Cm, A = self.x, self.dt, self.Bm, self.Cm, self.A
        g = {"D": (dy * x).sum((0, 1)), "A_log": np.zeros_like(A)}
        dx = dy * self.D
        d_dt, dB, dC = np.zeros_like(dt), np.zeros_like(Bm), np.zeros_like(Cm)
        dh = np.zeros_like(self.h[0])
        for t in range(x.shape[1] - 1, -1, -1):
            h_prev, h_now = self.h[t], self.h[t + 1]
            dC[:, t] = (dy[:, t, :, None] * h_now).sum(1)
            dh = dh + dy[:, t, :, None] * Cm[:, t, None, :]
            # the drive: dt * x * B
            dhB = (dh * Bm[:, t, None, :]).sum(-1)
            dB[:, t] = (dh * (dt[:, t] * x[:, t])[:, :, None]).sum(1)
            dx[:, t] += dhB * dt[:, t]
            # the decay: exp(dt * A)
            d_exp = dh * h_prev * self.decay[:, t]
            d_dt[:, t] = dhB * x[:, t] + (d_exp * A).sum(-1)
            g["A_log"] += (d_exp * dt[:, t, :, None]).sum(0) * A
            dh = dh * self.decay[:, t]
        g["h_init"] = dh.sum(0)
        d_raw = d_dt * logistic(self.dt_raw)
        for name, d in (("W_dt", d_raw), ("W_B", dB), ("W_C", dC)):
            g[name] = np.tensordot(x, d, axes=((0, 1), (0, 1)))
            dx += d @ getattr(self, name).T
        g["b_dt"] = d_raw.sum((0, 1))
        return dx, g


def _head(params, inputs):
    ssm = SelectiveSSM(params)
    y = ssm.forward(inputs["x"])
    rows = np.arange(len(y))
    last = inputs["lengths"] - 1
    feat = y[rows, last]
    return ssm, y, rows, last, feat, feat @ params["w"] + params["c"]


def loss(params, inputs):
    score = _head(params, inputs)[-1]
    return float(np.mean(softplus(score) - inputs["label"] * score))


def backward(params, inputs):
    ssm, y, rows, last, feat, score = _head(params, inputs)
    dscore = (logistic(score) - inputs["label"]) / len(score)
    dy = np.zeros_like(y)
    dy[rows, last] = np.outer(dscore, params["w"])
    dx, g = ssm.backward(dy)
    g.update(w=feat.T @ dscore, c=dscore.sum(), x=dx)
    return g


def example(rng):
    batch, steps, width, N = int(rng.integers(2, 4)), int(rng.integers(4, 6)), 3, int(rng.integers(2, 5))
    w = lambda *s: rng.normal(0, 0.7, s)
    p = dict(A_log=w(width, N), W_dt=w(width, width), b_dt=w(width), W_B=w(width, N), W_C=w(width, N),
             D=w(width), h_init=w(width, N), w=w(width), c=np.array(rng.normal()))
    lengths = rng.integers(3, steps + 1, batch)
    return p, dict(x=w(batch, steps, width), lengths=lengths, label=rng.integers(0, 2, batch))
