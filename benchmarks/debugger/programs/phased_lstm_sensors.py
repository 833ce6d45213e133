"""Phased LSTM for irregular sensor readings (blog post code).

The time gate k opens for a fraction R_ON of each unit's period; period and shift are learned.
"""

from collections import namedtuple

import numpy as np

R_ON = 0.4
LEAK = 0.05

Step = namedtuple("Step", "x h_prev c_prev i f o g c_tilde tanh_c k slope phi cycles")


def logistic(a):
    return 1.0 / (1.0 + np.exp(-a))


def time_gate(t, log_tau, shift):
    """Openness k (B, H), its slope dk/dphi, the phase and how many cycles went by."""
    tau = np.exp(log_tau)
    turns = (t[:, None] - shift) / tau
    cycles = np.floor(turns.real)
    phi = turns - cycles
    rising, falling = phi < R_ON / 2, phi < R_ON
    k = np.where(rising, 2 * phi / R_ON, np.where(falling, 2 - 2 * phi / R_ON, LEAK * phi))
    slope = np.where(rising, 2 / R_ON, np.where(falling, -2 / R_ON, LEAK))
    return k, slope, phi, cycles


def forward(p, inputs):
    x, t = inputs["x"], inputs["t"]
    h, c = inputs["h0"], inputs["c0"]
    trace = []
    for n in range(x.shape[1]):
        xh = np.concatenate((x[:, n], h), axis=1)
        i, f, o, g = np.split(xh @ p["W"] + p["b"], 4, axis=1)
        i, f, o, g = logistic(i), logistic(f), logistic(o), np.tanh(g)
        k, slope, phi, cycles = time_gate(t[:, n], p["log_tau"], p["shift"])
        c_tilde = f * c + i * g
        tanh_c = np.tanh(c_tilde)
        trace.append(Step(x[:, n], h, c, i, f, o, g, c_tilde, tanh_c, k, slope, phi, cycles))
        c = k * c_tilde + (1 - k) * c
        h = k * (o * tanh_c) + (1 - k) * h
    return h, trace


def readout(p, inputs):
    h, trace = forward(p, inputs)
    rate = np.exp(h @ p["V"] + p["v0"])
    return h, trace, rate


def loss(params, inputs):
    _, _, rate = readout(params, inputs)
    return float(np.mean(np.sum(rate - inputs["counts"] * np.log(rate), axis=1)))


def backward(params, inputs):
    h, trace, rate = readout(params, inputs)
    B, T, D = inputs["x"].shape
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    d_eta = (rate - inputs["counts"]) / B
    grads["V"] = h.T @ d_eta
    grads["v0"] = d_eta.sum(axis=0)
    dh = d_eta @ params["V"].T
    dc = np.zeros_like(dh)
    dx = np.zeros_like(inputs["x"])
    tau = np.exp(params["log_tau"])

    for n, s in reversed(list(enumerate(trace))):
        h_tilde = s.o * s.tanh_c
        dk = dh * (h_tilde - s.h_prev) + dc * (s.c_tilde - s.c_prev)
        dh_tilde = s.k * dh
        dc_tilde = s.k * dc + dh_tilde * s.o * (1 - s.tanh_c**2)

        d_pre = np.concatenate(
            (
                dc_tilde * s.g * s.i * (1 - s.i),
                dc_tilde * s.c_prev * s.f * (1 - s.f),
                dh_tilde * s.tanh_c * s.o * (1 - s.o),
                dc_tilde * s.i * (1 - s.g**2),
            ),
            axis=1,
        )
        grads["W"] += np.concatenate((s.x, s.h_prev), axis=1).T @ d_pre
        grads["b"] += d_pre.sum(axis=0)
        d_xh = d_pre @ params["W"].T
        dx[:, n] = d_xh[:, :D]

        dphi = dk * s.slope
        grads["shift"] += np.sum(-dphi / tau, axis=0)
        grads["log_tau"] += np.sum(-dphi * (s.phi + s.cycles), axis=0)

        dh = d_xh[:, D:] + (1 - s.k) * dh
        dc = dc_tilde * s.f + (1 - s.k) * dc

    return {**grads, "x": dx, "h0": dh, "c0": dc}


def example(rng):
    B, T, D, H, K = (int(rng.integers(*r)) for r in ((2, 4), (4, 6), (2, 4), (3, 5), (2, 4)))
    while True:
        log_tau, shift = np.log(rng.uniform(0.8, 3.0, H)), rng.uniform(0.0, 1.0, H)
        t = np.cumsum(rng.uniform(0.3, 1.2, (B, T)), axis=1)
        phi = ((t[..., None] - shift) / np.exp(log_tau)) % 1.0
        if min(np.abs(phi - edge).min() for edge in (0, R_ON / 2, R_ON, 1)) > 5e-3 and (phi < R_ON).mean() > 0.4:
            break
    params = {"W": rng.normal(size=(D + H, 4 * H)), "b": rng.normal(size=4 * H), "log_tau": log_tau,
              "shift": shift, "V": rng.normal(size=(H, K)), "v0": rng.normal(size=K)}
    return params, {"x": rng.normal(size=(B, T, D)), "t": (t * 1e6).astype(int) / 1e6,
                    "counts": rng.poisson(2.0, (B, K)), "h0": rng.normal(size=(B, H)), "c0": rng.normal(size=(B, H))}
