"""Streaming engine: an LSTM with coupled input gate runs chunk by chunk; the session keeps the state between them."""
import numpy as np

def sigm(a):
    return 1.0 / (1.0 + np.exp(-a))

class Session:
    def __init__(self, h, c):
        self.h, self.c = h.copy(), c.copy()

    def state(self):
        return self.h, self.c

    def update(self, h, c):
        self.h, self.c = h, c

class Engine:
    """Columns are streams; the rows of a weight are the blocks f, o, g."""

    def __init__(self, params):
        self.W, self.R, self.b = params["W"], params["R"], params["b"][:, None]
        self.P = params["P"]
        self.n = params["R"].shape[1]

    def chunk_forward(self, session, x, y):
        n, frames, cost = self.n, [], 0.0
        for k in range(x.shape[0]):
            h, c = session.state()
            a = self.W @ x[k] + self.R @ h + self.b
            f, o, g = sigm(a[:n]), sigm(a[n : 2 * n]), np.tanh(a[2 * n :])
            c_new = f * c + (1 - f) * g
            th = np.tanh(c_new)
            h_new = o * th
            session.update(h_new, c_new)
            err = self.P @ h_new - y[k]
            cost += 0.5 * np.sum(err**2) / len(x)
            frames.append((x[k], h, c, f, o, g, th, h_new, err))
        return cost, frames

    def chunk_backward(self, frames, dh, dc, grads):
        dxs = []
        for x, h, c, f, o, g, th, h_new, err in frames[::-1]:
            de = err / len(frames)
            grads["P"] += de @ h_new.T
            dh = dh + self.P.T @ de
            do = dh * th * o * (1 - o)
            dc = dc + dh * o * (1 - th**2)
            df = dc * (c - g) * f * (1 - f)
            dg = dc * (1 - f) * (1 - g**2)
            da = np.vstack([df, do, dg])
            grads["W"] += da @ x.T
            grads["R"] += da @ h.T
            grads["b"] += da.sum(axis=1)
            dxs.append(self.W.T @ da)
            dh = self.R.T @ da
            dc = dc * f
        return dxs[::-1], dh, dc

def cut(inputs):
    edges = np.concatenate([[0], np.cumsum(inputs["chunks"])])
    return [(inputs["x"][i:j], inputs["y"][i:j]) for i, j in zip(edges[:-1], edges[1:])]

def play(engine, params, inputs):
    session = Session(params["h0"], params["c0"])
    return [engine.chunk_forward(session, x, y) for x, y in cut(inputs)]

def loss(params, inputs):
    return float(sum(cost for cost, _ in play(Engine(params), params, inputs)))

def backward(params, inputs):
    engine = Engine(params)
    played = play(engine, params, inputs)
    grads = {k: np.zeros_like(params[k]) for k in ("W", "R", "b", "P")}
    dh, dc, dx = np.zeros_like(params["h0"]), np.zeros_like(params["c0"]), []
    for _, frames in reversed(played):
        dxs, dh, dc = engine.chunk_backward(frames, dh, dc, grads)
        dx = dxs + dx
    return {**grads, "h0": dh, "c0": dc, "x": np.stack(dx)}

def example(rng):
    B, D = rng.permutation([2, 3])
    n = int(rng.integers(4, 6))
    chunks = rng.permutation([1, 4])
    T = chunks.sum()
    r = rng.normal
    params = {"W": r(size=(3 * n, D)), "R": r(size=(3 * n, n)), "b": r(size=3 * n), "P": r(size=(1, n)), "h0": r(size=(n, B)), "c0": r(size=(n, B))}
    return params, {"x": r(size=(T, D, B)), "y": r(size=(T, 1, B)), "chunks": chunks}
