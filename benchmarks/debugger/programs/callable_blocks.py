"""Blocks that are called forwards and whose call hands out the way back."""
import numpy as np

class Block:
    names = ()
    def __init__(self, store, grads, prefix=""):
        self.p = {n: store[prefix + n] for n in self.names}
        self.g = {n: grads.setdefault(prefix + n, np.zeros_like(store[prefix + n])) for n in self.names}

class Lookup(Block):
    names = ("E",)
    def __call__(self, idx):
        def back(d):
            np.add.at(self.g["E"], idx, d)
        return self.p["E"][idx], back

class Drop(Block):
    def __call__(self, x, keep, rate):
        return x * keep / (1 - rate), lambda d: d * keep / (1 - rate)

class Highway(Block):
    """h' = h + s * (c - h) with s = sigmoid([x, h] S + sb), c = tanh([x, h] C + cb); padded steps keep h."""

    names = ("S", "sb", "C", "cb")
    def __call__(self, x, h, m):
        xh = np.concatenate([x, h], axis=1)
        s = 1 / (1 + np.exp(-(xh @ self.p["S"] + self.p["sb"])))
        c = np.tanh(xh @ self.p["C"] + self.p["cb"])
        m = m[:, None]
        def back(d):
            dnew = d * m
            das = dnew * (c - h) * s * (1 - s)
            dac = dnew * s * (1 - c**2)
            self.g["S"] += xh.T @ das
            self.g["C"] += xh.T @ dac
            self.g["sb"] += das.sum(0)
            self.g["cb"] += dac.sum(0)
            dxh = das @ self.p["S"].T + dac @ self.p["C"].T
            n = x.shape[1]
            return dxh[:, :n], d * (1 - m) + dnew * (1 - s) + dxh[:, n:]
        return m * (h + s * (c - h)) + (1 - m) * h, back

class SoftmaxHead(Block):
    names = ("V", "vb")
    def __call__(self, h, label, weight):
        z = h @ self.p["V"] + self.p["vb"]
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        rows = np.arange(len(h))
        def back():
            d = p.copy()
            d[rows, label] -= 1
            d *= weight[:, None]
            self.g["V"] += h.T @ d
            self.g["vb"] += d.sum(0)
            return d @ self.p["V"].T
        return -np.sum(weight * np.log(p[rows, label])), back

def model(store, inputs):
    grads = {}
    look, drop = Lookup(store, grads), Drop(store, grads)
    cell, head = Highway(store, grads), SoftmaxHead(store, grads)
    mask, total, backs, h = inputs["mask"], 0.0, [], store["h0"]
    weight = mask / mask.sum()
    for t in range(mask.shape[1]):
        x, b_look = look(inputs["tokens"][:, t])
        x, b_drop = drop(x, inputs["keep"][:, t], 0.25)
        h, b_cell = cell(x, h, mask[:, t])
        cost, b_head = head(h, inputs["labels"][:, t], weight[:, t])
        total += cost
        backs.append((b_look, b_drop, b_cell, b_head))
    return total, backs, grads

def loss(params, inputs):
    return float(model(params, inputs)[0])

def backward(params, inputs):
    _, backs, grads = model(params, inputs)
    dh = np.zeros_like(params["h0"])
    while backs:
        b_look, b_drop, b_cell, b_head = backs.pop()
        dx, dh = b_cell(dh + b_head())
        b_look(b_drop(dx))
    return {**grads, "h0": dh}

def example(rng):
    T, H = rng.permutation([4, 5])
    B, D, K = 3, 2, 6
    vocab = int(rng.integers(3, 5))
    r = rng.normal
    params = {"E": r(size=(vocab, D)), "S": r(size=(D + H, H)), "sb": r(size=H), "C": r(size=(D + H, H)), "cb": r(size=H),
              "V": r(size=(H, K)), "vb": r(size=K), "h0": r(size=(B, H))}
    tokens = rng.integers(0, vocab, (B, T))
    tokens[1] = tokens[0]
    lengths = np.array([T, T - 1, 2])[rng.permutation(B)]
    mask = (np.arange(T) >= T - lengths[:, None]).astype(int)
    keep = (rng.random((B, T, D)) < 0.75).astype(int)
    keep[0, 0] = 1
    return params, {"tokens": tokens, "labels": rng.integers(0, K, (B, T)), "mask": mask, "keep": keep}
