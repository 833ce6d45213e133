import numpy as np

# polyphonic piano rolls (B, T, notes): a stack of tanh layers, BCE on every key, padding masked
# every layer has its weights in one matrix [x h 1] -> h


def layer_forward(W, h0, X):
    B, T, _ = X.shape
    H = h0.size
    S = np.empty((B, T + 1, H))
    S[:, 0] = h0
    ones = np.ones((B, 1))
    for t in range(T):
        S[:, t + 1] = np.tanh(np.hstack([X[:, t], S[:, t], ones]) @ W)
    return S


def layer_backward(W, X, S, dS):
    B, T, D = X.shape
    H = S.shape[2]
    ones = np.ones((B, 1))
    dW = np.zeros_like(W)
    dX = np.empty_like(X)
    dcarry = np.zeros((B, H))
    for t in range(T - 1, -1, -1):
        dtot = dS[:, t] + dcarry
        da = dtot * (1 - S[:, t + 1] ** 2)
        row = np.hstack([X[:, t], S[:, t], ones])
        dW += row.T @ da
        drow = da @ W.T
        dX[:, t] = drow[:, :D]
        dcarry = drow[:, D:D + H]
    return dW, dcarry.sum(axis=0), dX


def n_layers(params):
    return sum(1 for k in params if k.startswith("W"))


def forward(params, roll, mask):
    states = []
    X = roll[:, :-1]
    for i in range(n_layers(params)):
        S = layer_forward(params[f"W{i}"], params[f"h{i}"], X)
        states.append((X, S))
        X = S[:, 1:]
    logits = X @ params["V"] + params["c"]
    target = roll[:, 1:]
    bce = np.log(1 + np.exp(logits)) - target * logits
    value = np.sum(bce * mask[:, :, None]) / mask.sum()
    return value, states, logits


def loss(params, inputs):
    return float(forward(params, inputs["roll"], inputs["mask"])[0])


def backward(params, inputs):
    roll, mask = inputs["roll"], inputs["mask"]
    _, states, logits = forward(params, roll, mask)
    probs = 1 / (1 + np.exp(-logits))
    dlogits = (probs - roll[:, 1:]) * mask[:, :, None] / mask.sum()
    top = states[-1][1][:, 1:]
    grads = {
        "V": np.einsum("bth,btn->hn", top, dlogits),
        "c": dlogits.sum(axis=(0, 1)),
    }
    dS = dlogits @ params["V"].T
    for i in reversed(range(n_layers(params))):
        X, S = states[i]
        grads[f"W{i}"], grads[f"h{i}"], dS = layer_backward(params[f"W{i}"], X, S, dS)
    return grads


def example(rng):
    B, T, N = rng.integers(2, 4), rng.integers(3, 6), 4
    H0, H1 = rng.permutation([2, 3, 5])[:2]
    params = {
        "W0": rng.normal(size=(N + H0 + 1, H0)), "h0": 0.5 * rng.normal(size=H0),
        "W1": rng.normal(size=(H0 + H1 + 1, H1)), "h1": 0.5 * rng.normal(size=H1),
        "V": rng.normal(size=(H1, N)), "c": rng.normal(size=N),
    }
    roll = rng.integers(0, 2, (B, T + 1, N))
    mask = np.ones((B, T), dtype=int)
    mask[1, -1] = 0
    return params, {"roll": roll, "mask": mask}
