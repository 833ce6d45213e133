"""GRU in the layout of the usual framework: weight_ih (3H, D), gates r, z, n, two biases.

n = tanh(W_in x + b_in + r * (W_hn h + b_hn)),  h' = (1 - z) * n + z * h
"""
import numpy as np


class GRUCell:
    def __init__(self, weight_ih, weight_hh, bias_ih, bias_hh):
        self.weight_ih = weight_ih
        self.weight_hh = weight_hh
        self.bias_ih = bias_ih
        self.bias_hh = bias_hh

    def __call__(self, x, hx):
        gi = x @ self.weight_ih.T + self.bias_ih
        gh = hx @ self.weight_hh.T + self.bias_hh
        i_r, i_z, i_n = np.split(gi, 3, axis=1)
        h_r, h_z, h_n = np.split(gh, 3, axis=1)
        resetgate = 1 / (1 + np.exp(-(i_r + h_r)))
        updategate = 1 / (1 + np.exp(-(i_z + h_z)))
        newgate = np.tanh(i_n + resetgate * h_n)
        hy = newgate + updategate * (hx - newgate)
        return hy, (x, hx, resetgate, updategate, newgate, h_n)

    def grad(self, grad_hy, saved):
        x, hx, resetgate, updategate, newgate, h_n = saved
        grad_z = grad_hy * (hx - newgate) * updategate * (1 - updategate)
        grad_n = grad_hy * (1 - updategate) * (1 - newgate ** 2)
        grad_r = grad_n * h_n * resetgate * (1 - resetgate)
        grad_gi = np.concatenate([grad_r, grad_z, grad_n], axis=1)
        grad_gh = np.concatenate([grad_r, grad_z, grad_n * resetgate], axis=1)
        grad_x = grad_gi @ self.weight_ih
        grad_hx = grad_gh @ self.weight_hh + grad_hy * updategate
        return (grad_x, grad_hx, grad_gi.T @ x, grad_gh.T @ hx,
                grad_gi.sum(axis=0), grad_gh.sum(axis=0))


NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def unroll(cell, inputs):
    hx = inputs["h0"]
    outputs, saved = [], []
    for t in range(inputs["x"].shape[0]):
        hx, s = cell(inputs["x"][t], hx)
        outputs.append(hx)
        saved.append(s)
    return outputs, saved


def loss(params, inputs):
    cell = GRUCell(**params)
    outputs, _ = unroll(cell, inputs)
    return sum(np.vdot(y, g) for y, g in zip(outputs, inputs["grad_output"]))


def backward(params, inputs):
    cell = GRUCell(**params)
    outputs, saved = unroll(cell, inputs)
    total = {name: 0.0 for name in NAMES}
    grad_x = []
    grad_h = np.zeros_like(inputs["h0"])
    for s, g in zip(reversed(saved), inputs["grad_output"][::-1]):
        gx, grad_h, *gw = cell.grad(grad_h + g, s)
        grad_x.insert(0, gx)
        for name, value in zip(NAMES, gw):
            total[name] = total[name] + value
    return {**total, "x": np.array(grad_x), "h0": grad_h}


def example(rng):
    T, B, D, H = (int(k) for k in rng.permutation([3, 4, 5, 6]))
    params = {
        "weight_ih": rng.normal(size=(3 * H, D)),
        "weight_hh": rng.normal(size=(3 * H, H)),
        "bias_ih": rng.normal(size=3 * H),
        "bias_hh": rng.normal(size=3 * H),
    }
    inputs = {
        "x": rng.normal(size=(T, B, D)),
        "h0": rng.normal(size=(B, H)),
        "grad_output": rng.normal(size=(T, B, H)),
    }
    return params, inputs
