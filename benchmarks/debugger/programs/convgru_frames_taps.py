"""ConvGRU on 1D frames, next-frame prediction. conv_forward/conv_backward as in the CNN homework."""
import numpy as np


def conv_forward(x, w, b):
    # x (N, C, L), w (F, C, K) with K odd, "same" padding
    N, C, L = x.shape
    F, _, K = w.shape
    pad = K // 2
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad)))
    out = np.zeros((N, F, L)) + b[None, :, None]
    for k in range(K):
        out += np.einsum("ncl,fc->nfl", xp[:, :, k:k + L], w[:, :, k])
    return out, (xp, w)


def conv_backward(dout, cache):
    xp, w = cache
    L = dout.shape[2]
    K = w.shape[2]
    pad = K // 2
    dxp = np.zeros_like(xp)
    dw = np.zeros_like(w)
    for k in range(K):
        dw[:, :, k] = np.einsum("nfl,ncl->fc", dout, xp[:, :, k:k + L])
        dxp[:, :, k:k + L] += np.einsum("nfl,fc->ncl", dout, w[:, :, k])
    db = dout.sum(axis=(0, 2))
    return dxp[:, :, pad:pad + L], dw, db


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def convgru_step(x, h, p):
    xh = np.concatenate([x, h], axis=1)
    gates, cache_g = conv_forward(xh, p["w_gates"], p["b_gates"])
    F = h.shape[1]
    update, reset = sigmoid(gates[:, :F]), sigmoid(gates[:, F:])
    cand, cache_c = conv_forward(np.concatenate([x, reset * h], axis=1), p["w_cand"], p["b_cand"])
    cand = np.tanh(cand)
    h_next = update * h + (1 - update) * cand
    return h_next, (h, update, reset, cand, cache_g, cache_c)


def convgru_step_backward(dh_next, cache, grads):
    h, update, reset, cand, cache_g, cache_c = cache
    C = cache_g[0].shape[1] - h.shape[1]
    dupdate = dh_next * (h - cand)
    dcand = dh_next * (1 - update)
    dh = dh_next * update
    dxr, dw, db = conv_backward(dcand * (1 - cand ** 2), cache_c)
    grads["w_cand"] += dw
    grads["b_cand"] += db
    dx = dxr[:, :C]
    dreset = dxr[:, C:] * h
    dh = dh + dxr[:, C:] * reset
    dgates = np.concatenate([dupdate * update * (1 - update), dreset * reset * (1 - reset)], axis=1)
    dxh, dw, db = conv_backward(dgates, cache_g)
    grads["w_gates"] += dw
    grads["b_gates"] += db
    return dx + dxh[:, :C], dh + dxh[:, C:]


def unroll(p, inputs):
    video = inputs["video"]
    T = video.shape[0] - 1
    h = inputs["h0"]
    tape, losses = [], []
    for t in range(T):
        h, cache = convgru_step(video[t], h, p)
        logits, cache_out = conv_forward(h, p["w_out"], p["b_out"])
        frame = video[t] + logits
        tape.append((cache, cache_out, frame))
        losses.append(0.5 * np.sum((frame - video[t + 1]) ** 2) / video.shape[1])
    return losses, tape


def loss(params, inputs):
    return float(sum(inputs["discount"] * losses_t for losses_t in unroll(params, inputs)[0][1:]))


def backward(params, inputs):
    video = inputs["video"]
    _, tape = unroll(params, inputs)
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    dvideo = np.zeros_like(video)
    dh = np.zeros_like(inputs["h0"])
    for t in range(len(tape))[::-1]:
        cache, cache_out, frame = tape[t]
        if t > 0:  # the first frame only warms the state up
            dframe = inputs["discount"] * (frame - video[t + 1]) / video.shape[1]
            dvideo[t] += dframe
            dvideo[t + 1] -= dframe
            dh_out, dw, db = conv_backward(dframe, cache_out)
            grads["w_out"] += dw
            grads["b_out"] += db
            dh = dh + dh_out
        dx, dh = convgru_step_backward(dh, cache, grads)
        dvideo[t] += dx
    grads["video"] = dvideo
    grads["h0"] = dh
    return grads


def example(rng):
    T, N, C, F, L = (int(rng.integers(a, b)) for a, b in ((3, 5), (2, 4), (1, 3), (3, 5), (4, 6)))
    params = {}
    for name, n_in, n_out in (("gates", C + F, 2 * F), ("cand", C + F, F), ("out", F, C)):
        params["w_" + name] = rng.normal(size=(n_out, n_in, 3)) * 0.6
        params["b_" + name] = rng.normal(size=n_out)
    return params, {"video": rng.normal(size=(T + 1, N, C, L)), "h0": rng.normal(size=(N, F, L)),
                    "discount": np.array(1 + int(rng.integers(1, 3)))}
