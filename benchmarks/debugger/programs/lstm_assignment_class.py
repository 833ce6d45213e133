"""Assignment 3, Question 2: LSTM from scratch. x has shape (N, T, D), the states (N, H)."""
import numpy as np

GATES = ("i", "f", "o", "g")


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


class LSTMRegressor:
    """Vanilla LSTM with a linear read-out at every time step."""

    def __init__(self, params):
        self.params = params
        self.grads = {}
        self.cache = []          # one dict per time step

    def step_forward(self, x_t, h_prev, c_prev):
        p = self.params
        a = {k: x_t @ p["Wx_" + k] + h_prev @ p["Wh_" + k] + p["b_" + k] for k in GATES}
        i, f, o = sigmoid(a["i"]), sigmoid(a["f"]), sigmoid(a["o"])
        g = np.tanh(a["g"])
        c = f * c_prev + i * g
        tanh_c = np.tanh(c)
        h = o * tanh_c
        cache = {"x": x_t, "h_prev": h_prev, "c_prev": c_prev,
                 "i": i, "f": f, "o": o, "g": g, "tanh_c": tanh_c, "h": h}
        return h, c, cache

    def step_backward(self, dh, dc, cache):
        """Gradients of one step; adds the parameters' gradients to self.grads."""
        p = self.params
        i, f, o, g = cache["i"], cache["f"], cache["o"], cache["g"]
        tanh_c = cache["tanh_c"]

        # h = o * tanh(c)
        do = dh * tanh_c
        dc = dc + dh * o * (1 - tanh_c ** 2)

        # c = f * c_prev + i * g
        df = dc * cache["c_prev"]
        di = dc * g
        dg = dc * i
        dc_prev = dc * f

        # through the nonlinearities
        da = {
            "i": di * i * (1 - i),
            "f": df * f * (1 - f),
            "o": do * o * (1 - o),
            "g": dg * (1 - g ** 2),
        }

        dx = np.zeros_like(cache["x"])
        dh_prev = np.zeros_like(cache["h_prev"])
        for k in GATES:
            self.grads["Wx_" + k] += cache["x"].T @ da[k]
            self.grads["Wh_" + k] += cache["h_prev"].T @ da[k]
            self.grads["b_" + k] += da[k].sum(axis=0)
            dx += da[k] @ p["Wx_" + k].T
            dh_prev += da[k] @ p["Wh_" + k].T
        return dx, dh_prev, dc_prev

    def forward(self, x, h0, c0, y):
        N, T, D = x.shape
        assert y.shape[:2] == (N, T)
        self.cache = []
        self.err = np.zeros_like(y)
        h, c = h0, c0
        for t in range(T):
            h, c, cache = self.step_forward(x[:, t, :], h, c)
            self.cache.append(cache)
            self.err[:, t] = h @ self.params["Wy"] + self.params["by"] - y[:, t]
        return 0.5 * np.sum(self.err ** 2) / N

    def backward(self):
        N, T, _ = self.err.shape
        self.grads = {name: np.zeros_like(value) for name, value in self.params.items()}
        dx = np.zeros((N, T, self.cache[0]["x"].shape[1]))
        dh_next = np.zeros_like(self.cache[-1]["h"])
        dc_next = np.zeros_like(dh_next)
        for t in range(T - 1, -1, -1):
            cache = self.cache[t]
            dy = self.err[:, t] / N
            self.grads["Wy"] += cache["h"].T @ dy
            self.grads["by"] += dy.sum(axis=0)
            dh = dy @ self.params["Wy"].T + dh_next
            dx[:, t, :], dh_next, dc_next = self.step_backward(dh, dc_next, cache)
        self.grads["x"] = dx
        self.grads["h0"], self.grads["c0"] = dh_next, dc_next
        return self.grads


def loss(params, inputs):
    return LSTMRegressor(params).forward(**inputs)


def backward(params, inputs):
    net = LSTMRegressor(params)
    net.forward(**inputs)
    return net.backward()


def example(rng):
    N, T, D, H, K = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    params = {}
    for k in GATES:
        params["Wx_" + k] = rng.normal(size=(D, H))
        params["Wh_" + k] = rng.normal(size=(H, H)) * 0.8
        params["b_" + k] = rng.normal(size=H)
    params["Wy"] = rng.normal(size=(H, K))
    params["by"] = rng.normal(size=K)
    inputs = {
        "x": rng.normal(size=(N, T, D)),
        "h0": rng.normal(size=(N, H)),
        "c0": rng.normal(size=(N, H)),
        "y": rng.normal(size=(N, T, K)),
    }
    return params, inputs
