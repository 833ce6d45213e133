# Kaggle review sentiment: LSTM -> weighted sum of all hidden states -> softmax
# one review at a time (they have different lengths), everything is a 1-D vector
import numpy as np

N_GATES = 4


def sigm(x):
    return 1 / (1 + np.exp(-x))


def softmax(v):
    e = np.exp(v)
    return e / e.sum()


def read_review(words, P):
    """LSTM over the words of one review, returns hidden states and what backprop needs."""
    h, c = P["h0"], P["c0"]
    tape = []
    states = []
    for w in words:
        hx = np.concatenate([h, P["emb"][w]])
        zf, zi, zo, zg = np.split(P["W"] @ hx + P["b"], N_GATES)
        f, i, o, g = sigm(zf), sigm(zi), sigm(zo), np.tanh(zg)
        c_old = c
        c = f * c_old + i * g
        tc = np.tanh(c)
        h = o * tc
        tape.append((w, hx, f, i, o, g, c_old, tc))
        states.append(h)
    return np.array(states), tape


def attend(states, P):
    K = np.tanh(states @ P["Wa"].T + P["ba"])   # (T, A)
    scores = K @ P["u"]                         # (T,)
    alpha = softmax(scores)
    context = alpha @ states                    # (H,)
    return context, (K, alpha)


def attend_backward(dcontext, states, saved, P, G):
    K, alpha = saved
    dalpha = states @ dcontext
    dscores = alpha * (dalpha - alpha @ dalpha)
    G["u"] += K.T @ dscores
    dK = np.outer(dscores, P["u"]) * (1 - K ** 2)
    G["Wa"] += dK.T @ states
    G["ba"] += dK.sum(axis=0)
    dstates = np.outer(alpha, dcontext) + dK @ P["Wa"]
    return dstates


def read_backward(dstates, tape, P, G):
    n_hid = P["h0"].size
    dh = np.zeros(n_hid)
    dc = np.zeros(n_hid)
    for t, (w, hx, f, i, o, g, c_old, tc) in reversed(list(enumerate(tape))):
        dh = dh + dstates[t]
        dzo = dh * tc * o * (1 - o)
        dc = dc + dh * o * (1 - tc ** 2)
        dzf = dc * c_old * f * (1 - f)
        dzi = dc * g * i * (1 - i)
        dzg = dc * i * (1 - g ** 2)
        dz = np.concatenate([dzf, dzi, dzo, dzg])
        G["W"] += np.outer(dz, hx)
        G["b"] += dz
        dhx = P["W"].T @ dz
        dh, demb = dhx[:n_hid], dhx[n_hid:]
        G["emb"][w] += demb
        dc = dc * f
    G["h0"] += dh
    G["c0"] += dc


def train_batch(reviews, lengths, stars, P, need_grads=True):
    G = {k: np.zeros_like(v) for k, v in P.items()}
    total = 0.0
    for row, n, star in zip(reviews, lengths, stars):
        states, tape = read_review(row[:n], P)
        context, saved = attend(states, P)
        prob = softmax(P["V"] @ context + P["bv"])
        total += -np.log(prob[star])
        if not need_grads:
            continue
        dlogit = prob.copy()
        dlogit[star] -= 1
        G["V"] += np.outer(dlogit, context)
        G["bv"] += dlogit
        dstates = attend_backward(P["V"].T @ dlogit, states, saved, P, G)
        read_backward(dstates, tape, P, G)
    m = len(reviews)
    for k in G:
        G[k] /= m
    return total / m, G


def loss(params, inputs):
    return train_batch(P=params, need_grads=False, **inputs)[0]


def backward(params, inputs):
    return train_batch(P=params, **inputs)[1]


def example(rng):
    B, T, D, H, A = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    vocab, n_stars = 5, 8
    params = {
        "emb": rng.normal(size=(vocab, D)),
        "W": rng.normal(size=(N_GATES * H, H + D)),
        "b": rng.normal(size=N_GATES * H),
        "Wa": rng.normal(size=(A, H)),
        "ba": rng.normal(size=A),
        "u": rng.normal(size=A),
        "V": rng.normal(size=(n_stars, H)) * 2,
        "bv": rng.normal(size=n_stars),
        "h0": rng.normal(size=H),
        "c0": rng.normal(size=H),
    }
    lengths = rng.integers(3, T + 1, size=B)
    lengths[0] = T
    inputs = {
        "reviews": rng.integers(vocab, size=(B, T)),
        "lengths": lengths,
        "stars": rng.integers(n_stars, size=B),
    }
    return params, inputs
