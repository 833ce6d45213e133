"""Peephole LSTM for one sequence; equations after the names z, i, f, o, c, y."""
import numpy as np


class PeepholeLSTM:
    gates = ("z", "i", "f", "o")

    def __init__(self, weights):
        self.w = weights

    def sigma(self, a):
        return 1.0 / (1.0 + np.exp(-a))

    def fprop(self, x):
        w = self.w
        T, N = len(x), len(w["pi"])
        self.x = x
        self.z, self.i, self.f, self.o, self.c, self.y = np.zeros((6, T, N))
        y_prev = np.zeros(N)
        c_prev = np.zeros(N)
        for t in range(T):
            zbar = w["Wz"] @ x[t] + w["Rz"] @ y_prev + w["bz"]
            ibar = w["Wi"] @ x[t] + w["Ri"] @ y_prev + w["pi"] * c_prev + w["bi"]
            fbar = w["Wf"] @ x[t] + w["Rf"] @ y_prev + w["pf"] * c_prev + w["bf"]
            self.z[t] = np.tanh(zbar)
            self.i[t] = self.sigma(ibar)
            self.f[t] = self.sigma(fbar)
            self.c[t] = self.z[t] * self.i[t] + c_prev * self.f[t]
            obar = w["Wo"] @ x[t] + w["Ro"] @ y_prev + w["po"] * self.c[t] + w["bo"]
            self.o[t] = self.sigma(obar)
            self.y[t] = np.tanh(self.c[t]) * self.o[t]
            y_prev, c_prev = self.y[t], self.c[t]
        return self.y

    def bprop(self, delta):
        w = self.w
        T, N = delta.shape
        d = {g: np.zeros((T, N)) for g in self.gates}
        dy = np.zeros((T, N))
        dc = np.zeros((T, N))
        for t in range(T - 1, -1, -1):
            dy[t] = delta[t]
            if t < T - 1:
                for g in self.gates:
                    dy[t] += w["R" + g].T @ d[g][t + 1]
            d["o"][t] = dy[t] * np.tanh(self.c[t]) * self.o[t] * (1 - self.o[t])
            dc[t] = dy[t] * self.o[t] * (1 - np.tanh(self.c[t]) ** 2) + w["po"] * d["o"][t]
            if t < T - 1:
                dc[t] += (w["pi"] * d["i"][t + 1] + w["pf"] * d["f"][t + 1]
                          + dc[t + 1] * self.f[t + 1])
            if t > 0:
                d["f"][t] = dc[t] * self.c[t - 1] * self.f[t] * (1 - self.f[t])
            d["i"][t] = dc[t] * self.z[t] * self.i[t] * (1 - self.i[t])
            d["z"][t] = dc[t] * self.i[t] * (1 - self.z[t] ** 2)
        grads = {}
        for g in self.gates:
            grads["W" + g] = d[g].T @ self.x
            grads["R" + g] = d[g][1:].T @ self.y[:-1]
            grads["b" + g] = d[g].sum(axis=0)
        grads["pi"] = np.sum(self.c[:-1] * d["i"][1:], axis=0)
        grads["pf"] = np.sum(self.c[:-1] * d["f"][1:], axis=0)
        grads["po"] = np.sum(self.c * d["o"], axis=0)
        return grads


def loss(params, inputs):
    y = PeepholeLSTM(params).fprop(inputs["x"])
    return 0.5 * np.sum((y - inputs["target"]) ** 2)


def backward(params, inputs):
    net = PeepholeLSTM(params)
    y = net.fprop(inputs["x"])
    return net.bprop(y - inputs["target"])


def example(rng):
    T, M, N = (int(n) for n in rng.permutation([4, 5, 6]))
    params = {p: rng.normal(size=N) for p in ("pi", "pf", "po")}
    for g in "zifo":
        params["W" + g] = rng.normal(size=(N, M))
        params["R" + g] = rng.normal(size=(N, N))
        params["b" + g] = rng.normal(size=N)
    return params, {"x": rng.normal(size=(T, M)), "target": rng.normal(size=(T, N))}
