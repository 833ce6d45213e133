"""A program as somebody may have written it, with a right backward and with wrong ones."""

from __future__ import annotations

import numpy as np

B, D, H = 2, 3, 5


def loss(params, inputs):
    return 0.5 * (np.tanh(inputs["x"] @ params["W"]) ** 2).sum()


def right(params, inputs):
    y = np.tanh(inputs["x"] @ params["W"])
    dz = y * (1 - y**2)
    return {"W": inputs["x"].T @ dz}


def wrong(params, inputs):
    y = np.tanh(inputs["x"] @ params["W"])
    dz = y * (1 - y)
    return {"W": inputs["x"].T @ dz}


def greedy(params, inputs):
    gradients = right(params, inputs)
    params["W"] *= 2
    return gradients


CALLS = [0]


def changing(params, inputs):
    CALLS[0] += 1
    return {"W": CALLS[0] * right(params, inputs)["W"]}


def example(rng):
    return {"W": rng.normal(size=(D, H))}, {"x": rng.normal(size=(B, D))}
