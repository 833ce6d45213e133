"""Summariser: decoder over given encoder states, attention with a coverage vector and a coverage penalty (See et al.)."""
import numpy as np

PENALTY = 0.5

class CoverageAttention:
    def __init__(self, p):
        self.p, self.saved = p, []

    def __call__(self, memory, h, cov):
        u = np.tanh(memory @ self.p["Am"] + (h @ self.p["Ah"])[:, None] + cov[..., None] * self.p["ac"])
        e = u @ self.p["v"]
        w = np.exp(e - e.max(axis=1, keepdims=True))
        w /= w.sum(axis=1, keepdims=True)
        self.saved.append((h, cov, u, w))
        return np.einsum("bs,bse->be", w, memory), w

    def back(self, memory, dctx, dw, g):
        h, cov, u, w = self.saved.pop()
        dw = dw + np.einsum("be,bse->bs", dctx, memory)
        dmem = np.einsum("bs,be->bse", w, dctx)
        de = w * (dw - np.sum(w * dw, axis=1, keepdims=True))
        g["v"] += np.einsum("bs,bsa->a", de, u)
        du = de[..., None] * self.p["v"] * (1 - u**2)
        g["Am"] += np.einsum("bse,bsa->ea", memory, du)
        g["Ah"] += h.T @ du.sum(axis=1)
        g["ac"] += np.einsum("bsa,bs->a", du, cov)
        dmem += du @ self.p["Am"].T
        return dmem, du.sum(axis=1) @ self.p["Ah"].T, du @ self.p["ac"]

class Summariser:
    def __init__(self, p, inputs):
        self.p, self.memory = p, inputs["memory"]
        self.words, self.gold = inputs["words"], inputs["gold"]
        self.attend = CoverageAttention(p)

    def forward(self):
        p, h = self.p, self.p["h0"]
        cov, total, self.tape = np.zeros(self.memory.shape[:2]), 0.0, []
        for t in range(self.words.shape[1]):
            ctx, w = self.attend(self.memory, h, cov)
            x = np.hstack([p["E"][self.words[:, t]], ctx, h])
            new = np.tanh(x @ p["W"] + p["b"])
            z = new @ p["O"]
            logp = z - z.max(axis=1, keepdims=True)
            logp = logp - np.log(np.exp(logp).sum(axis=1, keepdims=True))
            total += -logp[np.arange(len(h)), self.gold[:, t]].sum() + PENALTY * np.sum(w * cov)
            self.tape.append((x, new, np.exp(logp), w, cov))
            h, cov = new, cov + w
        return total

    def backward(self):
        p, g = self.p, {k: np.zeros_like(v) for k, v in self.p.items()}
        E, C = p["E"].shape[1], self.memory.shape[2]
        dh, dcov, dmem = np.zeros_like(p["h0"]), np.zeros(self.memory.shape[:2]), np.zeros_like(self.memory)
        for t in range(self.words.shape[1])[::-1]:
            x, new, prob, w, cov = self.tape[t]
            dz = prob - np.eye(prob.shape[1])[self.gold[:, t]]
            g["O"] += new.T @ dz
            da = (dh + dz @ p["O"].T) * (1 - new * new)
            g["W"] += x.T @ da
            g["b"] += da.sum(axis=0)
            demb, dctx, dh = np.split(da @ p["W"].T, [E, E + C], axis=1)
            np.add.at(g["E"], self.words[:, t], demb)
            m, d, k = self.attend.back(self.memory, dctx, dcov + PENALTY * cov, g)
            dmem += m
            dh = dh + d
            dcov = dcov + k + PENALTY * w
        return {**g, "h0": dh, "memory": dmem}

def loss(params, inputs):
    return float(Summariser(params, inputs).forward())

def backward(params, inputs):
    net = Summariser(params, inputs)
    net.forward()
    return net.backward()

def example(rng):
    B, E = rng.permutation([2, 3])
    H, S = rng.permutation([4, 5])
    T, C, A, K = int(rng.integers(3, 5)), 3, 6, 4
    r = rng.normal
    params = {"Am": r(size=(C, A)), "Ah": r(size=(H, A)), "ac": r(size=A), "v": r(size=A), "E": r(size=(K, E)),
              "W": r(size=(E + C + H, H)), "b": r(size=H), "O": r(size=(H, K)), "h0": r(size=(B, H))}
    words = rng.integers(0, K, (B, T))
    words[1] = words[0]
    return params, {"memory": r(size=(B, S, C)), "words": words, "gold": rng.integers(0, K, (B, T))}
