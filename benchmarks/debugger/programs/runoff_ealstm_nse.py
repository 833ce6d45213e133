"""Rainfall-runoff with the entity-aware LSTM: catchment attributes set the input gate once,
rain and temperature drive the rest. NSE loss with a warm-up that is not scored."""
import numpy as np

S = lambda v: 1 / (1 + np.exp(-v))


class EALSTM:
    def __init__(self, w):
        self.w = w

    def __call__(self, met, attr):
        w, (B, T, D) = self.w, met.shape
        H = w["Wa"].shape[1]
        self.met, self.attr = met, attr
        self.i = S(attr @ w["Wa"] + w["ba"])
        self.f, self.o, self.g, self.c, self.h = (np.zeros((B, T, H)) for _ in range(5))
        c = np.tile(w["c0"], (B, 1))
        h = np.zeros((B, H))
        for t in range(T):
            a = met[:, t] @ w["Wx"] + h @ w["Wh"] + w["bx"]
            self.f[:, t], self.o[:, t] = S(a[:, :H]), S(a[:, H:2 * H])
            self.g[:, t] = np.tanh(a[:, 2 * H:])
            c = self.f[:, t] * c + self.i * self.g[:, t]
            h = self.o[:, t] * np.tanh(c)
            self.c[:, t], self.h[:, t] = c, h
        return self.h @ w["wq"] + w["bq"]

    def backprop(self, dq):
        w, (B, T, H) = self.w, self.h.shape
        dw = {k: np.zeros_like(v) for k, v in w.items()}
        dw["wq"] = np.einsum("bt,bth->h", dq, self.h)
        dw["bq"] = np.array([dq.sum()])
        di = np.zeros((B, H))
        dh_next = np.zeros((B, H))
        dc_next = np.zeros((B, H))
        for t in range(T - 1, -1, -1):
            f, o, g = self.f[:, t], self.o[:, t], self.g[:, t]
            c_prev = self.c[:, t - 1] if t > 0 else np.tile(w["c0"], (B, 1))
            h_prev = self.h[:, t - 1] if t > 0 else np.zeros((B, H))
            tc = np.tanh(self.c[:, t])
            dh = dq[:, t, None] * w["wq"] + dh_next
            dc = dc_next + dh * o * (1 - tc ** 2)
            di += dc * g
            da = np.empty((B, 3 * H))
            da[:, :H] = dc * c_prev * f * (1 - f)
            da[:, H:2 * H] = dh * tc * o * (1 - o)
            da[:, 2 * H:] = dc * self.i * (1 - g ** 2)
            dw["Wx"] += self.met[:, t].T @ da
            dw["Wh"] += h_prev.T @ da
            dw["bx"] += da.sum(0)
            dh_next = da @ w["Wh"].T
            dc_next = dc * f
        dw["c0"] = dc_next.sum(0)
        dai = di * self.i * (1 - self.i)
        dw["Wa"] = self.attr.T @ dai
        dw["ba"] = dai.sum(0)
        return dw


def nse(q, obs, std, warm):
    keep = np.isfinite(obs) & (np.arange(obs.shape[1]) >= warm)
    err = np.where(keep, q - np.nan_to_num(obs), 0.0)
    scale = 1 / (std[:, None] + 0.1) ** 2
    value = (scale * err ** 2).sum() / keep.sum()
    return value, 2 * scale * err / keep.sum()


def observed(inputs):
    return np.where(inputs["gauge_ok"] > 0, inputs["obs"], np.nan)


def loss(params, inputs):
    q = EALSTM(params)(inputs["met"], inputs["attr"])
    return float(nse(q, observed(inputs), inputs["std"], inputs["warm"])[0])


def backward(params, inputs):
    net = EALSTM(params)
    q = net(inputs["met"], inputs["attr"])
    return net.backprop(nse(q, observed(inputs), inputs["std"], inputs["warm"])[1])


def example(rng):
    B, T, D, A, H = int(rng.integers(2, 4)), 5, int(rng.integers(2, 4)), 2, int(rng.integers(4, 6))
    n = rng.standard_normal
    w = {"Wa": n((A, H)), "ba": n(H), "Wx": n((D, 3 * H)), "Wh": n((H, 3 * H)), "bx": n(3 * H),
         "c0": n(H), "wq": n(H), "bq": n(1)}
    ok = np.ones((B, T))
    ok[0, 2] = ok[1, 3] = 0
    return w, {"met": n((B, T, D)), "attr": n((B, A)), "obs": n((B, T)), "gauge_ok": ok,
               "std": rng.random(B) + .4, "warm": np.array(1)}
