# Recurrent highway network: L micro layers a step, carry gate c = 1 - t, one dropout mask for the
# state in all steps (variational) and one per step for the input. Tokens in, tokens out, (T,B).
import numpy as np

sig = lambda a: 0.5 * (1 + np.tanh(0.5 * a))


def unpack(params):
    return params["E"], params["WH"], params["WT"], params["RH"], params["RT"], params["bH"], params["bT"]


def forward(params, tok, s, xmask, smask):
    E, WH, WT, RH, RT, bH, bT = unpack(params)
    L = len(RH)
    steps = []
    for k in range(len(tok)):
        xd = E[tok[k]] * xmask[k]
        micro = []
        for l in range(L):
            sd = s * smask
            a_h, a_t = sd @ RH[l] + bH[l], sd @ RT[l] + bT[l]
            if l == 0:
                a_h, a_t = a_h + xd @ WH, a_t + xd @ WT
            hh, tt = np.tanh(a_h), sig(a_t)
            micro.append({"s": s, "sd": sd, "h": hh, "t": tt})
            s = hh * tt + s * (1 - tt)
        steps.append({"xd": xd, "micro": micro, "out": s})
    return steps


def xent(params, steps, target):
    probs, total = [], 0.0
    for st, y in zip(steps, target):
        u = st["out"] @ params["Wo"] + params["bo"]
        e = np.exp(u - u.max(axis=1, keepdims=True))
        pr = e / e.sum(axis=1, keepdims=True)
        total -= np.log(pr[range(len(y)), y]).sum()
        probs.append(pr)
    return total / target.size, probs


def loss(params, inputs):
    steps = forward(params, *(inputs[k] for k in ("tok", "s0", "xmask", "smask")))
    return float(xent(params, steps, inputs["target"])[0])


def backward(params, inputs):
    tok, xmask, smask, target = (inputs[k] for k in ("tok", "xmask", "smask", "target"))
    E, WH, WT, RH, RT, bH, bT = unpack(params)
    steps = forward(params, tok, inputs["s0"], xmask, smask)
    probs = xent(params, steps, target)[1]
    grad = {k: np.zeros_like(v) for k, v in params.items()}
    ds = np.zeros_like(inputs["s0"])
    for k in range(len(tok) - 1, -1, -1):
        st = steps[k]
        du = probs[k].copy()
        du[range(len(du)), target[k]] -= 1
        du /= target.size
        grad["Wo"] += st["out"].T @ du
        grad["bo"] += du.sum(axis=0)
        ds += du @ params["Wo"].T
        for l in range(len(RH) - 1, -1, -1):
            c = st["micro"][l]
            da_h = ds * c["t"] * (1 - c["h"] ** 2)
            da_t = ds * (c["h"] - c["s"]) * c["t"] * (1 - c["t"])
            grad["RH"][l] += c["sd"].T @ da_h
            grad["RT"][l] += c["sd"].T @ da_t
            grad["bH"][l] += da_h.sum(axis=0)
            grad["bT"][l] += da_t.sum(axis=0)
            ds = ds * (1 - c["t"]) + (da_h @ RH[l].T + da_t @ RT[l].T) * smask
        # da_h, da_t are those of micro layer 0 here
        grad["WH"] += st["xd"].T @ da_h
        grad["WT"] += st["xd"].T @ da_t
        dx = (da_h @ WH.T + da_t @ WT.T) * xmask[k]
        np.add.at(grad["E"], tok[k], dx)
    grad["s0"] = ds
    return grad


def example(rng):
    T, B, V, D, H, L = int(rng.integers(3, 6)), int(rng.integers(2, 4)), 4, 3, int(rng.integers(4, 6)), 2
    w = lambda *s: rng.normal(0, 0.8, s)
    p = dict(E=w(V, D), WH=w(D, H), WT=w(D, H), RH=w(L, H, H), RT=w(L, H, H), bH=w(L, H), bT=w(L, H),
             Wo=w(H, V), bo=w(V))
    drop = lambda *s: (rng.random(s) < 0.7) / 0.7
    tok = rng.integers(0, V, (T, B))
    tok[0, 1] = tok[0, 0]
    return p, dict(tok=tok, s0=w(B, H), xmask=drop(T, B, D), smask=drop(B, H), target=rng.integers(0, V, (T, B)))
