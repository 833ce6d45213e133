"""DilatedRNN (Chang et al. 2017): layer l is recurrent over h[t - 2**l]; char model, padded targets."""
import numpy as np

PAD = -1


def dilated_forward(W, U, b, start, xs, skip):
    # start: (skip, H) states before time zero, one per phase
    B = xs.shape[1]
    ring = [np.tile(row, (B, 1)) for row in start]
    hs = []
    for t, x in enumerate(xs):
        h = np.tanh(x @ W + ring[t % skip] @ U + b)
        ring[t % skip] = h
        hs.append(h)
    return np.array(hs)


def dilated_backward(W, U, start, xs, hs, dhs, skip):
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros(W.shape[1])
    dstart = np.zeros_like(start)
    dxs = np.zeros_like(xs)
    dhs = dhs.copy()
    for t in reversed(range(len(xs))):
        da = dhs[t] * (1 - hs[t] ** 2)
        dW += xs[t].T @ da
        db += da.sum(0)
        dxs[t] = da @ W.T
        back = da @ U.T
        if t >= skip:
            dU += hs[t - skip].T @ da
            dhs[t - skip] += back
        else:
            dU += np.outer(start[t], da.sum(0))
            dstart[t] += back.sum(0)
    return dW, dU, db, dstart, dxs


def network(params, tokens):
    layers = sum(name[0] == "U" for name in params)
    acts = [params["emb"][tokens]]
    for l in range(layers):
        W, U, b, s = (params[f"{n}{l}"] for n in ("W", "U", "b", "s"))
        acts.append(dilated_forward(W, U, b, s, acts[-1], 2 ** l))
    top = acts[1] + acts[-1] if layers > 1 else acts[-1]
    return acts, top, top @ params["out"]


def softmax_xent(logits, targets):
    logits = logits - logits.max(axis=2, keepdims=True)
    prob = np.exp(logits)
    prob /= prob.sum(axis=2, keepdims=True)
    real = targets != PAD
    t, b = np.nonzero(real)
    nll = -np.log(prob[t, b, targets[t, b]]).sum() / real.sum()
    grad = prob * real[:, :, None]
    grad[t, b, targets[t, b]] -= 1
    return nll, grad / real.sum()


def loss(params, inputs):
    _, _, logits = network(params, inputs["tokens"])
    return float(softmax_xent(logits, inputs["targets"])[0])


def backward(params, inputs):
    tokens = inputs["tokens"]
    acts, top, logits = network(params, tokens)
    _, dlogits = softmax_xent(logits, inputs["targets"])
    grads = {"out": np.tensordot(top, dlogits, ([0, 1], [0, 1]))}
    dtop = dlogits @ params["out"].T
    last = len(acts) - 2
    d = dtop
    for l in range(last, -1, -1):
        if l == 0 and last > 0:
            d = d + dtop
        W, U, s = params[f"W{l}"], params[f"U{l}"], params[f"s{l}"]
        grads[f"W{l}"], grads[f"U{l}"], grads[f"b{l}"], grads[f"s{l}"], d = dilated_backward(
            W, U, s, acts[l], acts[l + 1], d, 2 ** l
        )
    grads["emb"] = np.zeros_like(params["emb"])
    np.add.at(grads["emb"], tokens, d)
    return grads


def example(rng):
    T, B, E, H, V = int(rng.integers(4, 6)), int(rng.integers(2, 4)), 2, 4, 3
    n = rng.standard_normal
    params = {"emb": n((V, E)), "out": n((H, V))}
    for l, d in enumerate((E, H)):
        params.update({f"W{l}": n((d, H)), f"U{l}": n((H, H)), f"b{l}": n(H), f"s{l}": n((2 ** l, H))})
    targets = rng.integers(0, V, (T, B))
    targets[T - 2:, 0] = PAD
    return params, {"tokens": rng.integers(0, V, (T, B)), "targets": targets}
