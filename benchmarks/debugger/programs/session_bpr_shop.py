# GRU4Rec-like session recommender, BPR loss, sampled negatives, sessions of unequal length
import numpy as np

sigmoid = lambda a: 1.0 / (1.0 + np.exp(-a))


class GRUCell(object):
    def __init__(self, Wi, Wh, bi, bh):
        self.Wi, self.Wh, self.bi, self.bh = Wi, Wh, bi, bh
        self.dWi, self.dWh = np.zeros_like(Wi), np.zeros_like(Wh)
        self.dbi, self.dbh = np.zeros_like(bi), np.zeros_like(bh)
        self.stack = []

    def forward(self, x, h):
        ir, iz, inn = np.split(x @ self.Wi + self.bi, 3, axis=1)
        hr, hz, hn = np.split(h @ self.Wh + self.bh, 3, axis=1)
        r, z = sigmoid(ir + hr), sigmoid(iz + hz)
        n = np.tanh(inn + r * hn)
        self.stack.append((x, h, r, z, n, hn))
        return n + z * (h - n)

    def backward(self, dout):
        x, h, r, z, n, hn = self.stack.pop()
        dn = dout * (1 - z) * (1 - n * n)
        dz = dout * (h - n) * z * (1 - z)
        dr = dn * hn * r * (1 - r)
        di = np.hstack([dr, dz, dn])
        dhid = np.hstack([dr, dz, dn * r])
        self.dWi += x.T @ di
        self.dbi += di.sum(axis=0)
        self.dWh += h.T @ dhid
        self.dbh += dhid.sum(axis=0)
        return di @ self.Wi.T, dout * z + dhid @ self.Wh.T


class SessionModel(object):
    def __init__(self, params):
        self.emb, self.out, self.bias = params["emb"], params["out"], params["bias"]
        self.h0 = params["h0"]
        self.cell = GRUCell(params["Wi"], params["Wh"], params["bi"], params["bh"])

    def forward(self, items, negatives, lengths):
        B, L = items.shape
        h = np.repeat(self.h0[None, :], B, axis=0)
        self.hs, self.active, self.diff = [], [], []
        total = 0.0
        for t in range(L - 1):
            on = (t + 1 < lengths).astype(float)
            cand = self.cell.forward(self.emb[items[:, t]], h)
            h = on[:, None] * cand + (1 - on[:, None]) * h
            pos, neg = items[:, t + 1], negatives[:, t]
            s_pos = (self.out[pos] * h).sum(1) + self.bias[pos]
            s_neg = (self.out[neg] * h).sum(1) + self.bias[neg]
            diff = s_pos - s_neg
            total -= (on * np.log(sigmoid(diff)) / (lengths - 1)).sum()
            self.hs.append(h)
            self.active.append(on)
            self.diff.append(diff)
        return total / B

    def backward(self, items, negatives, lengths):
        B, L = items.shape
        demb, dout, dbias = (np.zeros_like(a) for a in (self.emb, self.out, self.bias))
        dh = np.zeros((B, self.h0.size))
        for t in range(L - 2, -1, -1):
            on, h = self.active[t], self.hs[t]
            pos, neg = items[:, t + 1], negatives[:, t]
            ddiff = -on * sigmoid(-self.diff[t]) / (lengths - 1) / B
            np.add.at(dout, pos, ddiff[:, None] * h)
            np.add.at(dout, neg, -ddiff[:, None] * h)
            np.add.at(dbias, pos, ddiff)
            np.add.at(dbias, neg, -ddiff)
            dh += ddiff[:, None] * (self.out[pos] - self.out[neg])
            dx, dh_cell = self.cell.backward(dh * on[:, None])
            np.add.at(demb, items[:, t], dx)
            dh = dh_cell + dh * (1 - on[:, None])
        c = self.cell
        return {"emb": demb, "out": dout, "bias": dbias, "h0": dh.sum(0),
                "Wi": c.dWi, "Wh": c.dWh, "bi": c.dbi, "bh": c.dbh}


def loss(params, inputs):
    return float(SessionModel(params).forward(inputs["items"], inputs["negatives"], inputs["lengths"]))


def backward(params, inputs):
    model = SessionModel(params)
    model.forward(inputs["items"], inputs["negatives"], inputs["lengths"])
    return model.backward(inputs["items"], inputs["negatives"], inputs["lengths"])


def example(rng):
    B, L, V, E, H = 3, 5, 4, int(rng.integers(2, 4)), int(rng.integers(4, 6))
    n = rng.standard_normal
    p = {"emb": n((V, E)), "out": n((V, H)), "bias": n(V), "h0": n(H), "Wi": n((E, 3 * H)),
         "Wh": n((H, 3 * H)), "bi": n(3 * H), "bh": n(3 * H)}
    items = rng.integers(0, V, (B, L))
    items[0] = items[1]
    return p, {"items": items, "negatives": (items[:, 1:] + rng.integers(1, V, (B, L - 1))) % V,
               "lengths": np.array([5, 4, 3])}
