"""min-char-gru: a GRU on characters in one file, everything a row vector, everything global"""
import numpy as np

names = ["Wxz", "Whz", "bz", "Wxr", "Whr", "br", "Wxh", "Whh", "bh", "Why", "by"]
Wxz = Whz = bz = Wxr = Whr = br = Wxh = Whh = bh = Why = by = None  # see load()
vocab_size = hidden_size = 0


def load(weights):
    global vocab_size, hidden_size
    for n in names:
        globals()[n] = weights[n]
    vocab_size, hidden_size = Wxz.shape


def sig(a):
    return 1 / (1 + np.exp(-a))


def forward(inputs, targets, hprev):
    global xs, hs, zs, rs, cs, ps
    xs, hs, zs, rs, cs, ps = {}, {}, {}, {}, {}, {}
    hs[-1] = hprev
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((1, vocab_size))
        xs[t][0, inputs[t]] = 1
        zs[t] = sig(xs[t] @ Wxz + hs[t-1] @ Whz + bz)  # update gate
        rs[t] = sig(xs[t] @ Wxr + hs[t-1] @ Whr + br)  # reset gate
        cs[t] = np.tanh(xs[t] @ Wxh + (rs[t] * hs[t-1]) @ Whh + bh)  # candidate
        hs[t] = zs[t] * hs[t-1] + (1 - zs[t]) * cs[t]
        y = hs[t] @ Why + by
        ps[t] = np.exp(y) / np.sum(np.exp(y))
        loss -= np.log(ps[t][0, targets[t]])
    return loss


def bptt(inputs, targets):
    dWxz, dWhz, dbz = np.zeros_like(Wxz), np.zeros_like(Whz), np.zeros_like(bz)
    dWxr, dWhr, dbr = np.zeros_like(Wxr), np.zeros_like(Whr), np.zeros_like(br)
    dWxh, dWhh, dbh = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(bh)
    dWhy, dby = np.zeros_like(Why), np.zeros_like(by)
    dhnext = np.zeros((1, hidden_size))
    for t in range(len(inputs) - 1, -1, -1):
        dy = ps[t].copy()
        dy[0, targets[t]] -= 1
        dWhy += hs[t].T @ dy
        dby += dy
        dh = dy @ Why.T + dhnext

        # candidate
        dc = dh * (1 - zs[t])
        dcraw = dc * (1 - cs[t] * cs[t])
        dWxh += xs[t].T @ dcraw
        dWhh += (rs[t] * hs[t-1]).T @ dcraw
        dbh += dcraw
        drh = dcraw @ Whh.T

        # reset gate
        dr = drh * hs[t-1]
        drraw = dr * rs[t] * (1 - rs[t])
        dWxr += xs[t].T @ drraw
        dWhr += hs[t-1].T @ drraw
        dbr += drraw

        # update gate
        dz = dh * (hs[t-1] - cs[t])
        dzraw = dz * zs[t] * (1 - zs[t])
        dWxz += xs[t].T @ dzraw
        dWhz += hs[t-1].T @ dzraw
        dbz += dzraw

        # four ways back to the state before
        dhnext = dh * zs[t]
        dhnext += drh * rs[t]
        dhnext += drraw @ Whr.T
        dhnext += dzraw @ Whz.T
    # for d in [dWxz, dWhz, dWxr, dWhr, dWxh, dWhh, dWhy]: np.clip(d, -5, 5, out=d)
    return dict(zip(names, [dWxz, dWhz, dbz, dWxr, dWhr, dbr, dWxh, dWhh, dbh, dWhy, dby])), dhnext


def loss(params, inputs):
    load(params)
    return forward(inputs["inputs"], inputs["targets"], inputs["hprev"])


def backward(params, inputs):
    load(params)
    forward(inputs["inputs"], inputs["targets"], inputs["hprev"])
    grads, dhprev = bptt(inputs["inputs"], inputs["targets"])
    grads["hprev"] = dhprev
    return grads


def example(rng):
    T, H, V = (int(n) for n in rng.permutation([4, 5, 6]))
    params = {}
    for g in "zrh":
        params["Wx" + g] = rng.normal(size=(V, H))
        params["Wh" + g] = rng.normal(size=(H, H))
        params["b" + g] = rng.normal(size=(1, H))
    params["Why"] = rng.normal(size=(H, V))
    params["by"] = rng.normal(size=(1, V))
    inputs = {
        "inputs": rng.integers(V, size=T),
        "targets": rng.integers(V, size=T),
        "hprev": rng.normal(size=(1, H)),
    }
    return params, inputs
