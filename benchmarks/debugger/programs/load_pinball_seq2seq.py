"""Day-ahead load: encoder RNN over history, decoder RNN over calendar, three quantiles, pinball loss.
The decoder gets the true load or its own median of the step before, as the teacher mask says."""
import numpy as np

Q = np.array([0.1, 0.5, 0.9])


def encode(w, hist):
    e = [np.tile(w["e0"], (len(hist), 1))]
    for t in range(hist.shape[1]):
        e.append(np.tanh(hist[:, t] @ w["Wex"] + e[-1] @ w["Weh"] + w["be"]))
    return e


def decode(w, ctx, first, cal, true, teach):
    s, y = ctx, first
    steps = []
    for t in range(cal.shape[1]):
        s_in, y_in = s, y
        s = np.tanh(cal[:, t] @ w["Wdc"] + np.outer(y_in, w["wdy"]) + s_in @ w["Wdh"] + ctx @ w["Wctx"] + w["bd"])
        raw = s @ w["Wq"] + w["bq"]
        gap = np.log1p(np.exp(raw[:, 1:]))
        mid = raw[:, 0]
        quant = np.stack([mid - gap[:, 0], mid, mid + gap[:, 1]], axis=1)
        steps.append({"s_in": s_in, "y_in": y_in, "s": s, "raw": raw, "quant": quant})
        y = np.where(teach[:, t], true[:, t], mid)
    return steps


def pinball(quant, true):
    u = true[:, None] - quant
    return np.maximum(Q * u, (Q - 1) * u)


def d_pinball(quant, true):
    u = true[:, None] - quant
    return np.where(u > 0, -Q, 1 - Q)


def loss(params, inputs):
    ctx = encode(params, inputs["hist"])[-1]
    steps = decode(params, ctx, inputs["hist"][:, -1, 0], inputs["cal"], inputs["true"], inputs["teach"])
    cost = sum((pinball(st["quant"], inputs["true"][:, t]) * inputs["price"][t]).sum() for t, st in enumerate(steps))
    return float(cost / inputs["true"].size)


def backward(params, inputs):
    w, hist, cal, true, teach = params, *(inputs[k] for k in ("hist", "cal", "true", "teach"))
    enc = encode(w, hist)
    ctx = enc[-1]
    steps = decode(w, ctx, hist[:, -1, 0], cal, true, teach)
    d = {k: np.zeros_like(v) for k, v in w.items()}
    ds, dy, dctx = np.zeros_like(ctx), np.zeros(len(ctx)), np.zeros_like(ctx)
    for t in range(len(steps) - 1, -1, -1):
        st = steps[t]
        dq = d_pinball(st["quant"], true[:, t]) * inputs["price"][t] / true.size
        draw = np.zeros_like(st["raw"])
        draw[:, 0] = dq.sum(axis=1) + np.where(teach[:, t], 0.0, dy)
        slope = 1 / (1 + np.exp(-st["raw"][:, 1:]))
        draw[:, 1] = -dq[:, 0] * slope[:, 0]
        draw[:, 2] = dq[:, 2] * slope[:, 1]
        d["Wq"] += st["s"].T @ draw
        d["bq"] += draw.sum(axis=0)
        da = (draw @ w["Wq"].T + ds) * (1 - st["s"] ** 2)
        d["Wdc"] += cal[:, t].T @ da
        d["wdy"] += st["y_in"] @ da
        d["Wdh"] += st["s_in"].T @ da
        d["Wctx"] += ctx.T @ da
        d["bd"] += da.sum(axis=0)
        dctx += da @ w["Wctx"].T
        ds = da @ w["Wdh"].T
        dy = da @ w["wdy"]
    de = dctx + ds
    for t in range(hist.shape[1] - 1, -1, -1):
        da = de * (1 - enc[t + 1] ** 2)
        d["Wex"] += hist[:, t].T @ da
        d["Weh"] += enc[t].T @ da
        d["be"] += da.sum(axis=0)
        de = da @ w["Weh"].T
    d["e0"] = de.sum(axis=0)
    return d


def example(rng):
    B, T, L, D, C, H = 3, int(rng.integers(3, 5)), int(rng.integers(3, 5)), 2, 3, int(rng.integers(4, 6))
    n = rng.standard_normal
    w = {"e0": n(H), "Wex": n((D, H)), "Weh": n((H, H)), "be": n(H), "Wdc": n((C, H)), "wdy": n(H),
         "Wdh": n((H, H)), "Wctx": n((H, H)), "bd": n(H), "Wq": n((H, 3)), "bq": n(3)}
    teach = np.zeros((B, L), bool)
    teach[0, ::2] = teach[1, 1::2] = True
    return w, {"hist": n((B, T, D)), "cal": n((B, L, C)), "true": n((B, L)) * 2, "teach": teach,
               "price": rng.random(L) + .5}
