"""Minimal gated unit as two folds: accumulate() forward, accumulate() backward.

Variational dropout: one keep mask for the state of all steps, a fresh one for every input.
"""
from functools import reduce
from itertools import accumulate
from operator import add, attrgetter
from types import SimpleNamespace as NS

import numpy as np

sigma = lambda a: 1 / (1 + np.exp(-a))


def keep(mask):
    """Inverted dropout with the rate that the mask has."""
    return mask / mask.mean()


def step(w, h, x, hm):
    hd = h * hm
    f = sigma(x @ w.Wf + hd @ w.Uf + w.bf)
    fh = f * hd
    c = np.tanh(x @ w.Wc + fh @ w.Uc + w.bc)
    return NS(x=x, h=h, hd=hd, f=f, fh=fh, c=c, out=(1 - f) * h + f * c)


def unstep(w, s, dout, hm):
    dac = dout * s.f * (1 - s.c ** 2)
    dfh = dac @ w.Uc.T
    daf = (dout * (s.c - s.h) + dfh * s.hd) * s.f * (1 - s.f)
    dhd = dfh * s.f + daf @ w.Uf.T
    dh = dout * (1 - s.f) + dhd * hm
    return NS(daf=daf, dac=dac, dx=daf @ w.Wf.T + dac @ w.Wc.T, dh=dh)


def forward(w, xs, masks, h0, hm):
    start = NS(out=h0)
    xd = [x * keep(m) for x, m in zip(xs, masks)]
    return list(accumulate(xd, lambda s, x: step(w, s.out, x, hm), initial=start))[1:]


def backward_pass(w, steps, douts, masks, hm):
    end = NS(dh=np.zeros_like(hm))
    pairs = reversed(list(zip(steps, douts)))
    back = list(accumulate(pairs, lambda later, p: unstep(w, p[0], p[1] + later.dh, hm),
                           initial=end))
    deltas = back[:0:-1]
    total = lambda terms: reduce(add, terms)
    g = {}
    for gate, state in (("f", "hd"), ("c", "fh")):
        da = [getattr(d, "da" + gate) for d in deltas]
        g["W" + gate] = total(s.x.T @ d for s, d in zip(steps, da))
        g["U" + gate] = total(getattr(s, state).T @ d for s, d in zip(steps, da))
        g["b" + gate] = total(d.sum(0) for d in da)
    g["xs"] = np.array([d.dx * keep(m) for d, m in zip(deltas, masks)])
    g["h0"] = deltas[0].dh
    return g


def outputs(steps):
    return map(attrgetter("out"), steps)


def loss(params, inputs):
    steps = forward(NS(**params), inputs["xs"], inputs["x_mask"], inputs["h0"],
                    keep(inputs["h_mask"]))
    return sum(np.log(np.cosh(h - y)).sum() for h, y in zip(outputs(steps), inputs["ys"]))


def backward(params, inputs):
    w = NS(**params)
    hm = keep(inputs["h_mask"])
    steps = forward(w, inputs["xs"], inputs["x_mask"], inputs["h0"], hm)
    douts = [np.tanh(h - y) for h, y in zip(outputs(steps), inputs["ys"])]
    return backward_pass(w, steps, douts, inputs["x_mask"], hm)


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([4, 5, 6, 7]))
    params = {}
    for k in "fc":
        params["W" + k] = rng.normal(size=(D, H))
        params["U" + k] = rng.normal(size=(H, H))
        params["b" + k] = rng.normal(size=H)
    inputs = {
        "xs": rng.normal(size=(T, B, D)),
        "ys": rng.normal(size=(T, B, H)),
        "h0": rng.normal(size=(B, H)),
        "x_mask": rng.permuted(np.arange(T * B * D).reshape(T, B, D) % 3 > 0).astype(int),
        "h_mask": rng.permutation((np.arange(B * H) % 4 > 0).astype(int)).reshape(B, H),
    }
    return params, inputs
