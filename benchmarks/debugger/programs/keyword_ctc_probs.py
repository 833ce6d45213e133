"""Keyword spotting with a tanh RNN and CTC, alpha-beta in plain (not log) probabilities."""
import numpy as np

BLANK = 0


def with_blanks(word):
    ext = np.full(2 * len(word) + 1, BLANK, dtype=int)
    ext[1::2] = word
    return ext


def can_skip(ext, s):
    return s > 1 and ext[s] != BLANK and ext[s] != ext[s - 2]


def alphas(y, ext):
    T, S = len(y), len(ext)
    al = np.zeros((T, S))
    al[0, :2] = y[0, ext[:2]]
    for t in range(1, T):
        for s in range(S):
            acc = al[t - 1, s]
            if s > 0:
                acc += al[t - 1, s - 1]
            if can_skip(ext, s):
                acc += al[t - 1, s - 2]
            al[t, s] = acc * y[t, ext[s]]
    return al


def betas(y, ext):
    # beta[t, s]: probability of the rest after t, given that s is emitted at t
    T, S = len(y), len(ext)
    be = np.zeros((T, S))
    be[-1, -2:] = 1.0
    for t in range(T - 2, -1, -1):
        for s in range(S):
            acc = be[t + 1, s] * y[t + 1, ext[s]]
            if s + 1 < S:
                acc += be[t + 1, s + 1] * y[t + 1, ext[s + 1]]
            if s + 2 < S and can_skip(ext, s + 2):
                acc += be[t + 1, s + 2] * y[t + 1, ext[s + 2]]
            be[t, s] = acc
    return be


def acoustic(P, frames):
    hs, ys = [P["start"]], []
    for x in frames:
        hs.append(np.tanh(P["Wx"] @ x + P["Wh"] @ hs[-1] + P["bh"]))
        o = P["Wy"] @ hs[-1] + P["by"]
        e = np.exp(o - o.max())
        ys.append(e / e.sum())
    return np.array(hs), np.array(ys)


def utterances(inputs):
    for i, n in enumerate(inputs["n_frames"]):
        yield inputs["mfcc"][i, :n], inputs["words"][i, : inputs["n_phones"][i]]


def loss(params, inputs):
    total = 0.0
    for frames, word in utterances(inputs):
        _, ys = acoustic(params, frames)
        al = alphas(ys, with_blanks(word))
        total -= np.log(al[-1, -1] + al[-1, -2]) / len(word)
    return float(total)


def backward(params, inputs):
    P = params
    G = {k: np.zeros_like(v) for k, v in P.items()}
    for frames, word in utterances(inputs):
        hs, ys = acoustic(P, frames)
        ext = with_blanks(word)
        post = alphas(ys, ext) * betas(ys, ext)
        post = post / post.sum(axis=1, keepdims=True)
        occupancy = np.zeros_like(ys)
        for s, label in enumerate(ext):
            occupancy[:, label] += post[:, s]
        dO = (ys - occupancy) / len(word)
        G["Wy"] += dO.T @ hs[1:]
        G["by"] += dO.sum(axis=0)
        back = np.zeros_like(P["start"])
        for t in range(len(frames) - 1, -1, -1):
            dh = P["Wy"].T @ dO[t] + back
            dz = dh * (1 - hs[t + 1] ** 2)
            G["Wx"] += np.outer(dz, frames[t])
            G["Wh"] += np.outer(dz, hs[t])
            G["bh"] += dz
            back = P["Wh"].T @ dz
        G["start"] += back
    return G


def example(rng):
    B, T, D, H, K = 3, 5, int(rng.integers(2, 4)), int(rng.integers(4, 6)), 4
    g = rng.normal
    params = {"Wx": g(size=(H, D)), "Wh": g(size=(H, H)), "bh": g(size=H), "start": g(size=H),
              "Wy": g(size=(K, H)), "by": g(size=K)}
    words = np.array([[1, 3], [2, 2], [2, 0]])
    return params, {"mfcc": g(size=(B, T, D)), "n_frames": np.array([5, 4, 3]),
                    "words": words, "n_phones": np.array([2, 2, 1])}
