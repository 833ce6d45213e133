"""Clockwork RNN: units of slower modules are updated only at every 2nd or 3rd step."""
import numpy as np

PERIODS = (1, 2, 3)


def clock_masks(T, H):
    period = np.array([PERIODS[k % len(PERIODS)] for k in range(H)])
    return [(t % period == 0) for t in range(T)]


def forward(W_in, W_rec, bias, xs, h):
    hs = [h]
    for x, active in zip(xs, clock_masks(len(xs), bias.size)):
        cand = np.tanh(W_in.dot(x) + W_rec.dot(h) + bias)
        h = np.where(active, cand, h)
        hs.append(h)
    return hs


def loss(params, inputs):
    hs = forward(params["W_in"], params["W_rec"], params["bias"], inputs["xs"], inputs["h0"])
    out = [params["W_out"].dot(h) for h in hs[1:]]
    return 0.5 * np.sum((np.array(out) - inputs["ys"]) ** 2)


def backward(params, inputs):
    W_in, W_rec, W_out = params["W_in"], params["W_rec"], params["W_out"]
    xs, ys = inputs["xs"], inputs["ys"]
    hs = forward(W_in, W_rec, params["bias"], xs, inputs["h0"])
    masks = clock_masks(len(xs), params["bias"].size)
    dW_in, dW_rec, dW_out = np.zeros(W_in.shape), np.zeros(W_rec.shape), np.zeros(W_out.shape)
    dbias = np.zeros(params["bias"].shape)
    dxs = []
    dh = np.zeros(inputs["h0"].shape)
    t = len(xs) - 1
    while t >= 0:
        err = W_out.dot(hs[t + 1]) - ys[t]
        dW_out += np.outer(err, hs[t + 1])
        dh = dh + W_out.T.dot(err)
        dact = np.where(masks[t], dh * (1 - hs[t + 1] ** 2), 0.0)
        dW_in += np.outer(dact, xs[t])
        dW_rec += np.outer(dact, hs[t])
        dbias += dact
        dxs.insert(0, W_in.T.dot(dact))
        dh = np.where(masks[t], 0.0, dh) + W_rec.T.dot(dact)
        t -= 1
    return {"W_in": dW_in, "W_rec": dW_rec, "bias": dbias, "W_out": dW_out,
            "xs": np.array(dxs), "h0": dh}


def example(rng):
    T, D, O, H = (int(n) for n in rng.permutation([4, 5, 6, 7]))
    params = {
        "W_in": rng.normal(size=(H, D)),
        "W_rec": rng.normal(size=(H, H)),
        "bias": rng.normal(size=H),
        "W_out": rng.normal(size=(O, H)),
    }
    inputs = {
        "xs": rng.normal(size=(T, D)),
        "ys": rng.normal(size=(T, O)),
        "h0": rng.normal(size=H),
    }
    return params, inputs
