import numpy as np

# my poetry generator: one GRU cell, one poem at a time, everything a column vector


def sigm(v):
    return 1.0 / (1.0 + np.exp(-v))


def softmax(v):
    e = np.exp(v - np.max(v))
    return e / np.sum(e)


def read_poem(m, tokens, hprev):
    stack = []
    h = hprev
    nll = 0.0
    i = 0
    while i < len(tokens) - 1:
        x = m["E"][tokens[i]][:, None]
        r = sigm(m["Wr"] @ x + m["Ur"] @ h + m["br"])
        z = sigm(m["Wz"] @ x + m["Uz"] @ h + m["bz"])
        rh = r * h
        c = np.tanh(m["Wc"] @ x + m["Uc"] @ rh + m["bc"])
        hnew = z * h + (1 - z) * c
        p = softmax(m["V"] @ hnew + m["bv"])
        nll -= np.log(p[tokens[i + 1], 0])
        stack.append((tokens[i], tokens[i + 1], x, h, r, z, rh, c, hnew, p))
        h = hnew
        i += 1
    return nll, stack


def unread_poem(m, stack):
    d = {name: np.zeros(w.shape) for name, w in m.items()}
    dh = np.zeros(stack[0][3].shape)
    while stack:
        tok, nxt, x, h, r, z, rh, c, hnew, p = stack.pop()
        dy = p.copy()
        dy[nxt] -= 1
        d["V"] += dy @ hnew.T
        d["bv"] += dy
        dh = dh + m["V"].T @ dy

        dz = dh * (h - c) * z * (1 - z)
        dc = dh * (1 - z) * (1 - c * c)
        drh = m["Uc"].T @ dc
        dr = drh * h * r * (1 - r)

        for gate, dg, hin in (("r", dr, h), ("z", dz, h), ("c", dc, rh)):
            d["W" + gate] += dg @ x.T
            d["U" + gate] += dg @ hin.T
            d["b" + gate] += dg
        dx = m["Wr"].T @ dr + m["Wz"].T @ dz + m["Wc"].T @ dc
        d["E"][tok] += dx.ravel()
        dh = dh * z + drh * r + m["Ur"].T @ dr + m["Uz"].T @ dz
    return d, dh


def loss(params, inputs):
    return float(read_poem(params, inputs["tokens"], inputs["hprev"])[0])


def backward(params, inputs):
    _, stack = read_poem(params, inputs["tokens"], inputs["hprev"])
    d, dh = unread_poem(params, stack)
    d["hprev"] = dh
    return d


def example(rng):
    H, D, K = rng.permutation([3, 4, 5])
    params = {"E": rng.normal(size=(K, D)), "V": rng.normal(size=(K, H)), "bv": rng.normal(size=(K, 1))}
    for g in "rzc":
        params["W" + g] = 0.7 * rng.normal(size=(H, D))
        params["U" + g] = 0.7 * rng.normal(size=(H, H))
        params["b" + g] = rng.normal(size=(H, 1))
    tokens = rng.permutation([0, 1, 1, 2, 0, 2][: rng.integers(4, 7)])
    return params, {"tokens": tokens, "hprev": rng.normal(size=(H, 1))}
