"""NARX network with tapped delay lines, translated from our Java class."""
import numpy as np

class TapDelayLine:
    """Holds a history whose first `depth` entries lie before the first step."""

    def __init__(self, initial, steps):
        self.depth = len(initial)
        self.history = np.zeros((self.depth + steps,) + initial.shape[1:])
        self.history[: self.depth] = initial

    def get(self, t, lag):
        return self.history[self.depth + t - lag]

    def set(self, t, value):
        self.history[self.depth + t] = value

    def add(self, t, lag, value):
        self.history[self.depth + t - lag] += value

class NarxNetwork:
    def __init__(self, params, inputs):
        self.A, self.b, self.V, self.c = (params[k] for k in ("A", "b", "V", "c"))
        self.u, self.target = inputs["u"], inputs["target"]
        self.steps = self.u.shape[0]
        self.y0 = inputs["y0"]

    def regressor(self, line, t):
        previous = self.u[t - 1] if t > 0 else np.zeros_like(self.u[t])
        return np.hstack([self.u[t], previous, line.get(t, 1), line.get(t, 2)])

    def simulate(self):
        line = TapDelayLine(self.y0, self.steps)
        self.regressors, self.hidden = [], []
        for t in range(self.steps):
            r = self.regressor(line, t)
            h = np.tanh(r @ self.A.T + self.b)
            self.regressors.append(r)
            self.hidden.append(h)
            line.set(t, h @ self.V.T + self.c)
        return line

    def error(self):
        line = self.simulate()
        return sum(np.mean((line.get(t, 0) - self.target[t]) ** 2) for t in range(self.steps))

    def gradient(self):
        line = self.simulate()
        dline = TapDelayLine(np.zeros_like(self.y0), self.steps)
        dA, db, dV, dc = (np.zeros_like(a) for a in (self.A, self.b, self.V, self.c))
        du = np.zeros_like(self.u)
        nu, ny = self.u.shape[2], self.y0.shape[2]
        for t in range(self.steps - 1, -1, -1):
            dline.add(t, 0, 2 * (line.get(t, 0) - self.target[t]) / self.target[t].size)
            dy = dline.get(t, 0)
            dV += dy.T @ self.hidden[t]
            dc += dy.sum(axis=0)
            dz = (dy @ self.V) * (1 - self.hidden[t] ** 2)
            dA += dz.T @ self.regressors[t]
            db += dz.sum(axis=0)
            dr = dz @ self.A
            du[t] += dr[:, :nu]
            if t > 0:
                du[t - 1] += dr[:, nu : 2 * nu]
            dline.add(t, 1, dr[:, 2 * nu : 2 * nu + ny])
            dline.add(t, 2, dr[:, 2 * nu + ny :])
        return {"A": dA, "b": db, "V": dV, "c": dc, "u": du, "y0": dline.history[:2]}

def loss(params, inputs):
    return float(NarxNetwork(params, inputs).error())

def backward(params, inputs):
    return NarxNetwork(params, inputs).gradient()

def example(rng):
    T, H = rng.permutation([4, 5])
    B, P = rng.permutation([2, 3])
    U = 1 if rng.random() < 0.5 else 4
    r = rng.normal
    params = {"A": r(size=(H, 2 * U + 2 * P)), "b": r(size=H), "V": r(size=(P, H)), "c": r(size=P)}
    return params, {"u": r(size=(T, B, U)), "target": r(size=(T, B, P)), "y0": r(size=(2, B, P))}
