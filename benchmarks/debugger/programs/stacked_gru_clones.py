"""Character model with a stack of GRUs, ported from our old Torch7 code.

As there, a StepNet is all layers at ONE time step; the sequence is unrolled into clones that share
params and grad_params, and each clone remembers what it saw. Dropout (masks come from outside) is
on the way up only: between the layers and below the decoder.
"""
import numpy as np

KEEP = 0.75


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


class StepNet:
    def __init__(self, params, grad_params, n_layers):
        self.p = params
        self.g = grad_params
        self.n_layers = n_layers

    def forward(self, chars, prev_h, mask):
        p = self.p
        self.mask = mask / KEEP
        self.saved = []
        next_h = []
        x = np.eye(p["i2h0"].shape[0])[chars]
        for L in range(self.n_layers):
            h = prev_h[L]
            gates = sigmoid(x @ p[f"i2h{L}"] + h @ p[f"h2h{L}"] + p[f"b2h{L}"])
            z, r = np.split(gates, 2, axis=1)
            rh = r * h
            c = np.tanh(x @ p[f"i2c{L}"] + rh @ p[f"h2c{L}"] + p[f"b2c{L}"])
            next_h.append(z * h + (1 - z) * c)
            self.saved.append((x, h, z, r, rh, c))
            x = next_h[L] * self.mask[L]
        self.top = x
        logits = x @ p["decoder"] + p["decoder_b"]
        logits = logits - logits.max(axis=1, keepdims=True)
        self.prediction = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return next_h

    def backward(self, doutput, dnext_h):
        """dnext_h: what the next step wants of every layer's state; it is added to."""
        p, g = self.p, self.g
        g["decoder"] += self.top.T @ doutput
        g["decoder_b"] += doutput.sum(axis=0)
        dnext_h[-1] += doutput @ p["decoder"].T * self.mask[-1]
        dprev_h = [None] * self.n_layers
        for L in reversed(range(self.n_layers)):
            x, h, z, r, rh, c = self.saved[L]
            dh = dnext_h[L]
            dc = dh * (1 - z) * (1 - c * c)
            drh = dc @ p[f"h2c{L}"].T
            dz = dh * (h - c) * z * (1 - z)
            dr = drh * h * r * (1 - r)
            dgates = np.hstack((dz, dr))
            g[f"i2h{L}"] += x.T @ dgates
            g[f"h2h{L}"] += h.T @ dgates
            g[f"b2h{L}"] += dgates.sum(axis=0)
            g[f"i2c{L}"] += x.T @ dc
            g[f"h2c{L}"] += rh.T @ dc
            g[f"b2c{L}"] += dc.sum(axis=0)
            dprev_h[L] = dh * z + drh * r + dgates @ p[f"h2h{L}"].T
            if L > 0:
                dx = dgates @ p[f"i2h{L}"].T + dc @ p[f"i2c{L}"].T
                dnext_h[L - 1] += dx * self.mask[L - 1]
        return dprev_h


def feval(params, inputs, backprop=True):
    x, y, mask = inputs["x"], inputs["y"], inputs["mask"]
    seq_length, batch_size = x.shape
    n_layers = mask.shape[1]
    grad_params = {k: np.zeros_like(v) for k, v in params.items()}
    clones = [StepNet(params, grad_params, n_layers) for _ in range(seq_length)]

    rnn_state = {-1: list(inputs["init_state"])}
    loss = 0.0
    for t in range(seq_length):
        rnn_state[t] = clones[t].forward(x[t], rnn_state[t - 1], mask[t])
        loss = loss - clones[t].prediction[np.arange(batch_size), y[t]].mean()
    loss = loss / seq_length
    if not backprop:
        return loss, None

    drnn_state = {seq_length - 1: [np.zeros_like(h) for h in inputs["init_state"]]}
    for t in range(seq_length - 1, -1, -1):
        doutput = np.exp(clones[t].prediction)
        doutput[np.arange(batch_size), y[t]] -= 1
        doutput /= batch_size * seq_length
        drnn_state[t - 1] = clones[t].backward(doutput, drnn_state[t])
    grad_params["init_state"] = np.array(drnn_state[-1])
    return loss, grad_params


def loss(params, inputs):
    return feval(params, inputs, backprop=False)[0]


def backward(params, inputs):
    return feval(params, inputs)[1]


def example(rng):
    T, B, H, V = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    n_layers = 3
    params = {"decoder": rng.normal(size=(H, V)), "decoder_b": rng.normal(size=V)}
    for L in range(n_layers):
        for k, n in (("h", 2 * H), ("c", H)):
            params[f"i2{k}{L}"] = rng.normal(size=(H if L else V, n))
            params[f"h2{k}{L}"] = rng.normal(size=(H, n))
            params[f"b2{k}{L}"] = rng.normal(size=n)
    return params, {
        "x": rng.integers(V, size=(T, B)),
        "y": rng.integers(V, size=(T, B)),
        "mask": (rng.random((T, n_layers, B, H)) < KEEP).astype(int),
        "init_state": rng.normal(size=(n_layers, B, H)),
    }
