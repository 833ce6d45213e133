"""Firmware twin: two recurrent layers, all weights in one flash image, all states in one RAM block."""
import numpy as np

class Map:
    """Offsets into flash (weights) and into a RAM frame (h1, h2, err) for sizes d, n, m, k."""

    def __init__(self, d, n, m, k):
        self.d, self.n, self.m, self.k = d, n, m, k
        sizes = [("W1", n * d), ("U1", n * n), ("B1", n), ("W2", m * n), ("U2", m * m), ("B2", m), ("WO", k * m), ("I1", n), ("I2", m)]
        self.at, end = {}, 0
        for name, size in sizes:
            self.at[name] = slice(end, end + size)
            end += size
        self.frame = n + m + k
        self.size = end

def mv(a, x):
    return a.reshape(-1, x.size) @ x

def mtv(a, y):
    return a.reshape(y.size, -1).T @ y

def outer_acc(a, y, x):
    a += (y[:, None] * x[None, :]).ravel()

def run(mp, flash, adc, want):
    f = {k: flash[s] for k, s in mp.at.items()}
    T, n, m = len(adc), mp.n, mp.m
    ram = np.zeros((T + 1) * mp.frame)
    ram[:n], ram[n : n + m] = f["I1"], f["I2"]
    for t in range(T):
        p, q = t * mp.frame, (t + 1) * mp.frame
        h1 = np.tanh(mv(f["W1"], adc[t]) + mv(f["U1"], ram[p : p + n]) + f["B1"])
        ram[q : q + n] = 0.25 * ram[p : p + n] + 0.75 * h1
        a2 = mv(f["W2"], ram[q : q + n]) + mv(f["U2"], ram[p + n : p + n + m]) + f["B2"]
        ram[q + n : q + n + m] = 1 / (1 + np.exp(-a2))
        ram[q + n + m : q + mp.frame] = mv(f["WO"], ram[q + n : q + n + m]) - want[t]
    return f, ram

def train(mp, flash, adc, want):
    f, ram = run(mp, flash, adc, want)
    grad = np.zeros(mp.size)
    g = {k: grad[s] for k, s in mp.at.items()}
    n, m = mp.n, mp.m
    d1, d2 = np.zeros(n), np.zeros(m)
    for t in range(len(adc) - 1, -1, -1):
        p, q = t * mp.frame, (t + 1) * mp.frame
        h2, err = ram[q + n : q + n + m], ram[q + n + m : q + mp.frame]
        de = np.tanh(err)
        outer_acc(g["WO"], de, h2)
        a2 = (d2 + mtv(f["WO"], de)) * h2 * (1 - h2)
        outer_acc(g["W2"], a2, ram[q : q + n])
        outer_acc(g["U2"], a2, ram[p + n : p + n + m])
        g["B2"] += a2
        d2 = mtv(f["U2"], a2)
        d1 += mtv(f["W2"], a2)
        h1 = (ram[q : q + n] - 0.25 * ram[p : p + n]) / 0.75
        a1 = 0.75 * d1 * (1 - h1 * h1)
        outer_acc(g["W1"], a1, adc[t])
        outer_acc(g["U1"], a1, ram[p : p + n])
        g["B1"] += a1
        d1 = 0.25 * d1 + mtv(f["U1"], a1)
    g["I1"][:] = d1
    g["I2"][:] = d2
    return grad

def loss(params, inputs):
    mp = Map(*inputs["sizes"])
    _, ram = run(mp, params["flash"], inputs["adc"], inputs["want"])
    err = ram.reshape(-1, mp.frame)[1:, mp.n + mp.m :]
    return float(np.sum(np.log(np.cosh(err))))

def backward(params, inputs):
    return {"flash": train(Map(*inputs["sizes"]), params["flash"], inputs["adc"], inputs["want"])}

def example(rng):
    T, n = rng.permutation([4, 5])
    d, m = rng.permutation([2, 3])
    sizes = np.array([d, n, m, 2 if m == 3 else 1])
    flash = rng.normal(size=Map(*sizes).size)
    return {"flash": flash}, {"sizes": sizes, "adc": rng.normal(size=(T, d)), "want": 2 * rng.normal(size=(T, sizes[3]))}
