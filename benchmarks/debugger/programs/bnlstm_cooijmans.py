"""Recurrent batch normalization (Cooijmans et al. 2017): BN of W_h h, W_x x and of the cell."""
import numpy as np

TINY = 1e-2
sigm = lambda v: 1.0 / (1.0 + np.exp(-v))


def bn(v, gamma):
    mu = v.mean(axis=0)
    inv = 1.0 / np.sqrt(((v - mu) ** 2).mean(axis=0) + TINY)
    hat = (v - mu) * inv
    return gamma * hat, (hat, inv)


def bn_backward(dout, gamma, ctx):
    hat, inv = ctx
    dgamma = np.sum(dout * hat, axis=0)
    dhat = dout * gamma
    dv = inv * (dhat - np.mean(dhat, axis=0) - hat * np.mean(dhat * hat, axis=0))
    return dv, dgamma


class BNLSTM:
    def __init__(self, params):
        self.__dict__.update(params)
        self.n = self.h0.size

    def step(self, x, h, c):
        n = self.n
        nh, ctx_h = bn(h @ self.Wh, self.gh)
        nx, ctx_x = bn(x @ self.Wx, self.gx)
        a = nh + nx + self.b
        f, i, o = (sigm(a[:, k * n:(k + 1) * n]) for k in range(3))
        g = np.tanh(a[:, 3 * n:])
        c_new = f * c + i * g
        nc, ctx_c = bn(c_new, self.gc)
        tc = np.tanh(nc + self.bc)
        return o * tc, c_new, (x, h, c, f, i, o, g, tc, ctx_h, ctx_x, ctx_c)

    def forward(self, xs):
        h = np.zeros((xs.shape[1], self.n)) + self.h0 * np.linspace(0, 1, xs.shape[1])[:, None]
        c = np.sin(h)
        self.steps, hs = [], []
        for x in xs:
            h, c, ctx = self.step(x, h, c)
            self.steps.append(ctx)
            hs.append(h)
        return hs

    def backward(self, dhs):
        G = dict.fromkeys(("Wh", "Wx", "b", "gh", "gx", "gc", "bc"), 0.0)
        dh_next = dc_next = np.zeros_like(dhs[0])
        for t in range(len(dhs))[::-1]:
            x, h, c, f, i, o, g, tc, ctx_h, ctx_x, ctx_c = self.steps[t]
            dh = dhs[t] + dh_next
            dnc = dh * o * (1 - tc ** 2)
            dcn, dgc = bn_backward(dnc, self.gc, ctx_c)
            dc = dc_next + dcn
            da = np.concatenate([dc * c * f * (1 - f), dc * g * i * (1 - i),
                                 dh * tc * o * (1 - o), dc * i * (1 - g ** 2)], axis=1)
            dnh, dgh = bn_backward(da, self.gh, ctx_h)
            dnx, dgx = bn_backward(da, self.gx, ctx_x)
            G["Wh"] += h.T @ dnh
            G["Wx"] += x.T @ dnx
            G["b"] += da.sum(0)
            G["gh"] += dgh
            G["gx"] += dgx
            G["gc"] += dgc
            G["bc"] += dnc.sum(0)
            dh_next = dnh @ self.Wh.T
            dc_next = dc * f
        ramp = np.linspace(0, 1, len(h))
        G["h0"] = ramp @ (dh_next + dc_next * np.cos(h))
        return G


def readout(params, hs, y):
    scores = np.stack(hs) @ params["V"]
    m = scores.max(-1, keepdims=True)
    logp = scores - m - np.log(np.exp(scores - m).sum(-1, keepdims=True))
    hot = np.eye(scores.shape[-1])[y]
    return -(hot * logp).sum() / y.size, (np.exp(logp) - hot) / y.size


def loss(params, inputs):
    return float(readout(params, BNLSTM(params).forward(inputs["x"]), inputs["y"])[0])


def backward(params, inputs):
    net = BNLSTM(params)
    hs = net.forward(inputs["x"])
    dscores = readout(params, hs, inputs["y"])[1]
    grads = net.backward(dscores @ params["V"].T)
    grads["V"] = np.tensordot(np.stack(hs), dscores, axes=((0, 1), (0, 1)))
    return grads


def example(rng):
    T, B, d, n, k = rng.integers(3, 5), 4, 3, 2, 3
    r = rng.standard_normal
    params = {"Wh": r((n, 4 * n)), "Wx": r((d, 4 * n)), "b": r(4 * n), "gh": 1 + 0.3 * r(4 * n),
              "gx": 1 + 0.3 * r(4 * n), "gc": 1 + 0.3 * r(n), "bc": r(n), "h0": r(n), "V": r((n, k))}
    return params, {"x": r((T, B, d)), "y": rng.integers(0, k, (T, B))}
