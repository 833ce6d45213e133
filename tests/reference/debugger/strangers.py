"""Right programs in the styles of strangers, for `test_strangers`."""

ELMAN = """
import numpy as np

class Tagger:
    '''Simple recurrent net on columns; squared error.'''
    def __init__(self, th):
        self.th = th

    def run(self, seq, s0):
        self.seq, self.states = seq, [s0]
        for col in seq:
            a = self.th["A"] @ self.states[-1] + self.th["B"] @ col + self.th["c"]
            self.states.append(np.tanh(a))
        return self.states[1:]

    def cost(self, seq, s0, goal):
        return 0.5 * sum(np.sum((s - g) ** 2) for s, g in zip(self.run(seq, s0), goal))

    def slopes(self, seq, s0, goal):
        self.run(seq, s0)
        n = len(seq)
        carry = np.zeros_like(s0)
        pres = []
        work = np.empty_like(s0)
        for t in range(n, 0, -1):
            s = self.states[t]
            np.add(s - goal[t - 1], carry, out=work)
            work *= 1 - s * s
            pres.append(work.copy())
            carry = self.th["A"].T @ work
        pres.reverse()
        return {
            "A": sum(np.outer(d, s) for d, s in zip(pres, self.states)),
            "B": sum(np.outer(d, x) for d, x in zip(pres, seq)),
            "c": sum(pres),
            "s0": carry,
        }

def loss(params, inputs):
    return Tagger(params).cost(inputs["seq"], inputs["s0"], inputs["goal"])

def backward(params, inputs):
    return Tagger(params).slopes(inputs["seq"], inputs["s0"], inputs["goal"])

def example(rng):
    T, D, H = (int(k) for k in rng.permutation([3, 4, 5]))
    n = rng.standard_normal
    return ({"A": n((H, H)) / 2, "B": n((D, H)).T / 2, "c": n(H)},
            {"seq": n((T, D)), "s0": n(H), "goal": n((T, H))})
"""

LSTM = """
import numpy as np

def sig(v):
    return 1.0 / (1.0 + np.exp(-v))

def unroll(P, xs, h, c):
    trace = []
    for x in xs:
        z = np.hstack([x, h])
        i, f, o, u = sig(z @ P["Wi"]), sig(z @ P["Wf"]), sig(z @ P["Wo"]), np.tanh(z @ P["Wu"])
        c_old = c
        c = f * c_old + i * u
        h = o * np.tanh(c)
        trace.append((z, i, f, o, u, c_old, c))
    return h, c, trace

def loss(params, inputs):
    h, c, _ = unroll(params, inputs["xs"], inputs["h"], inputs["c"])
    return np.sum(h * inputs["target"]) + 0.5 * np.sum(c ** 2)

def backward(params, inputs):
    h, c, trace = unroll(params, inputs["xs"], inputs["h"], inputs["c"])
    G = {k: np.zeros_like(v) for k, v in params.items()}
    gh, gc = inputs["target"].copy(), c.copy()
    n = inputs["xs"].shape[2]
    for z, i, f, o, u, c_old, c_new in reversed(trace):
        tc = np.tanh(c_new)
        gc += gh * o * (1 - tc ** 2)
        ao = gh * tc * o * (1 - o)
        ai = gc * u * i * (1 - i)
        af = gc * c_old * f * (1 - f)
        au = gc * i * (1 - u ** 2)
        gc *= f
        gz = 0
        for k, a in (("Wi", ai), ("Wf", af), ("Wo", ao), ("Wu", au)):
            G[k] += z.T @ a
            gz = gz + a @ params[k].T
        gh = gz[:, n:]
    G["h"], G["c"] = gh, gc
    return G

def example(rng):
    T, B, D, H = 3, 2, 4, 3 + int(rng.integers(2))
    n = rng.standard_normal
    return ({k: n((D + H, H)) / 2 for k in ("Wi", "Wf", "Wo", "Wu")},
            {"xs": n((T, B, D)), "h": n((B, H)), "c": n((B, H)), "target": n((B, H))})
"""

LEAKY = """
import numpy as np

def propagate(net, words, start):
    '''Sum of the embedded words with a leaky state.'''
    out, m = [], start
    for w in words:
        m = net["leak"] * m + np.maximum(w @ net["E"], 0)
        out.append(m)
    return out

def objective(net, words, start, aim):
    return float(np.mean((np.array(propagate(net, words, start)) - aim) ** 2))

def derivs(net, words, start, aim, acc=None):
    acc = {} if acc is None else acc
    out = propagate(net, words, start)
    d = 2 * (np.array(out) - aim) / aim.size
    back = np.zeros_like(start)
    for k in reversed(range(len(words))):
        back = back + d[k]
        acc["leak"] = acc.get("leak", 0) + np.sum(back * (out[k - 1] if k else start), axis=0)
        acc["E"] = acc.get("E", 0) + words[k].T @ (back * (words[k] @ net["E"] > 0))
        back = back * net["leak"]
    acc["start"] = back
    return acc

def loss(params, inputs):
    return objective(params, inputs["words"], inputs["start"], inputs["aim"])

def backward(params, inputs):
    return derivs(params, inputs["words"], inputs["start"], inputs["aim"])

def example(rng):
    T, B, V, M = 4, 2, 3, 5
    n = rng.standard_normal
    return ({"leak": n(M) / 2, "E": n((V, M))},
            {"words": n((T, B, V)), "start": n((B, M)), "aim": n((T, B, M))})
"""

TAPE = """
import numpy as np

TAPE = []

def gru(p, x, h):
    r = 1 / (1 + np.exp(-(x @ p["xr"] + h @ p["hr"])))
    z = 1 / (1 + np.exp(-(x @ p["xz"] + h @ p["hz"])))
    q = np.tanh(x @ p["xq"] + (r * h) @ p["hq"])
    new = (1 - z) * h + z * q
    TAPE.append([x, h, r, z, q])
    return new

def forward(p, xs, h):
    TAPE.clear()
    for x in xs:
        h = gru(p, x, h)
    return h

def loss(params, inputs):
    return np.sum(forward(params, inputs["xs"], inputs["h"]) * inputs["w"])

def backward(params, inputs):
    forward(params, inputs["xs"], inputs["h"])
    g = {k: np.zeros(v.shape) for k, v in params.items()}
    delta = inputs["w"] * 1.0
    for x, h, r, z, q in TAPE[::-1]:
        keep = delta * (1 - z)
        aq = delta * z * (1 - q ** 2)
        az = delta * (q - h) * z * (1 - z)
        back = aq @ params["hq"].T
        ar = back * h * r * (1 - r)
        for gate, a, left in (("q", aq, r * h), ("z", az, h), ("r", ar, h)):
            g["x" + gate] += x.T @ a
            g["h" + gate] += left.T @ a
        delta = keep + back * r + az @ params["hz"].T + ar @ params["hr"].T
    g["h"] = delta
    return g

def example(rng):
    T, B, D, H = 4, 2, 3, 5
    n = rng.standard_normal
    p = {}
    for gate in "rzq":
        p["x" + gate], p["h" + gate] = n((D, H)), n((H, H)) / 2
    return p, {"xs": n((T, B, D)), "h": n((B, H)), "w": n((B, H))}
"""

NORM = """
import numpy as np

class Cell:
    def __init__(self, p):
        self.p = p
        self.kept = {}

    def go(self, xs, s):
        self.kept["x"], self.kept["s"] = [], [s]
        for x in xs:
            u = x - x.mean(axis=-1, keepdims=True)
            s = np.tanh(u @ self.p["V"] * self.p["gain"] + self.p["R"] @ s + self.p["off"])
            self.kept["x"].append(u)
            self.kept["s"].append(s)
        return s

    def back(self, g):
        p = self.p
        out = {name: np.zeros_like(v) for name, v in p.items()}
        for u, s0, s1 in zip(self.kept["x"][::-1], self.kept["s"][-2::-1], self.kept["s"][:0:-1]):
            e = g * (1 - s1 ** 2)
            out["gain"] = out["gain"] + e * (u @ p["V"])
            out["V"] += np.outer(u, e * p["gain"])
            out["R"] += np.outer(e, s0)
            out["off"] = out["off"] + e.sum()
            g = p["R"].T @ e
        return {**out, "s": g}

def loss(params, inputs):
    return Cell(params).go(inputs["xs"], inputs["s"]) @ inputs["weights"]

def backward(params, inputs):
    cell = Cell(params)
    cell.go(inputs["xs"], inputs["s"])
    return cell.back(inputs["weights"])

def example(rng):
    T, D, H = 3, 4, 5
    n = rng.standard_normal
    return ({"V": n((D, H)), "gain": n(H), "R": n((H, H)) / 2, "off": np.array(n())},
            {"xs": n((T, D)), "s": n(H), "weights": n(H)})
"""

BUFFERS = """
import numpy as np

def tr(v):
    return v.T

def forward(w, x, y):
    T, B, _ = x.shape
    H = w["rec"].shape[0]
    h = np.zeros((T, B, H))
    prev = np.zeros((B, H))
    for t in range(T):
        prev = h[t] = np.tanh(x[t].dot(w["inp"]) + prev.dot(w["rec"]) + w["bias"])
    logit = h.dot(w["out"])
    e = np.exp(logit - logit.max(axis=-1, keepdims=True))
    prob = e / e.sum(axis=-1, keepdims=True)
    nll = -sum(np.log(prob[t, b, y[t, b]]) for t in range(T) for b in range(B)) / B
    return nll, h, prob

def loss(params, inputs):
    return forward(params, inputs["x"], inputs["y"])[0]

def backward(params, inputs):
    x, y = inputs["x"], inputs["y"]
    _, h, prob = forward(params, x, y)
    T, B, H = h.shape
    dlogit = prob.copy()
    for t in range(T):
        dlogit[t][np.arange(B), y[t]] -= 1
    dlogit /= B
    d = {"out": np.einsum("tbh,tbk->hk", h, dlogit)}
    dh = dlogit.dot(tr(params["out"]))
    da = [np.zeros((B, H)) for _ in range(T)]
    for t in range(T)[::-1]:
        da[t] += dh[t]
        if t + 1 < T:
            da[t] += da[t + 1].dot(tr(params["rec"]))
        da[t] *= 1 - h[t] ** 2
    d["inp"] = sum(tr(x[t]).dot(da[t]) for t in range(T))
    d["rec"] = sum(tr(h[t - 1]).dot(da[t]) for t in range(1, T))
    d["bias"] = np.sum(da, axis=(0, 1))
    return d

def example(rng):
    T, B, D, H, K = (int(k) for k in rng.permutation([3, 4, 5, 6, 2]))
    n = rng.standard_normal
    T = max(T, 3)
    return ({"inp": n((D, H)), "rec": n((H, H)) / 2, "bias": n(H), "out": n((H, K))},
            {"x": n((T, B, D)), "y": rng.integers(K, size=(T, B))})
"""

# A function in a function that adds to the sums of the other, for each of two layers.
LAYERS = """
import numpy as np

def states(w, x, k):
    s = [np.zeros(len(w))]
    for row in x:
        s.append(np.tanh(w @ s[-1] + k * row))
    return s

def loss(params, inputs):
    first = states(params["w"], inputs["x"], params["k"])
    return np.sum(states(params["w"], first[1:], 1.0)[-1] * inputs["g"])

def backward(params, inputs):
    w, x = params["w"], inputs["x"]
    dw, dk = np.zeros_like(w), 0.0
    first = states(w, x, params["k"])
    second = states(w, first[1:], 1.0)

    def add(da, s, row):
        nonlocal dw, dk
        dw = dw + np.outer(da, s)
        dk = dk + np.sum(da * row)
        return w.T @ da

    above = np.zeros_like(x)
    above[-1] = inputs["g"]
    for layer, s in ((1, second), (0, first)):
        ds = np.zeros(len(w))
        for t in reversed(range(len(x))):
            da = (above[t] + ds) * (1 - s[t + 1] ** 2)
            ds = add(da, s[t], (1 - layer) * x[t])
            above[t] = da
    return {"w": dw, "k": np.array(dk)}

def example(rng):
    T, H = 3 + int(rng.integers(2)), 2 + int(rng.integers(2))
    n = rng.standard_normal
    return {"w": n((H, H)), "k": np.array(n())}, {"x": n((T, H)), "g": n(H)}
"""

# One array for all gates.
GATES = """
import numpy as np

def softplus(v):
    return np.log1p(np.exp(v))

class LSTM:
    def __init__(self, par):
        self.par = par

    def fwd(self, xs, h, c):
        W, U, b = self.par["W"], self.par["U"], self.par["b"]
        self.saved = []
        H = h.shape[-1]
        for x in xs:
            pre = x @ W + h @ U + b
            gates = pre.copy()
            gates[:, :3 * H] = 1 / (1 + np.exp(-pre[:, :3 * H]))
            gates[:, 3 * H:] = np.tanh(pre[:, 3 * H:])
            i, f, o, g = (gates[:, k * H:(k + 1) * H] for k in range(4))
            c_in, h_in = c, h
            c = c * f + i * g
            s = np.tanh(c)
            h = o * s
            self.saved.append([x, h_in, c_in, gates, s])
        return h

    def bwd(self, dh):
        W, U = self.par["W"], self.par["U"]
        H = dh.shape[-1]
        dW, dU, db = np.zeros(W.shape), np.zeros(U.shape), np.zeros(4 * H)
        dc = np.zeros(dh.shape)
        dxs = []
        for x, h_in, c_in, gates, s in reversed(self.saved):
            i, f, o, g = np.split(gates, 4, axis=1)
            dz = np.zeros_like(gates)
            dc = dc + dh * o * (1 - s * s)
            dz[:, :H] = dc * g
            dz[:, H:2 * H] = dc * c_in
            dz[:, 2 * H:3 * H] = dh * s
            dz[:, 3 * H:] = dc * i
            slope = gates * (1 - gates)
            slope[:, 3 * H:] = 1 - g * g
            dz = dz * slope
            dW += x.T @ dz
            dU += h_in.T @ dz
            db += dz.sum(0)
            dxs.append(dz @ W.T)
            dh = dz @ U.T
            dc = dc * f
        return {"W": dW, "U": dU, "b": db, "xs": np.array(dxs[::-1]), "h": dh, "c": dc}

def loss(params, inputs):
    h = LSTM(params).fwd(inputs["xs"], inputs["h"], inputs["c"])
    return np.sum(softplus(h))

def backward(params, inputs):
    cell = LSTM(params)
    h = cell.fwd(inputs["xs"], inputs["h"], inputs["c"])
    return cell.bwd(1 / (1 + np.exp(-h)))

def example(rng):
    T, B, D, H = (int(k) for k in rng.permutation([3, 4, 5, 6]))
    n = rng.standard_normal
    return ({"W": n((D, 4 * H)) / 2, "U": n((H, 4 * H)) / 2, "b": n(4 * H)},
            {"xs": n((T, B, D)), "h": n((B, H)), "c": n((B, H))})
"""
