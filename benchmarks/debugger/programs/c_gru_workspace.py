import numpy as np

# level-2 routines as in the C version; every routine writes into its first argument


def gemv(y, A, x):
    y += A.dot(x)


def gemv_t(y, A, x):
    y += A.T.dot(x)


def ger(A, x, y):
    A += x[:, None] * y[None, :]


def logistic_inplace(a):
    np.negative(a, out=a)
    np.exp(a, out=a)
    a += 1.0
    np.reciprocal(a, out=a)


class Workspace:
    def __init__(self, T, nh):
        self.r = np.zeros((T, nh))
        self.u = np.zeros((T, nh))
        self.n = np.zeros((T, nh))
        self.q = np.zeros((T, nh))
        self.h = np.zeros((T + 1, nh))


def gru_forward(P, x, h0, ws):
    ws.h[0] = h0
    for t in range(len(x)):
        hp = ws.h[t]
        for gate, W, U, b in ((ws.r, "Wr", "Ur", "br"), (ws.u, "Wu", "Uu", "bu")):
            gate[t] = P[b]
            gemv(gate[t], P[W], x[t])
            gemv(gate[t], P[U], hp)
            logistic_inplace(gate[t])
        gemv(ws.q[t], P["Un"], hp)
        ws.n[t] = P["bn"] + ws.r[t] * ws.q[t]
        gemv(ws.n[t], P["Wn"], x[t])
        np.tanh(ws.n[t], out=ws.n[t])
        ws.h[t + 1] = ws.u[t] * hp + (1.0 - ws.u[t]) * ws.n[t]


def gru_backward(P, x, dout, ws, G):
    T, nh = dout.shape
    dh = np.zeros(nh)
    dr, du, dn, dq, dhp = np.zeros((5, nh))
    for t in range(T - 1, -1, -1):
        dh += dout[t]
        hp = ws.h[t]
        du[:] = dh * (hp - ws.n[t]) * ws.u[t] * (1.0 - ws.u[t])
        dn[:] = dh * (1.0 - ws.u[t]) * (1.0 - ws.n[t] * ws.n[t])
        dr[:] = dn * ws.q[t] * ws.r[t] * (1.0 - ws.r[t])
        dq[:] = dn * ws.r[t]
        dhp[:] = dh * ws.u[t]
        for d, W, U, b in ((dr, "Wr", "Ur", "br"), (du, "Wu", "Uu", "bu")):
            ger(G[W], d, x[t])
            ger(G[U], d, hp)
            G[b] += d
            gemv_t(dhp, P[U], d)
            gemv_t(G["x"][t], P[W], d)
        ger(G["Wn"], dn, x[t])
        ger(G["Un"], dq, hp)
        G["bn"] += dn
        gemv_t(dhp, P["Un"], dq)
        gemv_t(G["x"][t], P["Wn"], dn)
        dh[:] = dhp
    G["h0"] += dh


def margins(h, P, label):
    s = h @ P["Ws"].T
    m = s - s[np.arange(len(s)), label][:, None] + 1.0
    m[np.arange(len(s)), label] = 0.0
    return m


def loss(params, inputs):
    ws = Workspace(len(inputs["x"]), len(inputs["h0"]))
    gru_forward(params, inputs["x"], inputs["h0"], ws)
    return float(np.maximum(margins(ws.h[1:], params, inputs["label"]), 0.0).sum())


def backward(params, inputs):
    ws = Workspace(len(inputs["x"]), len(inputs["h0"]))
    gru_forward(params, inputs["x"], inputs["h0"], ws)
    G = {k: np.zeros_like(v) for k, v in params.items()}
    G["x"], G["h0"] = np.zeros_like(inputs["x"]), np.zeros_like(inputs["h0"])
    ds = (margins(ws.h[1:], params, inputs["label"]) > 0) * 1.0
    ds[np.arange(len(ds)), inputs["label"]] = -ds.sum(axis=1)
    G["Ws"] += ds.T @ ws.h[1:]
    gru_backward(params, inputs["x"], ds @ params["Ws"], ws, G)
    return G


def example(rng):
    T, nx, nh, K = rng.integers(4, 6), rng.integers(2, 4), rng.integers(4, 6), 3
    p = {"Ws": rng.normal(size=(K, nh))}
    for g in "run":
        p["W" + g] = rng.normal(size=(nh, nx))
        p["U" + g] = rng.normal(size=(nh, nh))
        p["b" + g] = rng.normal(size=nh)
    return p, {"x": rng.normal(size=(T, nx)), "h0": rng.normal(size=nh),
               "label": rng.integers(0, K, size=T)}
