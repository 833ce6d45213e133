from collections import deque

import numpy as np


class Cell:
    """LSTM cell that remembers what it did on a stack."""

    def __init__(self, theta):
        self.theta = theta
        self.stack = deque()
        self.grad = {k: np.zeros_like(v) for k, v in theta.items()}

    def forward(self, x, state):
        h, c = state
        th = self.theta
        xh = np.concatenate([x, h])
        pre = {g: th["W" + g] @ xh + th["b" + g] for g in "ifoc"}
        i, f, o = (0.5 + 0.5 * np.tanh(pre[g] / 2) for g in "ifo")
        cand = np.tanh(pre["c"])
        c_new = i * cand + f * c
        tanh_c = np.tanh(c_new)
        h_new = o * tanh_c
        self.stack.append((xh, c, i, f, o, cand, tanh_c))
        return h_new, c_new

    def backward(self, dh, dc):
        xh, c_prev, i, f, o, cand, tanh_c = self.stack.pop()
        dc = dc + dh * o * (1 - tanh_c ** 2)
        d = {
            "i": dc * cand * i * (1 - i),
            "f": dc * c_prev * f * (1 - f),
            "o": dh * tanh_c * o * (1 - o),
            "c": dc * i * (1 - cand ** 2),
        }
        dxh = np.zeros_like(xh)
        for g, delta in d.items():
            self.grad["W" + g] += np.outer(delta, xh)
            self.grad["b" + g] += delta
            dxh += self.theta["W" + g].T @ delta
        H = len(dh)
        return dxh[:-H], dxh[-H:], dc * f


def unroll(cell, seq, h0, c0):
    state = (h0, c0)
    outputs = []
    for x in seq:
        state = cell.forward(x, state)
        outputs.append(state[0])
    return outputs


def loss(params, inputs):
    outputs = unroll(Cell(params), inputs["seq"], inputs["h0"], inputs["c0"])
    return float(sum(np.cos(h) @ w for h, w in zip(outputs, inputs["w"])))


def backward(params, inputs):
    cell = Cell(params)
    outputs = unroll(cell, inputs["seq"], inputs["h0"], inputs["c0"])
    dseq = deque()
    dh, dc = np.zeros_like(inputs["h0"]), np.zeros_like(inputs["c0"])
    for h, w in zip(reversed(outputs), inputs["w"][::-1]):
        dx, dh, dc = cell.backward(dh - np.sin(h) * w, dc)
        dseq.appendleft(dx)
    return {**cell.grad, "seq": np.array(dseq), "h0": dh, "c0": dc}


def example(rng):
    T, D, H = (int(n) for n in rng.permutation([3, 4, 6]))
    params = {}
    for g in "ifoc":
        params["W" + g] = rng.normal(size=(H, D + H))
        params["b" + g] = rng.normal(size=H)
    inputs = {
        "seq": rng.normal(size=(T, D)),
        "h0": rng.normal(size=H),
        "c0": rng.normal(size=H),
        "w": rng.normal(size=(T, H)),
    }
    return params, inputs
