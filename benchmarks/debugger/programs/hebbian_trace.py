"""Differentiable plasticity: fixed weights plus a Hebbian trace that the net itself writes, as a generator pipeline."""
import numpy as np


def life(p, stimuli):
    """Yield (x, h_before, trace_before, h_after) of every step."""
    h, trace = p["h0"], p["trace0"]
    rate = p["rate"][0]
    for x in stimuli:
        effective = p["w"] + p["plastic"] * trace
        new = np.tanh(np.einsum("bij,bj->bi", effective, h) + x @ p["u"].T + p["b"])
        yield x, h, trace, new
        trace = (1 - rate) * trace + rate * np.einsum("bi,bj->bij", new, h)
        h = new


def cost(p, stimuli, goals):
    return sum(0.5 * np.square(new @ p["read"].T - y).sum() for (*_, new), y in zip(life(p, stimuli), goals))


def rewind(p, moments, goals):
    """Yield the gradients of one step after the other, the last first; the state's and the trace's at the end."""
    rate = p["rate"][0]
    dh, dtrace = np.zeros_like(p["h0"]), np.zeros_like(p["trace0"])
    for (x, h, trace, new), y in zip(reversed(moments), reversed(goals)):
        miss = new @ p["read"].T - y
        dnew = dh + miss @ p["read"] + rate * np.einsum("bij,bj->bi", dtrace, h)
        dh = rate * np.einsum("bij,bi->bj", dtrace, new)
        drate = np.sum(dtrace * (np.einsum("bi,bj->bij", new, h) - trace))
        da = dnew * (1 - new**2)
        deff = np.einsum("bi,bj->bij", da, h)
        dh = dh + np.einsum("bi,bij->bj", da, p["w"] + p["plastic"] * trace)
        dtrace = (1 - rate) * dtrace + deff * p["plastic"]
        yield "read", miss.T @ new
        yield "rate", np.array([drate])
        yield "w", deff.sum(axis=0)
        yield "plastic", (deff * trace).sum(axis=0)
        yield "u", da.T @ x
        yield "b", da.sum(axis=0)
    yield "h0", dh
    yield "trace0", dtrace


def collect(pairs, like):
    total = {name: np.zeros_like(value) for name, value in like.items()}
    for name, part in pairs:
        total[name] += part
    return total


def loss(params, inputs):
    return float(cost(params, inputs["stimuli"], inputs["goals"]))


def backward(params, inputs):
    moments = list(life(params, inputs["stimuli"]))
    return collect(rewind(params, moments, inputs["goals"]), params)


def example(rng):
    T, N = rng.permutation([4, 5])
    B, D = rng.permutation([2, 3])
    r = rng.normal
    params = {"w": r(size=(N, N)), "plastic": r(size=(N, N)), "u": r(size=(N, D)), "b": r(size=N), "read": r(size=(1, N)),
              "rate": rng.uniform(0.2, 0.6, 1), "h0": r(size=(B, N)), "trace0": 0.5 * r(size=(B, N, N))}
    return params, {"stimuli": r(size=(T, B, D)), "goals": r(size=(T, B, 1))}
