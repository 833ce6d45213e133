"""Bidirectional GRU in two storeys.  A step is a coroutine: it yields its new state, and is sent the gradient."""
import numpy as np

def sig(a):
    return 1 / (1 + np.exp(-a))

def gru_step(p, grad, x, h, on):
    """p: U (d, 3n), R (n, 3n), b (3n,); order of the columns: reset, update, candidate"""
    n = h.shape[1]
    a = x @ p["U"] + p["b"]
    rec = h @ p["R"]
    ru = sig(a[:, : 2 * n] + rec[:, : 2 * n])
    r, u = ru[:, :n], ru[:, n:]
    cand = np.tanh(a[:, 2 * n :] + r * rec[:, 2 * n :])
    dh = yield np.where(on, u * h + (1 - u) * cand, h)
    skip = np.where(on, 0, dh)
    dh = np.where(on, dh, 0)
    da = np.empty_like(a)
    da[:, 2 * n :] = dh * (1 - u) * (1 - cand**2)
    da[:, n : 2 * n] = dh * (h - cand) * u * (1 - u)
    da[:, :n] = da[:, 2 * n :] * rec[:, 2 * n :] * r * (1 - r)
    drec = da.copy()
    drec[:, 2 * n :] *= r
    grad["U"] += x.T @ da
    grad["R"] += h.T @ drec
    grad["b"] += da.sum(axis=0)
    yield da @ p["U"].T, drec @ p["R"].T + dh * u + skip

def direction(p, grad, xs, on, backwards):
    """Coroutine over a whole sequence (B, T, D): yields the states, is sent their gradients, yields that of xs"""
    order = list(range(xs.shape[1]))
    if backwards:
        order.reverse()
    h = np.repeat(p["h"][None], len(xs), axis=0)
    states, steps = np.zeros(xs.shape[:2] + h.shape[1:]), {}
    for t in order:
        steps[t] = gru_step(p, grad, xs[:, t], h, on[:, t, None])
        h = states[:, t] = next(steps[t])
    dstates = yield states
    dxs, dh = np.zeros_like(xs), np.zeros_like(h)
    for t in order[::-1]:
        dxs[:, t], dh = steps[t].send(dstates[:, t] + dh)
    grad["h"] += dh.sum(axis=0)
    yield dxs

def tower(params, grads, x, on):
    """Coroutine: the storeys one upon the other; each reads both directions of the one below"""
    floors = []
    for k in range(2):
        runs = []
        for way in "lr":
            names = [f"{name}_{way}{k}" for name in "URbh"]
            p, g = ({name[0]: d[name] for name in names} for d in (params, grads))
            runs.append(direction(p, g, x, on, way == "r"))
        floors.append(runs)
        x = np.concatenate([next(run) for run in runs], axis=2)
    dx = yield x
    for left, right in floors[::-1]:
        n = dx.shape[2] // 2
        dx = left.send(dx[..., :n]) + right.send(dx[..., n:])
    yield dx

def regress(params, grads, inputs):
    x, lens, y = inputs["x"], inputs["lens"], inputs["y"]
    on = np.arange(x.shape[1]) < lens[:, None]
    run = tower(params, grads, x, on)
    top = next(run)
    mean = (top * on[..., None]).sum(axis=1) / lens[:, None]
    err = mean @ params["out"] + params["bias"] - y
    yield 0.5 * np.sum(err**2) / len(y)
    err = err / len(y)
    grads["out"] += mean.T @ err
    grads["bias"] += err.sum(axis=0)
    dmean = err @ params["out"].T / lens[:, None]
    grads["x"] = run.send(dmean[:, None, :] * on[..., None])
    yield grads

def loss(params, inputs):
    return float(next(regress(params, {k: np.zeros_like(v) for k, v in params.items()}, inputs)))

def backward(params, inputs):
    run = regress(params, {k: np.zeros_like(v) for k, v in params.items()}, inputs)
    next(run)
    return next(run)

def example(rng):
    B, T, D, n, K = 3, int(rng.integers(4, 6)), int(rng.integers(2, 4)), 4, 2
    g, params = rng.standard_normal, {}
    for k, wide in enumerate((D, 2 * n)):
        for way in "lr":
            new = {"U": g((wide, 3 * n)) * 0.8, "R": g((n, 3 * n)) * 0.8, "b": g(3 * n), "h": g(n)}
            params |= {f"{name}_{way}{k}": value for name, value in new.items()}
    params |= {"out": g((2 * n, K)), "bias": g(K)}
    return params, {"x": g((B, T, D)), "lens": np.array([T, 2, T - 1]), "y": g((B, K))}
