# Char LSTM after the tutorials: one dict per kind of weight, keyed by gate. Several text
# snippets at once (columns), forget bias +1, Adam left out.
import numpy as np

GATES = ["i", "f", "o", "g"]


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


act = {"i": sigmoid, "f": sigmoid, "o": sigmoid, "g": np.tanh}
# derivatives, written in terms of the activation
dact = {
    "i": lambda y: y * (1 - y),
    "f": lambda y: y * (1 - y),
    "o": lambda y: y * (1 - y),
    "g": lambda y: 1 - y * y,
}


def one_hot(ids, vocab):
    v = np.zeros((vocab, len(ids)))
    v[ids, np.arange(len(ids))] = 1
    return v


class CharLSTM:
    def __init__(self, Wx, Wh, b, Why, by):
        self.Wx, self.Wh, self.b = Wx, Wh, b
        self.Why, self.by = Why, by
        self.vocab, self.hidden = Why.shape
        self.zero_grad()

    def zero_grad(self):
        self.dWx = {k: np.zeros_like(self.Wx[k]) for k in GATES}
        self.dWh = {k: np.zeros_like(self.Wh[k]) for k in GATES}
        self.db = {k: np.zeros_like(self.b[k]) for k in GATES}
        self.dWhy = np.zeros_like(self.Why)
        self.dby = np.zeros_like(self.by)

    def forward(self, inputs, targets, hprev, cprev):
        """inputs, targets: lists of T index vectors. Returns nats per character."""
        xs, hs, cs, gs, ps = {}, {-1: hprev}, {-1: cprev}, {}, {}
        loss = 0
        count = sum(len(ids) for ids in targets)
        for t in range(len(inputs)):
            xs[t] = one_hot(inputs[t], self.vocab)
            gs[t] = {}
            for k in GATES:
                z = self.Wx[k] @ xs[t] + self.Wh[k] @ hs[t - 1] + self.b[k]
                if k == "f":
                    z = z + 1  # remember by default
                gs[t][k] = act[k](z)
            cs[t] = gs[t]["f"] * cs[t - 1] + gs[t]["i"] * gs[t]["g"]
            hs[t] = gs[t]["o"] * np.tanh(cs[t])
            ys = self.Why @ hs[t] + self.by
            ps[t] = np.exp(ys) / np.exp(ys).sum(axis=0)
            loss -= np.log((ps[t] * one_hot(targets[t], self.vocab)).sum(axis=0)).sum() / count
        self.saved = xs, hs, cs, gs, ps, targets, count
        return loss

    def backward(self):
        xs, hs, cs, gs, ps, targets, count = self.saved
        dh_next = np.zeros_like(hs[-1])
        dc_next = np.zeros_like(cs[-1])
        for t in reversed(range(len(xs))):
            dy = (ps[t] - one_hot(targets[t], self.vocab)) / count
            self.dWhy += dy @ hs[t].T
            self.dby += dy.sum(axis=1, keepdims=True)
            dh = self.Why.T @ dy + dh_next
            tanhc = np.tanh(cs[t])
            dc = dc_next + dh * gs[t]["o"] * (1 - tanhc ** 2)
            dgate = {
                "i": dc * gs[t]["g"],
                "f": dc * cs[t - 1],
                "o": dh * tanhc,
                "g": dc * gs[t]["i"],
            }
            dh_next = np.zeros_like(dh)
            for k in GATES:
                dz = dgate[k] * dact[k](gs[t][k])
                self.dWx[k] += dz @ xs[t].T
                self.dWh[k] += dz @ hs[t - 1].T
                self.db[k] += dz.sum(axis=1, keepdims=True)
                dh_next += self.Wh[k].T @ dz
            dc_next = dc * gs[t]["f"]
        return dh_next, dc_next


def build(params):
    parts = [{k: params[name + "_" + k] for k in GATES} for name in ("Wx", "Wh", "b")]
    return CharLSTM(*parts, params["Why"], params["by"])


def loss(params, inputs):
    return build(params).forward(inputs["x"], inputs["y"], inputs["h"], inputs["c"])


def backward(params, inputs):
    net = build(params)
    net.forward(inputs["x"], inputs["y"], inputs["h"], inputs["c"])
    grads = {}
    grads["h"], grads["c"] = net.backward()
    for k in GATES:
        grads.update({"Wx_" + k: net.dWx[k], "Wh_" + k: net.dWh[k], "b_" + k: net.db[k]})
    return dict(grads, Why=net.dWhy, by=net.dby)


def example(rng):
    T, B, V, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {"Why": rng.normal(size=(V, H)), "by": rng.normal(size=(V, 1))}
    for k in GATES:
        params["Wx_" + k] = rng.normal(size=(H, V))
        params["Wh_" + k] = rng.normal(size=(H, H)) * 0.7
        params["b_" + k] = rng.normal(size=(H, 1))
    inputs = {
        "x": rng.integers(V, size=(T, B)), "y": rng.integers(V, size=(T, B)),
        "h": rng.normal(size=(H, B)), "c": rng.normal(size=(H, B)),
    }
    return params, inputs
