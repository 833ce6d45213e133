"""Stack of leaky tanh layers on counts: itertools.accumulate forth, functools.reduce back."""
from functools import reduce
from itertools import accumulate
from typing import NamedTuple

import numpy as np

class Layer(NamedTuple):
    W: np.ndarray  # (units below, units)
    U: np.ndarray  # (units, units)
    b: np.ndarray
    s: np.ndarray  # first state, the same for all trials
    leak: np.ndarray  # logit of the leak of each unit

class Saved(NamedTuple):
    x: np.ndarray
    alive: np.ndarray
    before: np.ndarray
    act: np.ndarray

def squash(a):
    return 1 / (1 + np.exp(-a))

def layer_of(params, k):
    return Layer(*(params[f"{name}{k}"] for name in Layer._fields))

def run_layer(layer, xs, alive):
    a = squash(layer.leak)
    start = np.tile(layer.s, (xs.shape[1], 1))
    def step(carry, item):
        (x, m), state = item, carry[0]
        act = np.tanh(x @ layer.W + state @ layer.U + layer.b)
        return state + m[:, None] * a * (act - state), Saved(x, m[:, None], state, act)
    states, saved = zip(*list(accumulate(zip(xs, alive), step, initial=(start, None)))[1:])
    return np.stack(states), saved

def unrun_layer(layer, saved, d_states):
    a = squash(layer.leak)
    def step(acc, item):
        grads, d_carry, d_xs = acc
        s, d_out = item
        d = d_out + d_carry
        d_pre = s.alive * d * a * (1 - s.act**2)
        here = Layer(
            W=s.x.T @ d_pre,
            U=s.before.T @ d_pre,
            b=d_pre.sum(0),
            s=0.0,
            leak=(s.alive * d * (s.act - s.before)).sum(0) * a * (1 - a),
        )
        d_before = d * (1 - s.alive * a) + d_pre @ layer.U.T
        return Layer(*map(np.add, grads, here)), d_before, [d_pre @ layer.W.T, *d_xs]
    nothing = Layer(*map(np.zeros_like, layer))
    items = zip(reversed(saved), reversed(d_states))
    grads, d_first, d_xs = reduce(step, items, (nothing, np.zeros_like(d_states[0]), []))
    return grads._replace(s=grads.s + d_first.sum(0)), np.stack(d_xs)

def run(params, inputs):
    tops, tapes = inputs["counts_in"], []
    for k in range(int(inputs["depth"])):
        tops, saved = run_layer(layer_of(params, k), tops, inputs["alive"])
        tapes.append(saved)
    log_rate = tops @ params["readout"] + params["offset"]
    return tops, tapes, log_rate

def loss(params, inputs):
    log_rate = run(params, inputs)[2]
    each = inputs["alive"] * (np.exp(log_rate) - inputs["counts"] * log_rate)
    return float(each.sum() / inputs["alive"].sum())

def backward(params, inputs):
    tops, tapes, log_rate = run(params, inputs)
    d_log = inputs["alive"] * (np.exp(log_rate) - inputs["counts"]) / inputs["alive"].sum()
    out = {"readout": np.tensordot(tops, d_log, ((0, 1), (0, 1))), "offset": d_log.sum()}
    d = d_log[..., None] * params["readout"]
    for k in reversed(range(len(tapes))):
        grads, d = unrun_layer(layer_of(params, k), tapes[k], d)
        out.update({f"{name}{k}": g for name, g in grads._asdict().items()})
    return out | {"counts_in": d}

def example(rng):
    T, B = int(rng.integers(4, 6)), int(rng.integers(2, 4))
    sizes, g = [2, int(rng.integers(3, 5)), 5], rng.standard_normal
    params = {"readout": 0.5 * g(sizes[-1]), "offset": np.array(g())}
    for k, (m, n) in enumerate(zip(sizes, sizes[1:])):
        params |= {f"W{k}": g((m, n)), f"U{k}": 0.7 * g((n, n)), f"b{k}": g(n), f"s{k}": g(n), f"leak{k}": g(n)}
    alive = (np.arange(T)[:, None] < np.array([T, 2, T - 1])[:B]).astype(float)
    alive[1, 0] = 0.0  # a gap in the recording
    counts = rng.integers(0, 4, (T, B))
    return params, {"counts_in": g((T, B, 2)), "alive": alive, "counts": counts, "depth": np.array(2)}
