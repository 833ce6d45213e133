# Named entities: two bidirectional LSTM layers, dropout in between, a skip around the second one.
# Time first. m[t] is 1 on words and 0 on padding; the state is set to zero there, so that the
# right-to-left pass begins at the last word of each sentence.
import numpy as np


def sigm(x):
    return .5 * (np.tanh(.5 * x) + 1)


def run_direction(x, m, W, b, order):
    """W (D + H, 4 H) acts on [x, h], gates o, f, i, c~."""
    T, B, D = x.shape
    H = len(b) // 4
    h, c = np.zeros((B, H)), np.zeros((B, H))
    out, tape = np.zeros((T, B, H)), {}
    for t in order:
        xh = np.hstack([x[t], h])
        a = xh @ W + b
        o, f, i = sigm(a[:, :H]), sigm(a[:, H:2 * H]), sigm(a[:, 2 * H:3 * H])
        u = np.tanh(a[:, 3 * H:])
        c_old = c
        c = (f * c_old + i * u) * m[t][:, None]
        tc = np.tanh(c)
        h = o * tc * m[t][:, None]
        out[t] = h
        tape[t] = xh, c_old, o, f, i, u, tc
    return out, tape


def back_direction(dout, m, W, order, tape):
    T, B, H = dout.shape
    D = W.shape[0] - H
    gW, gb = np.zeros(W.shape), np.zeros(4 * H)
    gx = np.zeros((T, B, D))
    gh, gc = np.zeros((B, H)), np.zeros((B, H))
    for t in list(order)[::-1]:
        xh, c_old, o, f, i, u, tc = tape[t]
        gh = (gh + dout[t]) * m[t][:, None]
        gc = (gc + gh * o * (1 - tc**2)) * m[t][:, None]
        ga = np.hstack([gh * tc * o * (1 - o),
                        gc * c_old * f * (1 - f),
                        gc * u * i * (1 - i),
                        gc * i * (1 - u**2)])
        gW += xh.T @ ga
        gb += ga.sum(0)
        gxh = ga @ W.T
        gx[t], gh = gxh[:, :D], gxh[:, D:]
        gc = gc * f
    return gx, gW, gb


def bilstm(x, m, P, l):
    T = len(x)
    fwd, tape_f = run_direction(x, m, P[f"W{l}f"], P[f"b{l}f"], range(T))
    bwd, tape_b = run_direction(x, m, P[f"W{l}b"], P[f"b{l}b"], range(T)[::-1])
    return np.concatenate([fwd, bwd], axis=2), (tape_f, tape_b)


def bilstm_back(dy, m, P, l, tapes, G):
    T, H = len(dy), dy.shape[2] // 2
    gx_f, G[f"W{l}f"], G[f"b{l}f"] = back_direction(
        dy[:, :, :H], m, P[f"W{l}f"], range(T), tapes[0])
    gx_b, G[f"W{l}b"], G[f"b{l}b"] = back_direction(
        dy[:, :, H:], m, P[f"W{l}b"], range(T)[::-1], tapes[1])
    return gx_f + gx_b


def tag(P, I, keep=.75):
    x, m = I["x"], I["m"]
    drop = I["drop"] / keep
    y1, tapes1 = bilstm(x, m, P, 1)
    y2, tapes2 = bilstm(y1 * drop, m, P, 2)
    feat = y2 + y1
    s = feat @ P["V"] + P["v"]
    return s - np.log(np.exp(s).sum(-1, keepdims=True)), feat, drop, tapes1, tapes2


def token_weights(I):
    # nearly all words are O, so the classes are weighted
    w = I["class_weight"][I["tags"]] * I["m"]
    return w / w.sum()


def loss(P, I):
    s = tag(P, I)[0]
    picked = np.take_along_axis(s, I["tags"][:, :, None], 2)[:, :, 0]
    return -(token_weights(I) * picked).sum()


def backward(P, I):
    s, feat, drop, tapes1, tapes2 = tag(P, I)
    G = {}
    gs = np.exp(s) - np.eye(s.shape[2])[I["tags"]]
    gs = gs * token_weights(I)[:, :, None]
    G["V"] = np.einsum("tbh,tbk->hk", feat, gs)
    G["v"] = gs.sum((0, 1))
    gfeat = gs @ P["V"].T
    gy1 = bilstm_back(gfeat, I["m"], P, 2, tapes2, G) * drop
    gy1 += gfeat
    G["x"] = bilstm_back(gy1, I["m"], P, 1, tapes1, G)
    return G


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    K = 3
    P = {"V": rng.normal(size=(2 * H, K)), "v": rng.normal(size=K)}
    for l, n in ((1, D), (2, 2 * H)):
        for d in "fb":
            P[f"W{l}{d}"] = rng.normal(size=(n + H, 4 * H)) * .6
            P[f"b{l}{d}"] = rng.normal(size=4 * H)
    m = np.ones((T, B), dtype=int)
    m[T - 1:, 0] = 0
    m[2:, 1] = 0
    I = {"x": rng.normal(size=(T, B, D)), "m": m, "tags": rng.integers(K, size=(T, B)),
         "drop": (rng.random((T, B, 2 * H)) < .75) * 1, "class_weight": np.array([1, 6, 4])}
    return P, I
