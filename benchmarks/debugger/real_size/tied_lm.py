"""Two-layer LSTM language model with dropout and a tied softmax.

The state is carried over between chunks of the corpus, so it comes in with the batch.
x, y: (T, B) ids.  Dropout masks are drawn outside and handed in.
"""
import argparse
import numpy as np


class Config:
    vocab = 90
    dim = 96
    layers = 2
    steps = 35
    batch = 20
    keep = 0.75
    lr = 1.0
    max_norm = 0.25


def logistic(v):
    return 0.5 * (1 + np.tanh(0.5 * v))


class LSTMLayer:
    def __init__(self, K, R, b):
        self.K, self.R, self.b = K, R, b

    def forward(self, inp, h0, c0):
        T = inp.shape[0]
        self.inp = inp
        self.h = [h0]
        self.c = [c0]
        self.gates = []
        proj = inp @ self.K + self.b
        for t in range(T):
            pre = proj[t] + self.h[-1] @ self.R
            i, j, f, o = np.split(pre, 4, axis=-1)
            i = logistic(i)
            j = np.tanh(j)
            f = logistic(f + 1.0)
            o = logistic(o)
            c = f * self.c[-1] + i * j
            h = o * np.tanh(c)
            self.gates.append((i, j, f, o))
            self.c.append(c)
            self.h.append(h)
        return np.stack(self.h[1:])

    def backward(self, dout):
        T = dout.shape[0]
        dpre = np.zeros(dout.shape[:2] + (4 * dout.shape[2],), dtype=dout.dtype)
        dh = np.zeros_like(self.h[0])
        dc = np.zeros_like(self.c[0])
        for t in range(T - 1, -1, -1):
            i, j, f, o = self.gates[t]
            dh = dh + dout[t]
            tc = np.tanh(self.c[t + 1])
            dc = dc + dh * o * (1 - tc ** 2)
            dpre[t] = np.concatenate([
                dc * j * i * (1 - i),
                dc * i * (1 - j ** 2),
                dc * self.c[t] * f * (1 - f),
                dh * tc * o * (1 - o),
            ], axis=-1)
            dc = dc * f
            dh = dpre[t] @ self.R.T
        D = self.inp.shape[-1]
        flat = dpre.reshape(-1, dpre.shape[-1])
        dK = self.inp.reshape(-1, D).T @ flat
        hprev = np.stack(self.h[:-1])
        dR = hprev.reshape(-1, hprev.shape[-1]).T @ flat
        db = flat.sum(axis=0)
        dinp = dpre @ self.K.T
        return dinp, dK, dR, db, dh, dc


class TiedLM:
    def __init__(self, params, cfg=Config):
        self.p = params
        self.cfg = cfg
        self.layers = [LSTMLayer(params['K%d' % l], params['R%d' % l], params['b%d' % l])
                       for l in range(cfg.layers)]

    def forward(self, x, y, h0, c0, drop):
        E = self.p['E']
        keep = self.cfg.keep
        self.x, self.y, self.drop = x, y, drop
        out = E[x] * drop[0] / keep
        for l, layer in enumerate(self.layers):
            out = layer.forward(out, h0[l], c0[l])
            out = out * drop[l + 1] / keep
        self.top = out
        logits = out @ E.T + self.p['out_b']
        logits = logits - logits.max(axis=-1, keepdims=True)
        ex = np.exp(logits)
        self.prob = ex / ex.sum(axis=-1, keepdims=True)
        picked = np.take_along_axis(self.prob, y[..., None], axis=-1)
        return -np.mean(np.log(picked))

    def backward(self):
        E = self.p['E']
        keep = self.cfg.keep
        grads = {}
        dlogits = self.prob.copy()
        np.put_along_axis(dlogits, self.y[..., None],
                          np.take_along_axis(dlogits, self.y[..., None], -1) - 1, -1)
        dlogits /= self.y.size

        V, D = E.shape
        dE = dlogits.reshape(-1, V).T @ self.top.reshape(-1, D)
        grads['out_b'] = dlogits.sum(axis=(0, 1))
        dout = dlogits @ E
        dh0 = [None] * self.cfg.layers
        dc0 = [None] * self.cfg.layers
        for l in range(self.cfg.layers - 1, -1, -1):
            dout = dout * self.drop[l + 1] / keep
            dout, dK, dR, db, dh0[l], dc0[l] = self.layers[l].backward(dout)
            grads['K%d' % l] = dK
            grads['R%d' % l] = dR
            grads['b%d' % l] = db
        demb = dout * self.drop[0] / keep
        np.add.at(dE, self.x, demb)
        grads['E'] = dE
        grads['h0'] = np.stack(dh0)
        grads['c0'] = np.stack(dc0)
        return grads


def draw_masks(rng, cfg=Config):
    shape = (cfg.layers + 1, cfg.steps, cfg.batch, cfg.dim)
    return (rng.random(shape) < cfg.keep).astype(np.float32)


def new_params(rng, cfg=Config):
    s = 1.0 / np.sqrt(cfg.dim)
    p = {'E': rng.uniform(-0.3, 0.3, (cfg.vocab, cfg.dim))}
    for l in range(cfg.layers):
        p['K%d' % l] = rng.uniform(-2 * s, 2 * s, (cfg.dim, 4 * cfg.dim))
        p['R%d' % l] = rng.uniform(-s, s, (cfg.dim, 4 * cfg.dim))
        p['b%d' % l] = rng.uniform(-s, s, 4 * cfg.dim)
    p['out_b'] = rng.uniform(-s, s, cfg.vocab)
    return {k: v.astype(np.float32) for k, v in p.items()}


def loss(params, inputs):
    lm = TiedLM(params)
    return lm.forward(inputs['x'], inputs['y'], inputs['h0'], inputs['c0'], inputs['drop'])


def backward(params, inputs):
    lm = TiedLM(params)
    lm.forward(inputs['x'], inputs['y'], inputs['h0'], inputs['c0'], inputs['drop'])
    return lm.backward()


def example(rng):
    cfg = Config
    params = new_params(rng)
    text = rng.integers(0, cfg.vocab, (cfg.steps + 1, cfg.batch))
    state = (cfg.layers, cfg.batch, cfg.dim)
    inputs = {
        'x': text[:-1],
        'y': text[1:],
        'h0': (0.3 * rng.standard_normal(state)).astype(np.float32),
        'c0': (0.5 * rng.standard_normal(state)).astype(np.float32),
        'drop': draw_masks(rng),
    }
    return params, inputs


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument('--updates', type=int, default=100)
    args = ap.parse_args()
    rng = np.random.default_rng(0)
    params, inputs = example(rng)
    for u in range(args.updates):
        inputs['drop'] = draw_masks(rng)
        g = backward(params, inputs)
        norm = np.sqrt(sum((g[k] ** 2).sum() for k in params))
        scale = min(1.0, Config.max_norm / norm)
        for k in params:
            params[k] -= np.float32(Config.lr * scale) * g[k]
        if u % 10 == 0:
            print(u, np.exp(loss(params, inputs)))
