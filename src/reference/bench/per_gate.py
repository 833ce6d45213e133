"""The LSTM in the style in which most people write it: gate by gate, a list for everything.

It is here to be measured, and is as right as the others. Each gate has a matrix of its own for
``[h_prev, x]`` side by side, every step keeps its values in a dictionary, and every gradient is
added up at every step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import manual_lstm as ml
from manual_lstm.checks import Array

GATES = "ifgo"


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + exp(-z)), as it is usually written."""
    return 1 / (1 + np.exp(-z))


def split(params: ml.LSTMParams) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return a matrix (H + D, H) and a bias (H,) for each gate."""
    together = np.concatenate([params.W_h, params.W_x])
    weights = dict(zip(GATES, np.split(together, 4, axis=1), strict=True))
    weights = {gate: np.ascontiguousarray(W) for gate, W in weights.items()}
    return weights, dict(zip(GATES, np.split(params.b, 4), strict=True))


def forward(W: dict[str, Array], b: dict[str, Array], xs: Array, h: Array, c: Array) -> Any:
    """Return the outputs, and what each step leaves for the backward."""
    hs, caches = [], []
    for x in xs:
        joined = np.concatenate([h, x], axis=1)
        i = sigmoid(joined @ W["i"] + b["i"])
        f = sigmoid(joined @ W["f"] + b["f"])
        g = np.tanh(joined @ W["g"] + b["g"])
        o = sigmoid(joined @ W["o"] + b["o"])
        c_prev = c
        c = f * c_prev + i * g
        h = o * np.tanh(c)
        caches.append({"joined": joined, "i": i, "f": f, "g": g, "o": o, "c_prev": c_prev, "c": c})
        hs.append(h)
    return np.stack(hs), caches


def backward(W: dict[str, Array], caches: list[dict[str, Array]], dhs: Array) -> Any:
    """Return the gradients of weights, biases, inputs, and the first h and c."""
    H = dhs.shape[-1]
    dW = {gate: np.zeros_like(W[gate]) for gate in GATES}
    db = {gate: np.zeros(H, dhs.dtype) for gate in GATES}
    dxs = []
    dh_next = dc_next = np.zeros_like(dhs[0])
    for t in reversed(range(len(caches))):
        v = caches[t]
        tanh_c = np.tanh(v["c"])
        dh = dhs[t] + dh_next
        dc = dc_next + dh * v["o"] * (1 - tanh_c**2)
        dz = {
            "o": dh * tanh_c * v["o"] * (1 - v["o"]),
            "f": dc * v["c_prev"] * v["f"] * (1 - v["f"]),
            "i": dc * v["g"] * v["i"] * (1 - v["i"]),
            "g": dc * v["i"] * (1 - v["g"] ** 2),
        }
        djoined = np.zeros_like(v["joined"])
        for gate in GATES:
            dW[gate] += v["joined"].T @ dz[gate]
            db[gate] += dz[gate].sum(axis=0)
            djoined += dz[gate] @ W[gate].T
        dh_next = djoined[:, :H]
        dc_next = dc * v["f"]
        dxs.append(djoined[:, H:])
    return dW, db, np.stack(dxs[::-1]), dh_next, dc_next


def gradients(dW: dict[str, Array], db: dict[str, Array], dxs: Array, dh: Array, dc: Array) -> Any:
    """Return them in the layout of `manual_lstm`, to be compared."""
    H = dh.shape[1]
    together = np.concatenate([dW[gate] for gate in GATES], axis=1)
    params = ml.LSTMParams(together[H:], together[:H], np.concatenate([db[gate] for gate in GATES]))
    return ml.Gradients(params, dxs, ml.LSTMState(dh, dc))
