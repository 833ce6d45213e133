"""Leaky firing-rate network (Euler steps), with a penalty on the rates."""
import numpy as np

DT = 0.2


class RateNetwork:
    def __init__(self, J, B, c, W, tau):
        self.J, self.B, self.c, self.W = J, B, c, W
        self.alpha = DT / np.exp(tau)

    def simulate(self, u, x0):
        x = x0
        self.u, self.xs, self.rs = u, [x0], [np.tanh(x0)]
        for u_t in u:
            x = (1 - self.alpha) * x + self.alpha * (self.J @ self.rs[-1] + self.B @ u_t + self.c)
            self.xs.append(x)
            self.rs.append(np.tanh(x))
        self.ys = [self.W @ r for r in self.rs[1:]]
        return self.ys

    def cost(self, targets, penalty):
        fit = sum(0.5 * np.sum((y - d) ** 2) for y, d in zip(self.ys, targets))
        return fit + 0.5 * penalty * sum(np.sum(r ** 2) for r in self.rs[1:])

    def gradient(self, targets, penalty):
        gJ, gB, gc, gW = (np.zeros_like(a) for a in (self.J, self.B, self.c, self.W))
        galpha = np.zeros_like(self.alpha)
        lam = np.zeros_like(self.xs[0])
        for t in range(len(self.u), 0, -1):
            e = self.ys[t - 1] - targets[t - 1]
            gW += np.outer(e, self.rs[t])
            lam = lam + (self.W.T @ e + penalty * self.rs[t]) * (1 - self.rs[t] ** 2)
            drive = self.J @ self.rs[t - 1] + self.B @ self.u[t - 1] + self.c
            galpha += lam * (drive - self.xs[t - 1])
            mu = lam * self.alpha
            gJ += np.outer(mu, self.rs[t - 1])
            gB += np.outer(mu, self.u[t - 1])
            gc += mu
            lam = (1 - self.alpha) * lam + (self.J.T @ mu) * (1 - self.rs[t - 1] ** 2)
        return {"J": gJ, "B": gB, "c": gc, "W": gW, "tau": -galpha * self.alpha, "x0": lam}


def loss(params, inputs):
    net = RateNetwork(**params)
    net.simulate(inputs["u"], inputs["x0"])
    return net.cost(inputs["d"], 0.3)


def backward(params, inputs):
    net = RateNetwork(**params)
    net.simulate(inputs["u"], inputs["x0"])
    return net.gradient(inputs["d"], 0.3)


def example(rng):
    T, D, H, O = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {
        "J": rng.normal(size=(H, H)),
        "B": rng.normal(size=(H, D)),
        "c": rng.normal(size=H),
        "W": rng.normal(size=(O, H)),
        "tau": rng.normal(size=H) * 0.3 - 1,
    }
    inputs = {
        "u": rng.normal(size=(T, D)),
        "x0": rng.normal(size=H),
        "d": rng.normal(size=(T, O)),
    }
    return params, inputs
