"""Fast weights (Ba, Hinton et al. 2016), inner loop with layer norm, one sequence at a time."""
import numpy as np

LAMBDA, ETA, S = 0.9, 0.5, 2


def layer_norm(a, gain):
    centred = a - a.mean()
    std = np.sqrt((centred ** 2).mean() + 1e-3)
    return gain * centred / std, (centred / std, std)


def layer_norm_grad(dout, gain, saved):
    xhat, std = saved
    dxhat = gain * dout
    return (dxhat - dxhat.mean() - xhat * (dxhat * xhat).mean()) / std, dout * xhat


def forward(theta, x):
    Wh, Cx, gain = theta["W_h"], theta["C"], theta["gain"]
    h = theta["h_0"]
    A = np.zeros((h.size, h.size))
    trace = []
    for xt in x:
        boundary = Wh @ h + Cx @ xt + theta["b"]
        hs = [np.tanh(boundary)]
        norms = []
        for s in range(S):
            out, saved = layer_norm(boundary + A @ hs[s], gain)
            hs.append(np.tanh(out))
            norms.append(saved)
        trace.append((h, A, hs, norms))
        h = hs[-1]
        A = LAMBDA * A + ETA * np.outer(h, h)
    return h, trace


def classify(theta, h, label):
    scores = theta["W_o"] @ h
    margins = np.log1p(np.exp(1 + scores - scores[label]))
    return scores, margins.sum() - margins[label]


def loss(params, inputs):
    h, _ = forward(params, inputs["x"])
    return float(classify(params, h, int(inputs["label"][0]))[1])


def backward(params, inputs):
    theta, x, label = params, inputs["x"], int(inputs["label"][0])
    h, trace = forward(theta, x)
    scores, _ = classify(theta, h, label)
    dscores = 1 / (1 + np.exp(scores[label] - scores - 1))
    dscores[label] = 0
    dscores[label] = -dscores.sum()
    g = {name: np.zeros_like(value) for name, value in theta.items()}
    g["W_o"] = np.outer(dscores, h)
    dh = theta["W_o"].T @ dscores
    dA = np.zeros((h.size, h.size))
    for t in reversed(range(len(x))):
        h_prev, A, hs, norms = trace[t]
        h_t = hs[-1]
        dh = dh + ETA * (dA + dA.T) @ h_t
        dA = LAMBDA * dA
        dboundary = np.zeros_like(h_t)
        dhs = dh
        for s in reversed(range(S)):
            dout = dhs * (1 - hs[s + 1] ** 2)
            dpre, dgain = layer_norm_grad(dout, theta["gain"], norms[s])
            g["gain"] += dgain
            dboundary += dpre
            dA += np.outer(dpre, hs[s])
            dhs = A.T @ dpre
        dboundary += dhs * (1 - hs[0] ** 2)
        g["W_h"] += np.outer(dboundary, h_prev)
        g["C"] += np.outer(dboundary, x[t])
        g["b"] += dboundary
        dh = theta["W_h"].T @ dboundary
    g["h_0"] = dh
    return g


def example(rng):
    T, n, d, k = int(rng.integers(3, 6)), int(rng.integers(4, 6)), 3, 4
    r = rng.normal
    params = {"W_h": r(size=(n, n)), "C": r(size=(n, d)), "b": r(size=n), "gain": 1 + 0.3 * r(size=n),
              "W_o": r(size=(k, n)), "h_0": r(size=n)}
    return params, {"x": r(size=(T, d)), "label": rng.integers(0, k, 1)}
