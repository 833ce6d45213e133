"""LSTM steered by a small second RNN (the pilot), which scales the recurrent pre-activations;
the cell is RMS-normalised before the output. Regression on the last step, with weight decay."""
import numpy as np


class HyperLSTM:
    decayed = ("Wx", "Wh", "A", "Q", "Z", "Wo")

    def __init__(self, p, decay=0.01, eps=1e-6):
        self.p = p
        self.decay = decay
        self.eps = eps
        self.inputs, self.pilot, self.mixed, self.gates, self.cells = [], [], [], [], []

    def sigmoid(self, a):
        return 1 / (1 + np.exp(-a))

    def step(self, x, h, c, q):
        p = self.p
        xh = np.hstack([x, h])
        q_new = np.tanh(xh @ p["A"] + q @ p["Q"] + p["bq"])
        scale = 1 + q_new @ p["Z"]
        rec = h @ p["Wh"]
        i, f, o, g = np.hsplit(x @ p["Wx"] + scale * rec + p["b"], 4)
        i, f, o, g = self.sigmoid(i), self.sigmoid(f), self.sigmoid(o), np.tanh(g)
        c_new = f * c + i * g
        rms = np.sqrt(np.mean(c_new * c_new, axis=1, keepdims=True) + self.eps)
        unit = c_new / rms
        squashed = np.tanh(p["gain"] * unit)
        self.inputs.append(xh)
        self.pilot.append((q, q_new))
        self.mixed.append((scale, rec))
        self.gates.append((i, f, o, g))
        self.cells.append((c, rms, unit, squashed))
        return o * squashed, c_new, q_new

    def step_back(self, dh, dc, dq, d):
        p = self.p
        xh, (q_old, q) = self.inputs.pop(), self.pilot.pop()
        scale, rec = self.mixed.pop()
        i, f, o, g = self.gates.pop()
        c_old, rms, unit, squashed = self.cells.pop()
        n_in = p["Wx"].shape[0]
        dcell = dh * o * (1 - squashed ** 2)
        d["gain"] += np.sum(dcell * unit, axis=0)
        dunit = dcell * p["gain"]
        dc = dc + (dunit - unit * np.mean(dunit * unit, axis=1, keepdims=True)) / rms
        da = np.hstack([
            dc * g * i * (1 - i),
            dc * c_old * f * (1 - f),
            dh * squashed * o * (1 - o),
            dc * i * (1 - g ** 2),
        ])
        d["Wx"] += xh[:, :n_in].T @ da
        d["b"] += da.sum(axis=0)
        drec = da * scale
        d["Wh"] += xh[:, n_in:].T @ drec
        dscale = da * rec
        d["Z"] += q.T @ dscale
        dq = dq + dscale @ p["Z"].T
        dqa = dq * (1 - q ** 2)
        d["A"] += xh.T @ dqa
        d["Q"] += q_old.T @ dqa
        d["bq"] += dqa.sum(axis=0)
        dxh = dqa @ p["A"].T
        dx = da @ p["Wx"].T + dxh[:, :n_in]
        dh = drec @ p["Wh"].T + dxh[:, n_in:]
        return dx, dh, dc * f, dqa @ p["Q"].T

    def cost(self, xs, y, h, c, q):
        for x in xs:
            h, c, q = self.step(x, h, c, q)
        self.last = h
        self.error = h @ self.p["Wo"] + self.p["bo"] - y
        penalty = sum(np.sum(self.p[name] ** 2) for name in self.decayed)
        return 0.5 * np.sum(self.error ** 2) / len(y) + 0.5 * self.decay * penalty

    def gradients(self):
        d = {name: np.zeros_like(w) for name, w in self.p.items()}
        error = self.error / len(self.error)
        d["Wo"] += self.last.T @ error
        d["bo"] += error.sum(axis=0)
        dh = error @ self.p["Wo"].T
        dc = np.zeros_like(dh)
        dq = np.zeros_like(self.pilot[-1][1])
        dxs = []
        while self.inputs:
            dx, dh, dc, dq = self.step_back(dh, dc, dq, d)
            dxs.append(dx)
        for name in self.decayed:
            d[name] += self.decay * self.p[name]
        d["xs"] = np.array(dxs[::-1])
        d["h"], d["c"], d["q"] = dh, dc, dq
        return d


def loss(params, inputs):
    return HyperLSTM(params).cost(**inputs)


def backward(params, inputs):
    net = HyperLSTM(params)
    net.cost(**inputs)
    grads = net.gradients()
    grads["y"] = -net.error / len(net.error)
    return grads


def example(rng):
    T, B, D, H, P = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    K = 2
    shapes = {"Wx": (D, 4 * H), "Wh": (H, 4 * H), "b": (4 * H,), "A": (D + H, P), "Q": (P, P),
              "bq": (P,), "Z": (P, 4 * H), "gain": (H,), "Wo": (H, K), "bo": (K,)}
    params = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    inputs = {"xs": rng.normal(size=(T, B, D)), "y": rng.normal(size=(B, K)),
              "h": rng.normal(size=(B, H)), "c": rng.normal(size=(B, H)), "q": rng.normal(size=(B, P))}
    return params, inputs
