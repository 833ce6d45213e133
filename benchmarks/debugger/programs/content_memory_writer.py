"""A tiny neural Turing machine that only addresses by content. One sequence, plain vectors."""
import numpy as np


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


def softmax(a):
    e = np.exp(a - a.max())
    return e / e.sum()


class ContentMemory:
    """Controller -> key and sharpness -> weights over slots -> erase and add -> read."""

    def __init__(self, params):
        self.p = params
        self.log = []

    def run(self, xs):
        p = self.p
        mem, r = p["M0"], p["r0"]
        for x in xs:
            u = np.concatenate([x, r])
            h = np.tanh(p["Wh"] @ u + p["bh"])
            key = p["Wk"] @ h
            raw = p["wb"] @ h
            beta = np.log1p(np.exp(raw))
            nk, nm = np.sqrt(key @ key + 1e-4), np.sqrt((mem * mem).sum(1) + 1e-4)
            cos = mem @ key / (nk * nm)
            w = softmax(beta * cos)
            erase, add = sigmoid(p["We"] @ h), np.tanh(p["Wa"] @ h)
            new = mem * (1 - np.outer(w, erase)) + np.outer(w, add)
            r = w @ new
            logit = p["Wy"] @ np.concatenate([h, r]) + p["by"]
            self.log.append((u, h, key, raw, beta, nk, nm, cos, w, erase, add, mem, new, r, logit))
            mem = new
        return [entry[-1] for entry in self.log]

    def back(self, dlogits, size_x):
        p = self.p
        g = {k: np.zeros_like(v) for k, v in p.items()}
        dmem, dr_next, dxs = np.zeros_like(p["M0"]), np.zeros_like(p["r0"]), []
        while self.log:
            u, h, key, raw, beta, nk, nm, cos, w, erase, add, mem, new, r, _ = self.log.pop()
            dy = dlogits[len(self.log)]
            g["Wy"] += np.outer(dy, np.concatenate([h, r]))
            g["by"] += dy
            dh, dr = np.split(p["Wy"].T @ dy, [len(h)])
            dr = dr + dr_next
            # read
            dw = new @ dr
            dnew = dmem + np.outer(w, dr)
            # write
            dw += (dnew * (add - mem * erase)).sum(1)
            dadd = dnew.T @ w
            derase = -(dnew * mem).T @ w
            dmem = dnew * (1 - np.outer(w, erase))
            # address
            da = w * (dw - w @ dw)
            dbeta, dcos = da @ cos, da * beta
            dkey = mem.T @ (dcos / (nk * nm)) - (dcos @ cos) * key / nk ** 2
            dmem += np.outer(dcos / (nk * nm), key) - (dcos * cos / nm ** 2)[:, None] * mem
            # heads
            for name, d in (("Wk", dkey), ("We", derase * erase * (1 - erase)), ("Wa", dadd * (1 - add ** 2))):
                g[name] += np.outer(d, h)
                dh += p[name].T @ d
            draw = dbeta * sigmoid(raw)
            g["wb"] += draw * h
            dh += draw * p["wb"]
            dz = dh * (1 - h ** 2)
            g["Wh"] += np.outer(dz, u)
            g["bh"] += dz
            du = p["Wh"].T @ dz
            dxs.insert(0, du[:size_x])
            dr_next = du[size_x:]
        g["M0"], g["r0"] = dmem, dr_next
        return g, np.array(dxs)


def loss(params, inputs):
    logits = np.array(ContentMemory(params).run(inputs["xs"]))
    return float(np.sum(np.log1p(np.exp(logits)) - inputs["bits"] * logits))


def backward(params, inputs):
    net = ContentMemory(params)
    logits = np.array(net.run(inputs["xs"]))
    g, dxs = net.back(sigmoid(logits) - inputs["bits"], inputs["xs"].shape[1])
    return {**g, "xs": dxs}


def example(rng):
    T, D, H, S, C, O = int(rng.integers(3, 6)), int(rng.integers(2, 4)), int(rng.integers(4, 6)), 4, 3, 2
    w = lambda *s: rng.normal(0, 0.9, s)
    p = dict(M0=w(S, C), r0=w(C), Wh=w(H, D + C), bh=w(H), Wk=w(C, H), wb=w(H), We=w(C, H), Wa=w(C, H),
             Wy=w(O, H + C), by=w(O))
    return p, dict(xs=w(T, D), bits=rng.integers(0, 2, (T, O)))
