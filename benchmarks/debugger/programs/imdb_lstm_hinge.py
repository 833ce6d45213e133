import numpy as np

# IMDB reviews, padded at the end; LSTM with forget gate bias, hinge loss on the last real word


def act(z, H):
    s = 1 / (1 + np.exp(-z[:, : 3 * H]))
    return np.hstack([s, np.tanh(z[:, 3 * H:])])


def act_grad(A, H):
    G = np.empty_like(A)
    G[:, : 3 * H] = A[:, : 3 * H] * (1 - A[:, : 3 * H])
    G[:, 3 * H:] = 1 - A[:, 3 * H:] ** 2
    return G


def forward(params, ids, lengths):
    emb, Wx, Wh, b = (params[k] for k in ("emb", "Wx", "Wh", "b"))
    B, T = ids.shape
    H = Wh.shape[0]
    X = emb[ids]
    h = np.zeros((T + 1, B, H))
    c = np.zeros((T + 1, B, H))
    h[-1], c[-1] = params["h_init"], params["c_init"]
    A = np.zeros((T, B, 4 * H))
    for t in range(T):
        A[t] = act(X[:, t] @ Wx + h[t - 1] @ Wh + b, H)
        i, f, o, g = np.split(A[t], 4, axis=1)
        c[t] = f * c[t - 1] + i * g
        h[t] = o * np.tanh(c[t])
    last = h[lengths - 1, np.arange(B)]
    score = last @ params["w"] + params["w0"][0]
    return score, (X, h, c, A, last)


def margins(score, labels):
    return 1.5 - (2 * labels - 1) * score


def loss(params, inputs):
    score, _ = forward(params, inputs["ids"], inputs["lengths"])
    m = margins(score, inputs["labels"])
    return float(np.mean(np.maximum(0, m) ** 2) + 0.01 * np.sum(params["Wh"] ** 2))


def backward(params, inputs):
    ids, lengths, labels = inputs["ids"], inputs["lengths"], inputs["labels"]
    score, (X, h, c, A, last) = forward(params, ids, lengths)
    B, T = ids.shape
    H = params["Wh"].shape[0]
    dscore = -2 * np.maximum(0, margins(score, labels)) * (2 * labels - 1) / B
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    grads["w"] = last.T @ dscore
    grads["w0"][0] = dscore.sum()
    dlast = np.outer(dscore, params["w"])

    dX = np.zeros_like(X)
    dh_next = np.zeros((B, H))
    dc_next = np.zeros((B, H))
    for t in reversed(range(T)):
        dh = dh_next.copy()
        ends = lengths - 1 == t
        dh[ends] += dlast[ends]
        i, f, o, g = np.split(A[t], 4, axis=1)
        tc = np.tanh(c[t])
        dc = dc_next + dh * o * (1 - tc**2)
        dz = np.hstack([dc * g, dc * c[t - 1], dh * tc, dc * i]) * act_grad(A[t], H)
        grads["Wx"] += X[:, t].T @ dz
        grads["Wh"] += h[t - 1].T @ dz
        grads["b"] += dz.sum(axis=0)
        dX[:, t] = dz @ params["Wx"].T
        dh_next = dz @ params["Wh"].T
        dc_next = dc * f
    grads["Wh"] += 0.02 * params["Wh"]
    grads["h_init"] = dh_next.sum(axis=0)
    grads["c_init"] = dc_next.sum(axis=0)
    np.add.at(grads["emb"], ids, dX)
    return grads


def example(rng):
    B, T, D, H, V = 3, rng.integers(3, 6), rng.integers(2, 4), rng.integers(2, 5), 4
    sizes = {"emb": (V, D), "Wx": (D, 4 * H), "Wh": (H, 4 * H), "b": 4 * H, "w": H, "w0": 1,
             "h_init": H, "c_init": H}
    params = {k: rng.normal(size=s) for k, s in sizes.items()}
    params["w"] *= 0.3
    params["w0"] = rng.uniform(0.1, 0.3, 1)
    inputs = {"ids": rng.integers(0, V, (B, T)), "labels": np.array([0, 1, 0]),
              "lengths": np.array([T, T - 1, T - 2])}
    return params, inputs
