import numpy as np

# LSTM "from scratch" for coin prices: windows (T, B, features), pseudo-Huber on every step


class Gate:
    def __init__(self, W, U, b, act):
        self.W, self.U, self.b, self.act = W, U, b, act
        self.dW, self.dU, self.db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
        self.out, self.ins = [], []

    def __call__(self, x, h):
        z = x @ self.W + h @ self.U + self.b
        a = np.tanh(z) if self.act == "tanh" else 1 / (1 + np.exp(-z))
        self.out.append(a)
        self.ins.append((x, h))
        return a

    def back(self, da):
        a = self.out.pop()
        x, h = self.ins.pop()
        dz = da * (1 - a**2) if self.act == "tanh" else da * a * (1 - a)
        self.dW += x.T @ dz
        self.dU += h.T @ dz
        self.db += dz.sum(axis=0)
        return dz @ self.U.T


class CoinLSTM:
    def __init__(self, params):
        self.params = params
        self.gates = {
            k: Gate(params["W" + k], params["U" + k], params["b" + k], "tanh" if k == "g" else "sigmoid")
            for k in "ifog"
        }

    def forward(self, window, h, c):
        self.cells, self.hiddens = [c], []
        ys = []
        for x in window:
            i, f, o, g = (self.gates[k](x, h) for k in "ifog")
            c = f * c + i * g
            h = o * np.tanh(c)
            self.cells.append(c)
            self.hiddens.append(h)
            ys.append(h @ self.params["w_out"] + self.params["b_out"])
        return np.array(ys)

    def backward(self, dys):
        dw, db = np.zeros_like(self.params["w_out"]), np.zeros_like(self.params["b_out"])
        dh = np.zeros_like(self.hiddens[0])
        dc = np.zeros_like(self.cells[0])
        for t in range(len(dys) - 1, -1, -1):
            i, f, o, g = (self.gates[k].out[-1] for k in "ifog")
            tanh_c = np.tanh(self.cells[t + 1])
            dw += self.hiddens[t].T @ dys[t]
            db += dys[t].sum()
            dh += np.outer(dys[t], self.params["w_out"])
            dc += dh * o * (1 - tanh_c**2)
            dh_o = self.gates["o"].back(dh * tanh_c)
            dh_i = self.gates["i"].back(dc * g)
            dh_f = self.gates["f"].back(dc * self.cells[t])
            dh_g = self.gates["g"].back(dc * i)
            dh = dh_i + dh_f + dh_o + dh_g
            dc *= f
        grads = {"w_out": dw, "b_out": db, "h0": dh, "c0": dc}
        for k, gate in self.gates.items():
            grads.update({"W" + k: gate.dW, "U" + k: gate.dU, "b" + k: gate.db})
        return grads


def loss(params, inputs):
    ys = CoinLSTM(params).forward(inputs["window"], inputs["h0"], inputs["c0"])
    e = ys - inputs["price"]
    return float(np.sum(np.sqrt(1 + e**2) - 1) / ys.shape[1])


def backward(params, inputs):
    net = CoinLSTM(params)
    ys = net.forward(inputs["window"], inputs["h0"], inputs["c0"])
    e = ys - inputs["price"]
    return net.backward(e / np.sqrt(1 + e**2) / ys.shape[1])


def example(rng):
    T, B, (D, H) = rng.integers(3, 6), rng.integers(2, 4), rng.permutation([2, 4, 5])[:2]
    params = {"w_out": rng.normal(size=H), "b_out": rng.normal(size=1)}
    for k in "ifog":
        params["W" + k] = rng.normal(size=(D, H))
        params["U" + k] = rng.normal(size=(H, H))
        params["b" + k] = rng.normal(size=H)
    inputs = {"window": rng.normal(size=(T, B, D)), "price": rng.normal(size=(T, B)),
              "h0": rng.normal(size=(B, H)), "c0": rng.normal(size=(B, H))}
    return params, inputs
