"""mininet: layers with params, grads, forward and backward; a word-level LSTM language model."""
import numpy as np


class Layer:
    def __init__(self, **params):
        self.params = params
        self.grads = {k: np.zeros_like(v) for k, v in params.items()}


class Embedding(Layer):
    def forward(self, ids):
        self.ids = ids
        return self.params["E"][ids]

    def backward(self, dout):
        np.add.at(self.grads["E"], self.ids, dout)


class Dense(Layer):
    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dout):
        flat_x = self.x.reshape(-1, self.x.shape[-1])
        flat_d = dout.reshape(-1, dout.shape[-1])
        self.grads["W"] += flat_x.T @ flat_d
        self.grads["b"] += flat_d.sum(axis=0)
        return dout @ self.params["W"].T


class LSTM(Layer):
    """Returns all states. The records of the steps lie on a stack."""

    def forward(self, xs):
        N, T, _ = xs.shape
        self.stack = []
        h, c = np.tile(self.params["h0"], (N, 1)), np.tile(self.params["c0"], (N, 1))
        out = []
        for t in range(T):
            h, c = self.step(xs[:, t], h, c)
            out.append(h)
        return np.stack(out, axis=1)

    def step(self, x, h, c):
        a = x @ self.params["W"] + h @ self.params["U"] + self.params["b"]
        i, f, g, o = np.split(a, 4, axis=1)
        i, f, o = (1 / (1 + np.exp(-v)) for v in (i, f, o))
        g = np.tanh(g)
        c_new = f * c + i * g
        self.stack.append((x, h, c, i, f, g, o, c_new))
        return o * np.tanh(c_new), c_new

    def backward(self, dout):
        dh = np.zeros_like(dout[:, 0])
        dc = np.zeros_like(dout[:, 0])
        dxs = []
        for t in range(dout.shape[1])[::-1]:
            dx, dh, dc = self.step_back(dout[:, t] + dh, dc)
            dxs.append(dx)
        self.grads["h0"] += dh.sum(axis=0)
        self.grads["c0"] += dc.sum(axis=0)
        return np.stack(dxs[::-1], axis=1)

    def step_back(self, dh, dc):
        x, h, c, i, f, g, o, c_new = self.stack.pop()
        tanh_c = np.tanh(c_new)
        dc = dc + dh * o * (1 - tanh_c ** 2)
        da = np.hstack((dc * g * i * (1 - i), dc * c * f * (1 - f),
                        dc * i * (1 - g ** 2), dh * tanh_c * o * (1 - o)))
        self.grads["W"] += x.T @ da
        self.grads["U"] += h.T @ da
        self.grads["b"] += da.sum(axis=0)
        return da @ self.params["W"].T, da @ self.params["U"].T, dc * f


class SoftmaxLoss:
    def forward(self, scores, labels):
        e = np.exp(scores)
        self.p = e / e.sum(axis=-1, keepdims=True)
        self.onehot = np.eye(scores.shape[-1])[labels]
        return -np.sum(self.onehot * np.log(self.p)) / labels.size

    def backward(self):
        return (self.p - self.onehot) / self.onehot[..., 0].size


class Net:
    def __init__(self, params):
        kinds = {"embed": Embedding, "lstm1": LSTM, "lstm2": LSTM, "top": Dense}
        self.layers = {}
        for name, kind in kinds.items():
            mine = {k.split(".")[1]: v for k, v in params.items() if k.split(".")[0] == name}
            self.layers[name] = kind(**mine)
        self.last = SoftmaxLoss()

    def forward(self, words, labels):
        x = words
        for layer in self.layers.values():
            x = layer.forward(x)
        return self.last.forward(x, labels)

    def backward(self):
        dout = self.last.backward()
        for layer in reversed(self.layers.values()):
            dout = layer.backward(dout)
        return {n + "." + k: g for n, layer in self.layers.items() for k, g in layer.grads.items()}


def loss(params, inputs):
    return Net(params).forward(inputs["words"], inputs["labels"])


def backward(params, inputs):
    net = Net(params)
    net.forward(inputs["words"], inputs["labels"])
    return net.backward()


def example(rng):
    N, T, D, H, K = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    V = 4
    params = {"embed.E": rng.normal(size=(V, D)), "top.W": rng.normal(size=(K, V)),
              "top.b": rng.normal(size=V)}
    for name, n_in, n_out in (("lstm1", D, H), ("lstm2", H, K)):
        params[name + ".W"] = rng.normal(size=(n_in, 4 * n_out)) * 0.7
        params[name + ".U"] = rng.normal(size=(n_out, 4 * n_out)) * 0.7
        params[name + ".b"] = rng.normal(size=4 * n_out)
        params[name + ".h0"] = rng.normal(size=n_out)
        params[name + ".c0"] = rng.normal(size=n_out)
    inputs = {"words": rng.integers(V, size=(N, T)), "labels": rng.integers(V, size=(N, T))}
    return params, inputs
