"""ATR (Zhang et al. 2018): input gate of the sum, forget gate of the difference. Tape of closures."""
import numpy as np


class Slot:
    def __init__(self, val):
        self.val = val
        self.grad = np.zeros(np.shape(val))


def linear(tape, x, w):
    out = Slot(x.val @ w.val)

    def pull():
        x.grad += out.grad @ w.val.T
        w.grad += x.val.T @ out.grad

    tape.append(pull)
    return out


def twin_gate(tape, p, q, h):
    i = 1 / (1 + np.exp(-(p.val + q.val)))
    f = 1 / (1 + np.exp(-(p.val - q.val)))
    out = Slot(i * p.val + f * h.val)

    def pull():
        d = out.grad
        di = d * p.val * i * (1 - i)
        df = d * h.val * f * (1 - f)
        p.grad += d * i + di + df
        q.grad += di - df
        h.grad += d * f

    tape.append(pull)
    return out


def keep(tape, new, old, mask):
    m = mask[:, None]
    out = Slot(m * new.val + (1 - m) * old.val)

    def pull():
        new.grad += m * out.grad
        old.grad += (1 - m) * out.grad

    tape.append(pull)
    return out


def lookup(tape, table, ids):
    out = Slot(table.val[ids])

    def pull():
        np.add.at(table.grad, ids, out.grad)

    tape.append(pull)
    return out


def contrastive(tape, h, target):
    sims = h.val @ target.T
    z = np.exp(sims - sims.max(1, keepdims=True))
    z /= z.sum(1, keepdims=True)
    value = -np.log(np.diag(z)).mean()

    def pull():
        h.grad += (z - np.eye(len(z))) @ target / len(z)

    tape.append(pull)
    return value


def encode(params, ids, lengths, target):
    tape, v = [], {k: Slot(a) for k, a in params.items()}
    h = v["h0"]
    for t in range(ids.shape[1]):
        e = lookup(tape, v["E"], ids[:, t])
        p = linear(tape, e, v["W"])
        q = linear(tape, h, v["U"])
        h = keep(tape, twin_gate(tape, p, q, h), h, (t < lengths) * 1.0)
    return contrastive(tape, h, target), tape, v


def loss(params, inputs):
    return float(encode(params, inputs["ids"], inputs["lengths"], inputs["target"])[0])


def backward(params, inputs):
    _, tape, v = encode(params, inputs["ids"], inputs["lengths"], inputs["target"])
    for pull in reversed(tape):
        pull()
    return {k: s.grad for k, s in v.items()}


def example(rng):
    B, T, D, H, V = 3, int(rng.integers(4, 6)), 3, 4, 3
    n = rng.standard_normal
    lengths = np.array([T, T - 1, 2])
    params = {"E": n((V, D)), "W": n((D, H)), "U": n((H, H)), "h0": n((B, H))}
    return params, {"ids": rng.integers(0, V, (B, T)), "lengths": lengths, "target": n((B, H))}
