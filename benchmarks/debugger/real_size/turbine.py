"""Short-term power forecasting for one wind farm.

Two stacked LSTM layers over the last 48 ten-minute records, then a dense head
that predicts the next six.  Missing SCADA readings are masked out of the loss.
"""
import numpy as np

N_FEAT = 12
HIDDEN = 96
HORIZON = 6
WINDOW = 48
BATCH = 16
DELTA = 0.75


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


class Dense:
    def __init__(self, name):
        self.W = name + ".W"
        self.b = name + ".b"

    def forward(self, p, x):
        self.x = x
        return x @ p[self.W] + p[self.b]

    def backward(self, p, dy, grads):
        grads[self.W] = self.x.T @ dy
        grads[self.b] = dy.sum(axis=0)
        return dy @ p[self.W].T


class LSTM:
    """Batch-first LSTM layer, gate order i, f, o, g."""

    def __init__(self, name, n_hid):
        self.Wx = name + ".Wx"
        self.Wh = name + ".Wh"
        self.b = name + ".b"
        self.n_hid = n_hid

    def forward(self, p, x):
        B, T, _ = x.shape
        H = self.n_hid
        self.x = x
        self.h = np.zeros((B, T + 1, H), dtype=x.dtype)
        self.c = np.zeros((B, T + 1, H), dtype=x.dtype)
        self.gates = np.empty((B, T, 4 * H), dtype=x.dtype)
        zx = x @ p[self.Wx] + p[self.b]
        for t in range(T):
            z = zx[:, t] + self.h[:, t] @ p[self.Wh]
            z[:, :3 * H] = sigmoid(z[:, :3 * H])
            z[:, 3 * H:] = np.tanh(z[:, 3 * H:])
            self.gates[:, t] = z
            i, f, o, g = np.split(z, 4, axis=1)
            self.c[:, t + 1] = f * self.c[:, t] + i * g
            self.h[:, t + 1] = o * np.tanh(self.c[:, t + 1])
        return self.h[:, 1:]

    def backward(self, p, dout, grads):
        B, T, H = dout.shape
        dz_all = np.empty_like(self.gates)
        dh_next = np.zeros((B, H), dtype=dout.dtype)
        dc_next = np.zeros((B, H), dtype=dout.dtype)
        for t in reversed(range(T)):
            i, f, o, g = np.split(self.gates[:, t], 4, axis=1)
            tc = np.tanh(self.c[:, t + 1])
            dh = dout[:, t] + dh_next
            do = dh * tc
            dc = dc_next + dh * o * (1 - tc ** 2)
            di = dc * g
            df = dc * self.c[:, t]
            dg = dc * i
            dz = dz_all[:, t]
            dz[:, :H] = di * i * (1 - i)
            dz[:, H:2 * H] = df * f * (1 - f)
            dz[:, 2 * H:3 * H] = do * o * (1 - o)
            dz[:, 3 * H:] = dg * (1 - g ** 2)
            dh_next = dz @ p[self.Wh].T
            dc_next = dc * f
        flat = dz_all.reshape(B * T, -1)
        grads[self.Wx] = self.x.reshape(B * T, -1).T @ flat
        grads[self.Wh] = self.h[:, :-1].reshape(B * T, -1).T @ flat
        grads[self.b] = flat.sum(axis=0)
        return dz_all @ p[self.Wx].T


class Huber:
    def __init__(self, delta):
        self.delta = delta

    def forward(self, pred, target, valid):
        self.r = (pred - target) * valid
        self.n = valid.sum()
        a = np.abs(self.r)
        quad = np.minimum(a, self.delta)
        return (0.5 * quad ** 2 + self.delta * (a - quad)).sum() / self.n

    def backward(self):
        return np.clip(self.r, -self.delta, self.delta) / self.n


class Forecaster:
    def __init__(self):
        self.l1 = LSTM("lstm1", HIDDEN)
        self.l2 = LSTM("lstm2", HIDDEN)
        self.head = Dense("head")
        self.crit = Huber(DELTA)

    def forward(self, p, x):
        h1 = self.l1.forward(p, x)
        h2 = self.l2.forward(p, h1)
        # skip connection around the second layer
        last = h2[:, -1] + h1[:, -1]
        # persistence forecast plus a learned correction
        return x[:, -1, :1] + self.head.forward(p, last)

    def backward(self, p, dpred):
        grads = {}
        dlast = self.head.backward(p, dpred, grads)
        dh2 = np.zeros_like(self.l2.h[:, 1:])
        dh2[:, -1] = dlast
        dh1 = self.l2.backward(p, dh2, grads)
        dh1[:, -1] += dlast
        dx = self.l1.backward(p, dh1, grads)
        dx[:, -1, 0] += dpred.sum(axis=1)
        grads["x"] = dx
        return grads


def init_params(rng):
    p = {}
    for name, n_in in (("lstm1", N_FEAT), ("lstm2", HIDDEN)):
        p[name + ".Wx"] = rng.normal(0, n_in ** -0.5, (n_in, 4 * HIDDEN))
        p[name + ".Wh"] = rng.normal(0, HIDDEN ** -0.5, (HIDDEN, 4 * HIDDEN))
        b = rng.normal(0, 0.1, 4 * HIDDEN)
        b[HIDDEN:2 * HIDDEN] += 1.0
        p[name + ".b"] = b
    p["head.W"] = rng.normal(0, HIDDEN ** -0.5, (HIDDEN, HORIZON))
    p["head.b"] = rng.normal(0, 0.1, HORIZON)
    return {k: v.astype(np.float32) for k, v in p.items()}


def make_batch(rng):
    t = np.arange(WINDOW + HORIZON)
    phase = rng.uniform(0, 2 * np.pi, (BATCH, 1, N_FEAT))
    freq = rng.uniform(0.05, 0.3, (BATCH, 1, N_FEAT))
    s = np.sin(freq * t[None, :, None] + phase) + 0.3 * rng.normal(size=(BATCH, t.size, N_FEAT))
    return {"x": s[:, :WINDOW].astype(np.float32),
            "y": s[:, WINDOW:, 0].astype(np.float32),
            "valid": (rng.random((BATCH, HORIZON)) < 0.85).astype(np.float32)}


def loss(params, inputs):
    net = Forecaster()
    pred = net.forward(params, inputs["x"])
    return float(net.crit.forward(pred, inputs["y"], inputs["valid"]))


def backward(params, inputs):
    net = Forecaster()
    pred = net.forward(params, inputs["x"])
    net.crit.forward(pred, inputs["y"], inputs["valid"])
    return net.backward(params, net.crit.backward())


def example(rng):
    return init_params(rng), make_batch(rng)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    params = init_params(rng)
    for step in range(500):
        batch = make_batch(rng)
        g = backward(params, batch)
        for k in params:
            params[k] -= 0.05 * g[k]
        if step % 50 == 0:
            print(step, loss(params, batch))
