# ReLU RNN for the adding problem. Columns are examples.
import numpy as np


def relu(z):
    return np.maximum(0, z)


class IRNN:
    def __init__(self, Wxh, Whh, bh, Who, bo):
        self.Wxh, self.Whh, self.bh, self.Who, self.bo = Wxh, Whh, bh, Who, bo

    def fprop(self, seq):
        n_hidden, batch = self.Whh.shape[0], seq.shape[2]
        h = np.zeros((n_hidden, batch))
        self.seq = seq
        self.pre = []
        self.hidden = [h]
        for x in seq:
            z = self.Wxh.dot(x) + self.Whh.dot(h) + self.bh
            h = relu(z)
            self.pre.append(z)
            self.hidden.append(h)
        self.pred = self.Who.dot(h) + self.bo
        return self.pred

    def bprop(self, target):
        m = target.shape[1]
        delta_out = (self.pred - target) / m
        grad_Who = delta_out.dot(self.hidden[-1].T)
        grad_bo = delta_out.sum(axis=1, keepdims=True)
        grad_Wxh = np.zeros(self.Wxh.shape)
        grad_Whh = np.zeros(self.Whh.shape)
        grad_bh = np.zeros(self.bh.shape)
        delta_h = self.Who.T.dot(delta_out)
        for t in range(len(self.pre) - 1, -1, -1):
            delta_z = delta_h * (self.pre[t] > 0)
            grad_Wxh += delta_z.dot(self.seq[t].T)
            grad_Whh += delta_z.dot(self.hidden[t].T)
            grad_bh += delta_z.sum(axis=1, keepdims=True)
            delta_h = self.Whh.T.dot(delta_z)
        return {"Wxh": grad_Wxh, "Whh": grad_Whh, "bh": grad_bh, "Who": grad_Who, "bo": grad_bo}


def loss(params, inputs):
    net = IRNN(**params)
    err = net.fprop(inputs["seq"]) - inputs["target"]
    return 0.5 * np.sum(err ** 2) / err.shape[1]


def backward(params, inputs):
    net = IRNN(**params)
    net.fprop(inputs["seq"])
    return net.bprop(inputs["target"])


def example(rng):
    T, m, n_in, n_hidden = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {
        "Wxh": rng.normal(size=(n_hidden, n_in)) * 0.7,
        "Whh": np.eye(n_hidden) + rng.normal(size=(n_hidden, n_hidden)) * 0.3,
        "bh": 0.5 + rng.random((n_hidden, 1)),
        "Who": rng.normal(size=(1, n_hidden)),
        "bo": rng.normal(size=(1, 1)),
    }
    return params, {"seq": rng.normal(size=(T, n_in, m)), "target": rng.normal(size=(1, m))}
