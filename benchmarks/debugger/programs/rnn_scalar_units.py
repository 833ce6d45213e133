"""A recurrent net in plain Python numbers, one hidden unit after the other."""
import math

import numpy as np


def forward(w_in, w_rec, bias, seq, h0):
    n_hidden = len(bias)
    states = [list(h0)]
    for x in seq:
        prev = states[-1]
        new = []
        for j in range(n_hidden):
            total = bias[j]
            for k in range(len(x)):
                total += w_in[j][k] * x[k]
            for k in range(n_hidden):
                total += w_rec[j][k] * prev[k]
            new.append(math.tanh(total))
        states.append(new)
    return states


def readout(states, v):
    return [sum(v[j] * s[j] for j in range(len(v))) for s in states[1:]]


def squared_error(outputs, targets):
    return sum(0.5 * (y - t) ** 2 for y, t in zip(outputs, targets))


def bptt(w_rec, v, seq, states, outputs, targets):
    n_hidden = len(v)
    n_in = len(seq[0])
    g_in = [[0.0] * n_in for _ in range(n_hidden)]
    g_rec = [[0.0] * n_hidden for _ in range(n_hidden)]
    g_bias = [0.0] * n_hidden
    g_v = [0.0] * n_hidden
    delta_next = [0.0] * n_hidden
    for t in range(len(seq) - 1, -1, -1):
        h = states[t + 1]
        h_prev = states[t]
        e = outputs[t] - targets[t]
        delta = []
        for j in range(n_hidden):
            g_v[j] += e * h[j]
            back = e * v[j]
            for k in range(n_hidden):
                back += w_rec[k][j] * delta_next[k]
            delta.append(back * (1.0 - h[j] ** 2))
        for j in range(n_hidden):
            for k in range(n_in):
                g_in[j][k] += delta[j] * seq[t][k]
            for k in range(n_hidden):
                g_rec[j][k] += delta[j] * h_prev[k]
            g_bias[j] += delta[j]
        delta_next = delta
    return g_in, g_rec, g_bias, g_v


def loss(params, inputs):
    states = forward(params["w_in"], params["w_rec"], params["bias"], inputs["x"], inputs["h0"])
    return squared_error(readout(states, params["v"]), inputs["target"])


def backward(params, inputs):
    states = forward(params["w_in"], params["w_rec"], params["bias"], inputs["x"], inputs["h0"])
    outputs = readout(states, params["v"])
    grads = bptt(params["w_rec"], params["v"], inputs["x"], states, outputs, inputs["target"])
    return {k: np.array(g) for k, g in zip(("w_in", "w_rec", "bias", "v"), grads)}


def example(rng):
    T, D, H = (int(n) for n in rng.permutation([3, 4, 5]))
    params = {
        "w_in": rng.uniform(-1, 1, size=(H, D)),
        "w_rec": rng.uniform(-1, 1, size=(H, H)),
        "bias": rng.uniform(-1, 1, size=H),
        "v": rng.uniform(-1, 1, size=H),
    }
    inputs = {
        "x": rng.uniform(-1, 1, size=(T, D)),
        "h0": rng.uniform(-1, 1, size=H),
        "target": rng.uniform(-1, 1, size=T),
    }
    return params, inputs
