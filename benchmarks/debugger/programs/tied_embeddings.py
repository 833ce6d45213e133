"""RNN language model whose output matrix is its embedding table (tied weights)."""
import numpy as np


def softmax(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def forward(tokens, E, W, U, b, bo):
    """tokens: (B, T + 1), each word is predicted from the ones before."""
    B, T1 = tokens.shape
    h = np.zeros((B, E.shape[1]))
    steps = []
    nll = 0.0
    for t in range(T1 - 1):
        e = E[tokens[:, t]]
        h_prev = h
        h = np.tanh(e @ W + h_prev @ U + b)
        p = softmax(h @ E.T + bo)
        nll -= np.log(p[np.arange(B), tokens[:, t + 1]]).sum()
        steps.append((e, h_prev, h, p))
    return nll / (B * (T1 - 1)), steps


def loss(params, inputs):
    return forward(inputs["tokens"], **params)[0]


def backward(params, inputs):
    E, W, U = params["E"], params["W"], params["U"]
    tokens = inputs["tokens"]
    _, steps = forward(tokens, **params)
    B, T1 = tokens.shape
    n = B * (T1 - 1)
    dE = np.zeros_like(E)
    dW = np.zeros_like(W)
    dU = np.zeros_like(U)
    db = np.zeros_like(params["b"])
    dbo = np.zeros_like(params["bo"])
    dh_next = np.zeros_like(steps[0][1])
    for t in reversed(range(len(steps))):
        e, h_prev, h, p = steps[t]
        ds = p.copy()
        ds[np.arange(B), tokens[:, t + 1]] -= 1
        ds /= n
        dbo += ds.sum(axis=0)
        dE += ds.T @ h
        dh = ds @ E + dh_next
        da = dh * (1 - h ** 2)
        dW += e.T @ da
        dU += h_prev.T @ da
        db += da.sum(axis=0)
        np.add.at(dE, tokens[:, t], da @ W.T)
        dh_next = da @ U.T
    return {"E": dE, "W": dW, "U": dU, "b": db, "bo": dbo}


def example(rng):
    B, T1, H, K = (int(n) for n in rng.permutation([4, 5, 6, 7]))
    params = {
        "E": rng.normal(size=(K, H)),
        "W": rng.normal(size=(H, H)),
        "U": rng.normal(size=(H, H)),
        "b": rng.normal(size=H),
        "bo": rng.normal(size=K),
    }
    return params, {"tokens": rng.integers(K, size=(B, T1))}
