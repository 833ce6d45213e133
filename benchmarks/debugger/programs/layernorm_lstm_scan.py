"""Frame-wise sound event detection with the layer-normalised LSTM of Ba, Kiros & Hinton (2016).

    a_t = LN(h_{t-1} U; gain_h) + LN(x_t W; gain_x) + b        blocks f, i, o, g
    c_t = sig(f) c_{t-1} + sig(i) tanh(g)
    h_t = sig(o) tanh(LN(c_t; gain_c) + bias_c)

Everything without a recurrence is done for all frames at once, outside of the scans. Multi-label
cross-entropy, present events count POS_WEIGHT times, the first BURN_IN frames do not count."""
from typing import NamedTuple

import numpy as np

EPS = 1e-4
POS_WEIGHT, BURN_IN = 3.0, 1


class Params(NamedTuple):
    W: np.ndarray
    U: np.ndarray
    b: np.ndarray
    gain_x: np.ndarray
    gain_h: np.ndarray
    gain_c: np.ndarray
    bias_c: np.ndarray
    V: np.ndarray
    v: np.ndarray


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def scan(f, carry, *xs, reverse=False):
    """As lax.scan: what comes back is stacked in the order of xs in both directions."""
    ys = []
    for t in range(len(xs[0]))[::-1 if reverse else 1]:
        carry, y = f(carry, *(x[t] for x in xs))
        ys.append(y)
    if reverse:
        ys.reverse()
    return carry, [np.stack(field) for field in zip(*ys)]


def layer_norm(a, gain):
    xc = a - a.mean(axis=-1, keepdims=True)
    sd = np.sqrt((xc ** 2).mean(axis=-1, keepdims=True) + EPS)
    return gain * xc / sd, xc, sd


def layer_norm_vjp(dy, gain, xc, sd):
    dxhat = dy * gain
    dsd = -(dxhat * xc).sum(axis=-1, keepdims=True) / sd ** 2
    dxc = dxhat / sd + dsd * xc / (sd * xc.shape[-1])
    return dxc - dxc.mean(axis=-1, keepdims=True)


def forward(p, x, h0, c0):
    zx, xc_x, sd_x = layer_norm(x @ p.W, p.gain_x)

    def step(carry, zx_t):
        h_prev, c_prev = carry
        zh, xc_h, sd_h = layer_norm(h_prev @ p.U, p.gain_h)
        f, i, o, g = np.split(zx_t + zh + p.b, 4, axis=-1)
        f, i, o, g = sigmoid(f), sigmoid(i), sigmoid(o), np.tanh(g)
        c = f * c_prev + i * g
        zc, xc_c, sd_c = layer_norm(c, p.gain_c)
        tc = np.tanh(zc + p.bias_c)
        h = o * tc
        return (h, c), (h, h_prev, c_prev, xc_h, sd_h, f, i, o, g, xc_c, sd_c, tc)

    _, (hs, *saved) = scan(step, (h0, c0), zx)
    logits = hs[BURN_IN:] @ p.V + p.v
    return logits, hs, saved, (xc_x, sd_x)


def loss(params, inputs):
    logits = forward(Params(**params), inputs["x"], inputs["h0"], inputs["c0"])[0]
    y = inputs["events"][BURN_IN:]
    ce = POS_WEIGHT * y * np.log1p(np.exp(-logits)) + (1 - y) * np.log1p(np.exp(logits))
    return ce.mean()


def backward(params, inputs):
    p, x = Params(**params), inputs["x"]
    logits, hs, saved, (xc_x, sd_x) = forward(p, x, inputs["h0"], inputs["c0"])
    h_prev, _, xc_h, sd_h, _, _, _, _, xc_c, sd_c, _ = saved
    y, prob = inputs["events"][BURN_IN:], sigmoid(logits)
    dlogits = ((1 - y) * prob - POS_WEIGHT * y * (1 - prob)) / y.size
    dhs = np.zeros_like(hs)
    dhs[BURN_IN:] = dlogits @ p.V.T

    def step_back(carry, dh_t, _, c_prev, xc_h, sd_h, f, i, o, g, xc_c, sd_c, tc):
        dh, dc = carry
        dh = dh + dh_t
        dzc = dh * o * (1 - tc ** 2)
        dc = dc + layer_norm_vjp(dzc, p.gain_c, xc_c, sd_c)
        dz = np.concatenate([dc * c_prev * f * (1 - f), dc * g * i * (1 - i),
                             dh * tc * o * (1 - o), dc * i * (1 - g ** 2)], axis=-1)
        dzh = layer_norm_vjp(dz, p.gain_h, xc_h, sd_h)
        return (dzh @ p.U.T, dc * f), (dz, dzh, dzc)

    start = np.zeros_like(inputs["h0"]), np.zeros_like(inputs["c0"])
    (dh0, dc0), (dz, dzh, dzc) = scan(step_back, start, dhs, *saved, reverse=True)
    dzx = layer_norm_vjp(dz, p.gain_x, xc_x, sd_x)
    grads = Params(
        W=np.einsum("tbi,tbj->ij", x, dzx), U=np.einsum("tbi,tbj->ij", h_prev, dzh),
        b=dz.sum(axis=(0, 1)), gain_x=(dz * xc_x / sd_x).sum(axis=(0, 1)),
        gain_h=(dz * xc_h / sd_h).sum(axis=(0, 1)), gain_c=(dzc * xc_c / sd_c).sum(axis=(0, 1)),
        bias_c=dzc.sum(axis=(0, 1)), V=np.einsum("tbi,tbj->ij", hs[BURN_IN:], dlogits),
        v=dlogits.sum(axis=(0, 1)))
    return {**grads._asdict(), "x": dzx @ p.W.T, "h0": dh0, "c0": dc0}


def example(rng):
    T, B, D, H, K = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    shapes = {"W": (D, 4 * H), "U": (H, 4 * H), "b": 4 * H, "gain_x": 4 * H, "gain_h": 4 * H,
              "gain_c": H, "bias_c": H, "V": (H, K), "v": K}
    inputs = {"x": rng.normal(size=(T, B, D)), "events": rng.integers(2, size=(T, B, K)),
              "h0": rng.normal(size=(B, H)), "c0": rng.normal(size=(B, H))}
    return {k: rng.normal(size=shape) for k, shape in shapes.items()}, inputs
