import numpy as np

# spoken digits, toy version: leaky tanh RNN -> softmax -> CTC (no log space, sequences are short)

BLANK = 0
LEAK = 0.6


def extend(label):
    return [BLANK] + [k for ch in label for k in (int(ch), BLANK)]


def rnn(audio, p):
    h = p["h0"]
    hs, us, probs = [h], [], []
    for frame in audio:
        u = np.tanh(p["Win"] @ frame + p["Wrec"] @ h + p["bias"])
        h = (1 - LEAK) * h + LEAK * u
        logit = p["Wout"] @ h + p["bout"]
        e = np.exp(logit - logit.max())
        hs.append(h)
        us.append(u)
        probs.append(e / e.sum())
    return hs, us, np.array(probs)


def can_skip(ext, s):
    return s >= 2 and ext[s] != BLANK and ext[s] != ext[s - 2]


def ctc_alpha(probs, ext):
    T, S = len(probs), len(ext)
    alpha = np.zeros((T, S))
    alpha[0, :2] = probs[0, ext[:2]]
    for t in range(1, T):
        for s in range(S):
            a = alpha[t - 1, max(s - 1, 0):s + 1].sum()
            if can_skip(ext, s):
                a += alpha[t - 1, s - 2]
            alpha[t, s] = a * probs[t, ext[s]]
    return alpha


def ctc_beta(probs, ext):
    # beta[t, s]: probability of all that comes after frame t, given state s at frame t
    T, S = len(probs), len(ext)
    beta = np.zeros((T, S))
    beta[T - 1, S - 1] = 1.0
    beta[T - 1, S - 2] = 1.0
    for t in range(T - 2, -1, -1):
        for s in range(S):
            b = beta[t + 1, s] * probs[t + 1, ext[s]]
            if s + 1 < S:
                b += beta[t + 1, s + 1] * probs[t + 1, ext[s + 1]]
            if s + 2 < S and can_skip(ext, s + 2):
                b += beta[t + 1, s + 2] * probs[t + 1, ext[s + 2]]
            beta[t, s] = b
    return beta


def ctc_dlogits(probs, label):
    ext = extend(label)
    post = ctc_alpha(probs, ext) * ctc_beta(probs, ext)
    post = post / post.sum(axis=1, keepdims=True)
    dlogits = probs.copy()
    for s, ch in enumerate(ext):
        dlogits[:, ch] -= post[:, s]
    return dlogits


def bptt(audio, label, p):
    hs, us, probs = rnn(audio, p)
    dlogits = ctc_dlogits(probs, label)
    grad = {name: np.zeros_like(value) for name, value in p.items()}
    dh = np.zeros_like(p["h0"])
    for t in range(len(audio))[::-1]:
        grad["Wout"] += np.outer(dlogits[t], hs[t + 1])
        grad["bout"] += dlogits[t]
        dh = dh + p["Wout"].T @ dlogits[t]
        dpre = LEAK * dh * (1 - us[t] ** 2)
        grad["Win"] += np.outer(dpre, audio[t])
        grad["Wrec"] += np.outer(dpre, hs[t])
        grad["bias"] += dpre
        dh = (1 - LEAK) * dh + p["Wrec"].T @ dpre
    grad["h0"] = dh
    return grad


def loss(params, inputs):
    _, _, probs = rnn(inputs["audio"], params)
    return float(-np.log(ctc_alpha(probs, extend(inputs["label"]))[-1, -2:].sum()))


def backward(params, inputs):
    return bptt(inputs["audio"], inputs["label"], params)


def example(rng):
    D, H, K = rng.permutation([2, 3, 4])
    sizes = {"Win": (H, D), "Wrec": (H, H), "bias": H, "Wout": (K, H), "bout": K, "h0": H}
    params = {n: rng.normal(size=s) for n, s in sizes.items()}
    label = rng.integers(1, K, 2)
    return params, {"audio": rng.normal(size=(rng.integers(4, 6), D)), "label": label}
