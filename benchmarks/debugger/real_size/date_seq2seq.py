"""
Translate human written dates ("tuesday 5 march 2019") into ISO ("2019-03-05").

Encoder: GRU over characters.  Decoder: GRU with Luong "general" attention.
Everything is batch first: (B, T, ...)
"""
import numpy as np

CFG = dict(n_src=38, n_tgt=30, emb=24, hid=64, batch=8, src_len=22, tgt_len=15, pad=0)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def softmax(x):
    x = np.exp(x - x.max(-1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


class GRU(object):
    """weights: W (3, D, H), U (3, H, H), b (3, H); order z, r, c"""

    def __init__(self, W, U, b):
        self.W, self.U, self.b = W, U, b
        self.dW = np.zeros_like(W)
        self.dU = np.zeros_like(U)
        self.db = np.zeros_like(b)
        self.steps = []

    def step(self, x, h):
        W, U, b = self.W, self.U, self.b
        z = sigmoid(x.dot(W[0]) + h.dot(U[0]) + b[0])
        r = sigmoid(x.dot(W[1]) + h.dot(U[1]) + b[1])
        rh = r * h
        c = np.tanh(x.dot(W[2]) + rh.dot(U[2]) + b[2])
        out = (1 - z) * h + z * c
        self.steps.append(dict(x=x, h=h, z=z, r=r, rh=rh, c=c))
        return out

    def step_back(self, dout):
        s = self.steps.pop()
        x, h, z, r, rh, c = s['x'], s['h'], s['z'], s['r'], s['rh'], s['c']
        W, U = self.W, self.U
        dz = dout * (c - h) * z * (1 - z)
        dc = dout * z * (1 - c ** 2)
        dh = dout * (1 - z)
        drh = dc.dot(U[2].T)
        dr = drh * h * r * (1 - r)
        dh = dh + drh * r
        dh = dh + dz.dot(U[0].T)
        dh = dh + dr.dot(U[1].T)
        dx = dz.dot(W[0].T) + dr.dot(W[1].T) + dc.dot(W[2].T)
        for k, d in enumerate((dz, dr, dc)):
            self.dW[k] += x.T.dot(d)
            self.db[k] += d.sum(0)
        self.dU[0] += h.T.dot(dz)
        self.dU[1] += h.T.dot(dr)
        self.dU[2] += rh.T.dot(dc)
        return dx, dh


class Attention(object):
    def __init__(self, Wa, Wc, bc):
        self.Wa, self.Wc, self.bc = Wa, Wc, bc
        self.dWa = np.zeros_like(Wa)
        self.dWc = np.zeros_like(Wc)
        self.dbc = np.zeros_like(bc)
        self.saved = []

    def forward(self, h, enc, src_mask):
        q = h.dot(self.Wa)
        score = np.einsum('bh,bsh->bs', q, enc)
        score = np.where(src_mask, score, -1e9)
        a = softmax(score)
        ctx = np.einsum('bs,bsh->bh', a, enc)
        cat = np.concatenate([ctx, h], axis=1)
        out = np.tanh(cat.dot(self.Wc) + self.bc)
        self.saved.append((h, q, a, cat, out))
        return out

    def backward(self, dout, enc, denc):
        h, q, a, cat, out = self.saved.pop()
        H = h.shape[1]
        dpre = dout * (1 - out ** 2)
        self.dWc += cat.T.dot(dpre)
        self.dbc += dpre.sum(0)
        dcat = dpre.dot(self.Wc.T)
        dctx = dcat[:, :H]
        dh = dcat[:, H:].copy()
        da = np.einsum('bh,bsh->bs', dctx, enc)
        denc += np.einsum('bs,bh->bsh', a, dctx)
        dscore = a * (da - np.sum(a * da, axis=1, keepdims=True))
        dq = np.einsum('bs,bsh->bh', dscore, enc)
        denc += np.einsum('bs,bh->bsh', dscore, q)
        self.dWa += h.T.dot(dq)
        dh += dq.dot(self.Wa.T)
        return dh


class Seq2Seq(object):
    def __init__(self, p):
        self.p = p
        self.enc = GRU(p['enc_W'], p['enc_U'], p['enc_b'])
        self.dec = GRU(p['dec_W'], p['dec_U'], p['dec_b'])
        self.att = Attention(p['Wa'], p['Wc'], p['bc'])

    def forward(self, src, tgt):
        p = self.p
        B, S = src.shape
        H = p['Wa'].shape[0]
        self.src, self.tgt = src, tgt
        self.src_mask = src != CFG['pad']
        m = self.src_mask.astype(p['Wa'].dtype)

        h = np.zeros((B, H))
        states = []
        for s in range(S):
            new = self.enc.step(p['src_emb'][src[:, s]], h)
            mm = m[:, s][:, None]
            h = mm * new + (1 - mm) * h
            states.append(h)
        self.enc_out = np.stack(states, axis=1)

        self.probs = []
        self.outs = []
        total = 0.0
        n = 0
        feed = np.zeros((B, H))
        for t in range(tgt.shape[1] - 1):
            x = np.concatenate([p['tgt_emb'][tgt[:, t]], feed], axis=1)
            h = self.dec.step(x, h)
            feed = self.att.forward(h, self.enc_out, self.src_mask)
            pr = softmax(feed.dot(p['Wo']) + p['bo'])
            want = tgt[:, t + 1]
            keep = want != CFG['pad']
            total -= np.sum(np.log(pr[np.arange(B), want]) * keep)
            n += keep.sum()
            self.probs.append(pr)
            self.outs.append(feed)
        self.n = n
        return total / n

    def backward(self):
        p = self.p
        src, tgt = self.src, self.tgt
        B, S = src.shape
        E = p['tgt_emb'].shape[1]
        H = p['Wa'].shape[0]
        g = {k: np.zeros_like(v) for k, v in p.items()}
        denc = np.zeros_like(self.enc_out)

        dh = np.zeros((B, H))
        dfeed = np.zeros((B, H))
        for t in range(tgt.shape[1] - 2, -1, -1):
            want = tgt[:, t + 1]
            keep = want != CFG['pad']
            dlog = self.probs[t].copy()
            dlog[np.arange(B), want] -= 1
            dlog *= keep[:, None] / self.n
            g['Wo'] += self.outs[t].T.dot(dlog)
            g['bo'] += dlog.sum(0)
            dout = dlog.dot(p['Wo'].T) + dfeed
            dh = dh + self.att.backward(dout, self.enc_out, denc)
            dx, dh = self.dec.step_back(dh)
            np.add.at(g['tgt_emb'], tgt[:, t], dx[:, :E])
            dfeed = dx[:, E:]

        m = self.src_mask.astype(p['Wa'].dtype)
        for s in range(S - 1, -1, -1):
            dh = dh + denc[:, s]
            mm = m[:, s][:, None]
            dx, dprev = self.enc.step_back(dh * mm)
            dh = dprev + dh * (1 - mm)
            np.add.at(g['src_emb'], src[:, s], dx)

        g['enc_W'], g['enc_U'], g['enc_b'] = self.enc.dW, self.enc.dU, self.enc.db
        g['dec_W'], g['dec_U'], g['dec_b'] = self.dec.dW, self.dec.dU, self.dec.db
        g['Wa'], g['Wc'], g['bc'] = self.att.dWa, self.att.dWc, self.att.dbc
        return g


def loss(params, inputs):
    return Seq2Seq(params).forward(inputs['src'], inputs['tgt'])


def backward(params, inputs):
    model = Seq2Seq(params)
    model.forward(inputs['src'], inputs['tgt'])
    return model.backward()


def example(rng):
    E, H = CFG['emb'], CFG['hid']

    def w(*shape):
        return rng.normal(0, 1.0 / np.sqrt(shape[-2]), shape)

    params = {
        'src_emb': rng.normal(0, 0.4, (CFG['n_src'], E)),
        'tgt_emb': rng.normal(0, 0.4, (CFG['n_tgt'], E)),
        'enc_W': w(3, E, H), 'enc_U': w(3, H, H), 'enc_b': rng.normal(0, .05, (3, H)),
        'dec_W': w(3, E + H, H), 'dec_U': w(3, H, H), 'dec_b': rng.normal(0, .05, (3, H)),
        'Wa': w(H, H), 'Wc': w(2 * H, H), 'bc': rng.normal(0, .05, H),
        'Wo': w(H, CFG['n_tgt']), 'bo': rng.normal(0, .05, CFG['n_tgt']),
    }
    B = CFG['batch']
    src = rng.integers(1, CFG['n_src'], (B, CFG['src_len']))
    tgt = rng.integers(1, CFG['n_tgt'], (B, CFG['tgt_len']))
    for b in range(B):
        src[b, rng.integers(14, CFG['src_len'] + 1):] = CFG['pad']
        tgt[b, rng.integers(11, CFG['tgt_len'] + 1):] = CFG['pad']
    return params, {'src': src, 'tgt': tgt}


if __name__ == "__main__":
    rng = np.random.default_rng(5)
    params, batch = example(rng)
    for it in range(100):
        g = backward(params, batch)
        for k in params:
            params[k] -= 0.3 * g[k]
        if it % 10 == 0:
            print(it, loss(params, batch))
