"""Every function gives (value, pullback); the program is their composition."""
from functools import reduce

import numpy as np

def linear(weight, bias, x):
    def pull(g):
        return x.T @ g, g.sum(axis=0), g @ weight.T
    return x @ weight + bias, pull

def sigmoid(a):
    s = 1 / (1 + np.exp(-a))
    return s, lambda g: g * s * (1 - s)

def tanh(a):
    y = np.tanh(a)
    return y, lambda g: g * (1 - y * y)

def mix(gate, one, other):
    """gate * one + (1 - gate) * other"""
    return gate * one + (1 - gate) * other, lambda g: (g * (one - other), g * gate, g * (1 - gate))

def lookup(table, index):
    def pull(g):
        out = np.zeros_like(table)
        np.add.at(out, index, g)
        return out
    return table[index], pull

def cross_entropy(logits, label):
    rows = np.arange(len(label))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    onehot = np.eye(logits.shape[1])[label]
    return -np.log(p[rows, label]).mean(), lambda g: g * (p - onehot) / len(label)

def add(left, right):
    return {k: left.get(k, 0) + right.get(k, 0) for k in left.keys() | right.keys()}

def gru(theta, word, mask, h):
    x, pull_x = lookup(theta["E"], word)
    split = x.shape[1]
    xh = np.hstack([x, h])
    az, pull_az = linear(theta["Wz"], theta["bz"], xh)
    ar, pull_ar = linear(theta["Wr"], theta["br"], xh)
    z, pull_z = sigmoid(az)
    r, pull_r = sigmoid(ar)
    an, pull_an = linear(theta["Wn"], theta["bn"], np.hstack([x, r * h]))
    n, pull_n = tanh(an)
    new, pull_new = mix(z, h, n)
    out, pull_out = mix(mask[:, None], new, h)
    def pull(g):
        _, g_new, g_skip = pull_out(g)
        g_z, g_h, g_n = pull_new(g_new)
        dWn, dbn, g_xn = pull_an(pull_n(g_n))
        g_rh = g_xn[:, split:]
        dWr, dbr, g_xr = pull_ar(pull_r(g_rh * h))
        dWz, dbz, g_xz = pull_az(pull_z(g_z))
        g_xh = g_xr + g_xz
        d_theta = dict(Wz=dWz, Wr=dWr, Wn=dWn, bz=dbz, br=dbr, bn=dbn)
        d_theta["E"] = pull_x(g_xn[:, :split] + g_xh[:, :split])
        return d_theta, g_skip + g_h + g_rh * r + g_xh[:, split:]
    return out, pull

def scan(step, state, sequence):
    """Thread the state through the steps; the pullback threads its gradient back."""
    pulls = []
    for item in sequence:
        state, pull = step(*item, state)
        pulls.append(pull)
    def back(acc, pull):
        total, g = acc
        d_theta, g = pull(g)
        return add(total, d_theta), g
    return state, lambda g: reduce(back, reversed(pulls), ({}, g))

def model(theta, words, masks, labels):
    h0 = np.tile(theta["h0"], (words.shape[1], 1))
    h, pull_scan = scan(lambda w, m, h: gru(theta, w, m, h), h0, zip(words, masks))
    logits, pull_logits = linear(theta["V"], theta["c"], h)
    value, pull_value = cross_entropy(logits, labels)
    def pull(g):
        dV, dc, g_h = pull_logits(pull_value(g))
        grads, g_h0 = pull_scan(g_h)
        return add(grads, dict(V=dV, c=dc, h0=g_h0.sum(axis=0)))
    return value, pull

def loss(params, inputs):
    return float(model(params, inputs["words"], inputs["masks"], inputs["labels"])[0])

def backward(params, inputs):
    return model(params, inputs["words"], inputs["masks"], inputs["labels"])[1](1.0)

def example(rng):
    steps, batch, dim, hid, vocab, classes = int(rng.integers(4, 6)), int(rng.integers(3, 5)), 2, int(rng.integers(3, 5)), 5, 3
    g = rng.standard_normal
    params = {"E": g((vocab, dim)), "V": g((hid, classes)), "c": g(classes), "h0": g(hid)}
    params |= {"W" + k: g((dim + hid, hid)) for k in "zrn"} | {"b" + k: g(hid) for k in "zrn"}
    lengths = np.array([steps, steps - 1, 2, steps])[:batch]
    masks = (np.arange(steps)[:, None] < lengths).astype(float)
    words = rng.integers(0, vocab, (steps, batch))
    words[:, 1] = words[:, 0]
    return params, {"words": words, "masks": masks, "labels": rng.integers(0, classes, batch)}
