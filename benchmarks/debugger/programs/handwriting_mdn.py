import numpy as np

# pen trajectories: tanh RNN whose output is a mixture of gaussians over the next pen offset (1-D)


class MDNRNN:
    def __init__(self, p):
        self.p = p
        self.M = p["bo"].shape[0] // 3

    def split(self, o):
        M = self.M
        pi_hat, mu, log_s = o[:, :M], o[:, M:2 * M], o[:, 2 * M:]
        e = np.exp(pi_hat - pi_hat.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True), mu, np.exp(log_s)

    def step(self, x, h):
        p = self.p
        hn = np.tanh(x[:, None] * p["Wx"] + h @ p["Wh"] + p["bh"])
        return hn, hn @ p["Wo"] + p["bo"]

    def forward(self, strokes):
        """strokes (N, T+1): inputs are strokes[:, :-1], targets strokes[:, 1:]"""
        N, T = strokes.shape[0], strokes.shape[1] - 1
        h = np.repeat(self.p["h0"][None, :], N, axis=0)
        self.hs, self.mix = [h], []
        total = 0.0
        for t in range(T):
            h, o = self.step(strokes[:, t], h)
            pi, mu, s = self.split(o)
            z = (strokes[:, t + 1][:, None] - mu) / s
            dens = pi * np.exp(-0.5 * z**2) / s
            total -= np.sum(np.log(dens.sum(axis=1)))
            self.hs.append(h)
            self.mix.append((pi, s, z, dens))
        return total / (N * T)

    def backprop(self, strokes):
        p = self.p
        N, T = strokes.shape[0], strokes.shape[1] - 1
        g = {k: np.zeros_like(v) for k, v in p.items()}
        dh_next = np.zeros((N, p["Wh"].shape[0]))
        for t in reversed(range(T)):
            pi, s, z, dens = self.mix[t]
            gamma = dens / dens.sum(axis=1, keepdims=True)
            d_pi = pi - gamma
            d_mu = -gamma * z / s
            d_logs = gamma * (1 - z**2)
            do = np.concatenate([d_pi, d_mu, d_logs], axis=1) / (N * T)
            g["Wo"] += self.hs[t + 1].T @ do
            g["bo"] += do.sum(axis=0)
            dh = do @ p["Wo"].T + dh_next
            da = dh * (1 - self.hs[t + 1] ** 2)
            g["Wx"] += strokes[:, t] @ da
            g["Wh"] += self.hs[t].T @ da
            g["bh"] += da.sum(axis=0)
            dh_next = da @ p["Wh"].T
        g["h0"] = dh_next.sum(axis=0)
        return g


def loss(params, inputs):
    return float(MDNRNN(params).forward(inputs["strokes"]))


def backward(params, inputs):
    net = MDNRNN(params)
    net.forward(inputs["strokes"])
    return net.backprop(inputs["strokes"])


def example(rng):
    N, T, H, M = rng.integers(2, 4), rng.integers(3, 6), rng.integers(3, 5), rng.integers(2, 4)
    sizes = {"Wx": (H,), "Wh": (H, H), "bh": (H,), "Wo": (H, 3 * M), "bo": (3 * M,), "h0": (H,)}
    params = {k: 0.8 * rng.normal(size=s) for k, s in sizes.items()}
    return params, {"strokes": rng.normal(size=(N, T + 1))}
