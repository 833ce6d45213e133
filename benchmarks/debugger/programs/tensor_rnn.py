"""Second-order RNN: every input symbol has its own transition matrix (index inputs)."""
import numpy as np


def transitions(symbols, h0, A, b):
    hs = [h0]
    for s in symbols:
        hs.append(np.tanh(A[s] @ hs[-1] + b[s]))
    return hs


def accept_probability(h, w):
    return 1.0 / (1.0 + np.exp(-np.dot(w, h)))


def loss(params, inputs):
    total = 0.0
    for word, label in zip(inputs["words"], inputs["labels"]):
        h = transitions(word, params["h0"], params["A"], params["b"])[-1]
        p = accept_probability(h, params["w"])
        total += -np.log(p) if label else -np.log(1.0 - p)
    return total / len(inputs["words"])


def backward(params, inputs):
    A, w = params["A"], params["w"]
    gA, gb, gw, gh0 = (np.zeros_like(params[k]) for k in ("A", "b", "w", "h0"))
    n = len(inputs["words"])
    for word, label in zip(inputs["words"], inputs["labels"]):
        hs = transitions(word, params["h0"], A, params["b"])
        err = (accept_probability(hs[-1], w) - label) / n
        gw += err * hs[-1]
        g = err * w
        for t in range(len(word), 0, -1):
            s = word[t - 1]
            g = g * (1.0 - hs[t] ** 2)
            gA[s] += np.outer(g, hs[t - 1])
            gb[s] += g
            g = A[s].T @ g
        gh0 += g
    return {"A": gA, "b": gb, "w": gw, "h0": gh0}


def example(rng):
    n, T, H = (int(k) for k in rng.permutation([4, 5, 6]))
    S = 3
    params = {
        "A": rng.normal(size=(S, H, H)) * 0.8,
        "b": rng.normal(size=(S, H)),
        "w": rng.normal(size=H),
        "h0": rng.normal(size=H),
    }
    return params, {
        "words": rng.integers(S, size=(n, T)),
        "labels": rng.integers(2, size=n),
    }
