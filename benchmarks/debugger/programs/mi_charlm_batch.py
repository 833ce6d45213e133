import numpy as np

# Multiplicative-integration RNN language model on characters. ids: (batch, time + 1).
# a = alpha * (Wx)(Uh) + beta1 * Wx + beta2 * Uh + b        (Wx is a row of the table W)

PAD = 0


class MICharLM:
    def __init__(self, theta):
        self.th = theta

    def fprop(self, ids, h0):
        th = self.th
        B, L = ids.shape
        self.ids, self.T = ids, L - 1
        self.h = [np.array(h0)]
        self.wx, self.uh, self.prob = [], [], []
        cost, self.count = 0.0, int((ids[:, 1:] != PAD).sum())
        for t in range(self.T):
            wx = th["W"][ids[:, t]]
            uh = self.h[-1].dot(th["U"])
            a = th["alpha"] * wx * uh + th["beta1"] * wx + th["beta2"] * uh + th["b"]
            self.h.append(np.tanh(a))
            logits = self.h[-1].dot(th["S"]) + th["s"]
            ex = np.exp(logits - logits.max(axis=1)[:, None])
            prob = ex / ex.sum(axis=1)[:, None]
            valid = ids[:, t + 1] != PAD
            cost -= np.log(prob[valid, ids[valid, t + 1]]).sum()
            self.wx.append(wx)
            self.uh.append(uh)
            self.prob.append(prob)
        return cost / self.count

    def bprop(self):
        th, ids = self.th, self.ids
        self.d = d = {k: np.zeros(v.shape) for k, v in th.items()}
        dh = np.zeros(self.h[0].shape)
        rows = np.arange(len(ids))
        for t in range(self.T)[::-1]:
            wx, uh = self.wx[t], self.uh[t]
            nxt = ids[:, t + 1]
            dl = self.prob[t].copy()
            dl[rows, nxt] -= 1.0
            dl[nxt == PAD] = 0.0
            dl /= self.count
            d["S"] += self.h[t + 1].T.dot(dl)
            d["s"] += dl.sum(axis=0)
            dh += dl.dot(th["S"].T)
            da = dh * (1.0 - self.h[t + 1] ** 2)
            d["alpha"] += (da * wx * uh).sum(axis=0)
            d["beta1"] += (da * wx).sum(axis=0)
            d["beta2"] += (da * uh).sum(axis=0)
            d["b"] += da.sum(axis=0)
            dwx = da * (th["alpha"] * uh + th["beta1"])
            duh = da * (th["alpha"] * wx + th["beta2"])
            for i, k in enumerate(ids[:, t]):
                d["W"][k] += dwx[i]
            d["U"] += self.h[t].T.dot(duh)
            dh = duh.dot(th["U"].T)
        d["h0"] = dh
        return d


def loss(params, inputs):
    return float(MICharLM(params).fprop(inputs["ids"], inputs["h0"]))


def backward(params, inputs):
    lm = MICharLM(params)
    lm.fprop(inputs["ids"], inputs["h0"])
    return lm.bprop()


def example(rng):
    V, H, B, L = rng.integers([4, 3, 2, 5], [6, 5, 4, 7])
    th = {"W": rng.normal(size=(V, H)), "U": rng.normal(size=(H, H)), "b": rng.normal(size=H),
          "S": rng.normal(size=(H, V)), "s": rng.normal(size=V)}
    for name in ("alpha", "beta1", "beta2"):
        th[name] = rng.normal(0.8, 0.5, size=H)
    ids = rng.integers(1, V, size=(B, L))
    ids[0, -1] = PAD
    ids[1, -2:] = PAD
    ids[:, 1] = ids[0, 0]
    ids[1, 0] = ids[0, 0]
    return th, {"ids": ids, "h0": rng.normal(size=(B, H))}
