"""Li-GRU from layers that share a mixin, which keeps stacks of what the way back needs."""
import numpy as np

class Remembers:
    def push(self, *things):
        self.__dict__.setdefault("stack", []).append(things)

    def pop(self):
        return self.stack.pop()

class Dense(Remembers):
    def __init__(self, w):
        self.w, self.dw = w, np.zeros_like(w)

    def forward(self, x):
        self.push(x)
        return x @ self.w

    def backward(self, dy):
        (x,) = self.pop()
        self.dw += x.T @ dy
        return dy @ self.w.T

class BatchNorm(Remembers):
    eps = 1e-2

    def __init__(self, gain, shift):
        self.gain, self.shift = gain, shift
        self.dgain, self.dshift = np.zeros_like(gain), np.zeros_like(shift)

    def forward(self, x):
        centred = x - x.mean(axis=0)
        std = np.sqrt((centred**2).mean(axis=0) + self.eps)
        xhat = centred / std
        self.push(xhat, std)
        return self.gain * xhat + self.shift

    def backward(self, dy):
        xhat, std = self.pop()
        self.dgain += (dy * xhat).sum(axis=0)
        self.dshift += dy.sum(axis=0)
        dxhat = dy * self.gain
        return (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)) / std

class LiGRU(Remembers):
    def __init__(self, p):
        self.norm_z, self.norm_c = BatchNorm(p["gz"], p["bz"]), BatchNorm(p["gc"], p["bc"])
        self.wz, self.wc, self.uz, self.uc = (Dense(p[k]) for k in ("Wz", "Wc", "Uz", "Uc"))

    def forward(self, x, h):
        z = 1 / (1 + np.exp(-(self.norm_z.forward(self.wz.forward(x)) + self.uz.forward(h))))
        c = np.tanh(self.norm_c.forward(self.wc.forward(x)) + self.uc.forward(h))
        self.push(z, c, h)
        return z * h + (1 - z) * c

    def backward(self, dout):
        z, c, h = self.pop()
        da_z = dout * (h - c) * z * (1 - z)
        da_c = dout * (1 - z) * (1 - c * c)
        dx = self.wz.backward(self.norm_z.backward(da_z)) + self.wc.backward(self.norm_c.backward(da_c))
        dh = dout * z + self.uz.backward(da_z) + self.uc.backward(da_c)
        return dx, dh

    def grads(self):
        return {"Wz": self.wz.dw, "Wc": self.wc.dw, "Uz": self.uz.dw, "Uc": self.uc.dw,
                "gz": self.norm_z.dgain, "bz": self.norm_z.dshift, "gc": self.norm_c.dgain, "bc": self.norm_c.dshift}

def run(p, x):
    cell, head, h, outs = LiGRU(p), Dense(p["V"]), p["h0"], []
    for t in range(x.shape[1]):
        h = cell.forward(x[:, t], h)
        outs.append(head.forward(h))
    return cell, head, np.stack(outs, axis=1)

def loss(params, inputs):
    return float(0.5 * np.sum((run(params, inputs["x"])[2] - inputs["y"]) ** 2) / len(inputs["y"]))

def backward(params, inputs):
    x = inputs["x"]
    cell, head, out = run(params, x)
    dout = (out - inputs["y"]) / len(out)
    dx, dh = np.empty_like(x), np.zeros_like(params["h0"])
    for t in range(x.shape[1] - 1, -1, -1):
        dx[:, t], dh = cell.backward(dh + head.backward(dout[:, t]))
    return {**cell.grads(), "V": head.dw, "h0": dh, "x": dx}

def example(rng):
    T, H = rng.permutation([4, 5])
    B, D = rng.permutation([2, 3]) + 1
    r = rng.normal
    params = {"Wz": r(size=(D, H)), "Wc": r(size=(D, H)), "Uz": r(size=(H, H)), "Uc": r(size=(H, H)),
              "gz": 1 + 0.3 * r(size=H), "gc": 1 + 0.3 * r(size=H), "bz": r(size=H), "bc": r(size=H),
              "V": r(size=(H, 2)), "h0": r(size=(B, H))}
    return params, {"x": r(size=(B, T, D)), "y": r(size=(B, T, 2))}
