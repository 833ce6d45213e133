"""The forward is a generator of per-step records; the backward walks over the list of them."""
from typing import NamedTuple

import numpy as np


class Step(NamedTuple):
    x: np.ndarray
    h_prev: np.ndarray
    c_prev: np.ndarray
    i: np.ndarray
    f: np.ndarray
    o: np.ndarray
    g: np.ndarray
    c: np.ndarray
    h: np.ndarray


def expit(a):
    return 0.5 * (1 + np.tanh(0.5 * a))


def steps(theta, xs, h, c):
    for x in xs:
        i = expit(theta["Wi"] @ x + theta["Ri"] @ h + theta["bi"])
        f = expit(theta["Wf"] @ x + theta["Rf"] @ h + theta["bf"])
        o = expit(theta["Wo"] @ x + theta["Ro"] @ h + theta["bo"])
        g = np.tanh(theta["Wg"] @ x + theta["Rg"] @ h + theta["bg"])
        c_new = f * c + i * g
        h_new = o * np.tanh(c_new)
        yield Step(x, h, c, i, f, o, g, c_new, h_new)
        h, c = h_new, c_new


def grads(theta, records, dh_last, dc_last):
    out = {k: np.zeros_like(v) for k, v in theta.items()}
    dh, dc = dh_last, dc_last
    dxs = []
    for s in reversed(records):
        tc = np.tanh(s.c)
        dc = dc + dh * s.o * (1 - tc * tc)
        delta = {
            "i": dc * s.g * s.i * (1 - s.i),
            "f": dc * s.c_prev * s.f * (1 - s.f),
            "o": dh * tc * s.o * (1 - s.o),
            "g": dc * s.i * (1 - s.g * s.g),
        }
        for k, d in delta.items():
            out["W" + k] += np.outer(d, s.x)
            out["R" + k] += np.outer(d, s.h_prev)
            out["b" + k] += d
        dxs.append(sum(theta["W" + k].T @ d for k, d in delta.items()))
        dh = sum(theta["R" + k].T @ d for k, d in delta.items())
        dc = dc * s.f
    out["x"] = np.array(dxs)[::-1]
    out["h0"] = dh
    out["c0"] = dc
    return out


def loss(params, inputs):
    *_, last = steps(params, inputs["x"], inputs["h0"], inputs["c0"])
    return inputs["u"] @ last.h + inputs["v"] @ last.c


def backward(params, inputs):
    records = list(steps(params, inputs["x"], inputs["h0"], inputs["c0"]))
    return grads(params, records, inputs["u"], inputs["v"])


def example(rng):
    T, D, H = (int(n) for n in rng.permutation([3, 5, 6]))
    params = {}
    for k in "ifog":
        params["W" + k] = rng.normal(size=(H, D))
        params["R" + k] = rng.normal(size=(H, H))
        params["b" + k] = rng.normal(size=H)
    inputs = {
        "x": rng.normal(size=(T, D)),
        "h0": rng.normal(size=H),
        "c0": rng.normal(size=H),
        "u": rng.normal(size=H),
        "v": rng.normal(size=H),
    }
    return params, inputs
