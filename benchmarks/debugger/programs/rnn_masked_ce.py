"""RNN tagger for records with gaps: state held over a gap, cross-entropy over the real tokens."""
import numpy as np


def log_softmax(z):
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def forward(params, inputs):
    X, mask = inputs["X"], inputs["mask"]
    T, B, _ = X.shape
    H = params["Whh"].shape[0]
    h = np.zeros((T + 1, B, H))
    a = np.zeros((T, B, H))
    for t in range(T):
        a[t] = np.tanh(X[t] @ params["Wxh"] + h[t] @ params["Whh"] + params["bh"])
        m = mask[t][:, None]
        h[t + 1] = m * a[t] + (1 - m) * h[t]
    logp = log_softmax(h[1:] @ params["Why"] + params["by"])
    return h, a, logp


def loss(params, inputs):
    _, _, logp = forward(params, inputs)
    picked = np.take_along_axis(logp, inputs["tags"][:, :, None], axis=2)[:, :, 0]
    return -(picked * inputs["mask"]).sum() / inputs["mask"].sum()


def backward(params, inputs):
    X, mask, tags = inputs["X"], inputs["mask"], inputs["tags"]
    h, a, logp = forward(params, inputs)
    T, B, _ = X.shape
    dlogits = np.exp(logp)
    tt, bb = np.indices((T, B))
    dlogits[tt, bb, tags] -= 1
    dlogits *= mask[:, :, None] / mask.sum()
    grads = {
        "Why": np.einsum("tbh,tbk->hk", h[1:], dlogits),
        "by": dlogits.sum(axis=(0, 1)),
        "Wxh": np.zeros_like(params["Wxh"]),
        "Whh": np.zeros_like(params["Whh"]),
        "bh": np.zeros_like(params["bh"]),
    }
    dX = np.zeros_like(X)
    dh_next = np.zeros((B, h.shape[2]))
    for t in range(T - 1, -1, -1):
        m = mask[t][:, None]
        dh = dlogits[t] @ params["Why"].T + dh_next
        da = m * dh * (1 - a[t] ** 2)
        grads["Wxh"] += X[t].T @ da
        grads["Whh"] += h[t].T @ da
        grads["bh"] += da.sum(0)
        dX[t] = da @ params["Wxh"].T
        dh_next = da @ params["Whh"].T + (1 - m) * dh
    grads["X"] = dX
    return grads


def example(rng):
    T, B, D, H, K = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    params = {
        "Wxh": rng.normal(size=(D, H)),
        "Whh": rng.normal(size=(H, H)),
        "bh": rng.normal(size=H),
        "Why": rng.normal(size=(H, K)),
        "by": rng.normal(size=K),
    }
    mask = rng.integers(2, size=(T, B))
    mask[-1] = 1
    mask[1, :2] = 0
    inputs = {
        "X": rng.normal(size=(T, B, D)),
        "mask": mask,
        "tags": rng.integers(K, size=(T, B)),
    }
    return params, inputs
