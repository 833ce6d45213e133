"""Antisymmetric RNN, folded: forward is an accumulate, backward is a reduce."""
import operator
from functools import partial, reduce
from itertools import accumulate

import numpy as np

GAMMA = 0.1


def skew(W):
    return W - W.T - GAMMA * np.eye(len(W))


def slope(p, h, x):
    return np.tanh(h @ skew(p["W"]).T + x @ p["V"].T + p["b"])


def step(p, h, x):
    return h + p["eps"] * slope(p, h, x)


def trajectory(p, xs):
    return list(accumulate(xs, partial(step, p), initial=p["h0"]))


def residuals(p, hs, ys):
    return [h @ p["R"].T - y for h, y in zip(hs[1:], ys)]


def plus(left, right):
    return tuple(map(operator.add, left, right))


def step_back(p, carry, frame):
    dh, sums = carry
    h, x, after, e = frame
    de = e / len(e)
    dh = dh + de @ p["R"]
    s = slope(p, h, x)
    dz = p["eps"] * dh * (1 - s**2)
    dA = dz.T @ h
    here = (dA - dA.T, dz.T @ x, dz.sum(axis=0), np.sum(dh * s, keepdims=True).ravel(), de.T @ after)
    return dh + dz @ skew(p["W"]), plus(sums, here)


def loss(params, inputs):
    es = residuals(params, trajectory(params, inputs["x"]), inputs["y"])
    return float(sum(0.5 * np.sum(e**2) / len(e) for e in es))


def backward(params, inputs):
    hs = trajectory(params, inputs["x"])
    es = residuals(params, hs, inputs["y"])
    frames = list(zip(hs[:-1], inputs["x"], hs[1:], es))
    names = ("W", "V", "b", "eps", "R")
    start = (np.zeros_like(hs[0]), tuple(np.zeros_like(params[k]) for k in names))
    dh0, sums = reduce(partial(step_back, params), reversed(frames), start)
    return {**dict(zip(names, sums)), "h0": dh0}


def example(rng):
    T, H = rng.permutation([4, 5])
    B, D = rng.permutation([2, 3])
    r = rng.normal
    params = {"W": r(size=(H, H)), "V": r(size=(H, D)), "b": r(size=H), "eps": rng.uniform(0.3, 0.8, 1),
              "R": r(size=(1, H)), "h0": r(size=(B, H))}
    return params, {"x": r(size=(T, B, D)), "y": r(size=(T, B, 1))}
