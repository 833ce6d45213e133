"""Word model: layer-normed Elman net with a leap, h[t] = tanh(LN(E[w] + h[t-1] U)) + lam * h[t-2]."""
import numpy as np

EPS = 1e-5


def mean(a):
    return a.mean(axis=-1, keepdims=True)


def run(E, U, gain, shift, lam, V, words, h0):
    """h has two rows more than there are steps: h[0] and h[1] come before the first step."""
    T, B = words.shape
    h = np.zeros((T + 2, B, len(U)))
    u, q, sd = np.zeros((T, B, len(U))), np.zeros((T, B, len(U))), np.zeros((T, B, 1))
    h[:2] = h0
    for t in range(T):
        a = E[words[t]] + h[t + 1] @ U
        sd[t] = np.sqrt(mean((a - mean(a)) ** 2) + EPS)
        u[t] = (a - mean(a)) / sd[t]
        q[t] = np.tanh(gain * u[t] + shift)
        h[t + 2] = q[t] + lam * h[t]
    expo = np.exp(h[2:] @ V)
    return h, u, q, sd, expo / expo.sum(axis=-1, keepdims=True)


def cross_entropy(P, nexts, real):
    picked = np.take_along_axis(P, nexts[..., None], axis=-1)[..., 0]
    return -(np.log(picked) * real).sum() / real.sum()


def grad(p, words, nexts, real, h0):
    E, U, gain, lam, V = (p[k] for k in ("E", "U", "gain", "lam", "V"))
    h, u, q, sd, P = run(**p, words=words, h0=h0)
    T, K = len(words), V.shape[1]

    dlogits = (P - np.eye(K)[nexts]) * real[..., None] / real.sum()
    D = np.zeros_like(h)            # of the loss to h, same rows
    D[2:] = dlogits @ V.T
    dN, dA = np.zeros_like(u), np.zeros_like(u)
    for t in range(T)[::-1]:
        dN[t] = D[t + 2] * (1 - q[t] ** 2)  # before the tanh
        du = dN[t] * gain
        dA[t] = (du - mean(du) - u[t] * mean(du * u[t])) / sd[t]
        D[t + 1] += dA[t] @ U.T
        D[t] += lam * D[t + 2]

    dE = np.zeros_like(E)
    np.add.at(dE, words, dA)
    return {
        "E": dE,
        "U": np.tensordot(h[1:-1], dA, axes=([0, 1], [0, 1])),
        "gain": (dN * u).sum(axis=(0, 1)),
        "shift": dN.sum(axis=(0, 1)),
        "lam": (D[2:] * h[:-2]).sum(axis=(0, 1)),
        "V": np.tensordot(h[2:], dlogits, axes=([0, 1], [0, 1])),
        "h0": D[:2],
    }


def loss(params, inputs):
    P = run(**params, words=inputs["words"], h0=inputs["h0"])[-1]
    return cross_entropy(P, inputs["nexts"], inputs["real"])


def backward(params, inputs):
    return grad(params, **inputs)


def example(rng):
    T, B, H, K = (int(n) for n in rng.permutation([4, 5, 6, 7]))
    params = {
        "E": rng.normal(size=(K, H)),
        "U": rng.normal(size=(H, H)),
        "gain": rng.uniform(0.5, 1.5, size=H),
        "shift": rng.normal(size=H),
        "lam": rng.uniform(-0.9, 0.9, size=H),
        "V": rng.normal(size=(H, K)),
    }
    inputs = {
        "words": rng.integers(K, size=(T, B)),
        "nexts": rng.integers(K, size=(T, B)),
        "real": (np.arange(T)[:, None] < rng.permutation(T - np.arange(B) % 3)).astype(int),
        "h0": rng.normal(size=(2, B, H)),
    }
    return params, inputs
