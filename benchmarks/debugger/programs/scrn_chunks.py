"""Structurally constrained RNN (slow context + fast state) for characters, one chunk at a time.

A chunk starts from the carried state of the chunk before, which is a constant for it.
"""

import typing
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Carry:
    ctx: np.ndarray
    hid: np.ndarray


@dataclass
class Chunk:
    chars: np.ndarray
    start: typing.Any
    ctx: typing.List = field(default_factory=list)
    hid: typing.List = field(default_factory=list)
    prob: typing.List = field(default_factory=list)
    nats: np.float64 = 0.0


def sigma(z):
    return 1.0 / (1.0 + np.exp(-z))


def read_chunk(w, chars, carry) -> tuple[Chunk, Carry]:
    chunk = Chunk(chars, carry)
    s, h = carry.ctx, carry.hid
    for now, nxt in zip(chars[:-1], chars[1:]):
        s = (1 - w["alpha"]) * w["B"][now] + w["alpha"] * s
        h = sigma(w["P"] @ s + w["A"][now] + w["R"] @ h)
        logit = w["U"] @ h + w["V"] @ s
        prob = np.exp(logit - logit.max())
        prob /= prob.sum()
        chunk.nats -= np.log(prob[nxt])
        chunk.ctx.append(s)
        chunk.hid.append(h)
        chunk.prob.append(prob)
    return chunk, Carry(s, h)


def chunk_gradient(w, chunk: Chunk, n_total: int, out: dict) -> Carry:
    """Add the gradients of one chunk to `out`; give those of its start."""
    ds, dh = np.zeros_like(chunk.start.ctx), np.zeros_like(chunk.start.hid)
    ctx, hid = [chunk.start.ctx, *chunk.ctx], [chunk.start.hid, *chunk.hid]
    for t in reversed(range(len(chunk.prob))):
        now, nxt = chunk.chars[t], chunk.chars[t + 1]
        dlogit = chunk.prob[t].copy()
        dlogit[nxt] -= 1
        dlogit /= n_total
        out["U"] += np.outer(dlogit, hid[t + 1])
        out["V"] += np.outer(dlogit, ctx[t + 1])
        dh = dh + w["U"].T @ dlogit
        ds = ds + w["V"].T @ dlogit
        dz = dh * hid[t + 1] * (1 - hid[t + 1])
        out["P"] += np.outer(dz, ctx[t + 1])
        out["R"] += np.outer(dz, hid[t])
        out["A"][now] += dz
        ds = ds + w["P"].T @ dz
        out["alpha"] += ds @ (ctx[t] - w["B"][now])
        out["B"][now] += (1 - w["alpha"]) * ds
        ds = w["alpha"] * ds
        dh = w["R"].T @ dz
    return Carry(ds, dh)


def loss(params, inputs):
    carry = Carry(inputs["ctx"], inputs["hid"])
    chunk, _ = read_chunk(params, inputs["chars"], carry)
    return float(chunk.nats / (len(inputs["chars"]) - 1))


def backward(params, inputs):
    chars = inputs["chars"]
    chunk, _ = read_chunk(params, chars, Carry(inputs["ctx"], inputs["hid"]))
    out = {name: np.zeros_like(value) for name, value in params.items()}
    start = chunk_gradient(params, chunk, len(chars) - 1, out)
    return {**out, "ctx": start.ctx, "hid": start.hid}


def example(rng):
    n, vocab, H, C = rng.integers(5, 7), 4, int(rng.integers(3, 6)), 2
    chars = rng.integers(0, vocab, size=n)
    chars[2] = chars[0]
    w = {"A": (vocab, H), "B": (vocab, C), "P": (H, C), "R": (H, H), "U": (vocab, H), "V": (vocab, C)}
    w = {name: rng.normal(size=shape) for name, shape in w.items()}
    w["alpha"] = np.array(rng.uniform(0.6, 0.9))
    return w, {"chars": chars, "ctx": rng.normal(size=C), "hid": rng.normal(size=H)}
