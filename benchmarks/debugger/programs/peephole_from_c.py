# Line-by-line port of peephole.c (firmware).  All arrays are flat; dims = {B, T, D, H}.
#   w[g][j][k]: k < D input, D <= k < D+H recurrent, k = D+H bias;  gates: 0 in, 1 forget, 2 out, 3 cell
import math
import numpy as np

GI, GF, GO, GC = 0, 1, 2, 3

def sigm(a):
    return 1.0 / (1.0 + math.exp(-a))

def forward_seq(w, peep, out, init, x, xoff, T, D, H):
    Z = D + H + 1
    act = np.zeros(T * 4 * H)
    c = np.zeros((T + 1) * H)
    h = np.zeros((T + 1) * H)
    y = np.zeros(T)
    for j in range(H):
        h[j] = init[j]
        c[j] = init[H + j]
    for t in range(T):
        p, q = t * H, (t + 1) * H
        for j in range(H):
            net = [0.0] * 4
            for g in range(4):
                row = (g * H + j) * Z
                a = w[row + Z - 1]
                for k in range(D):
                    a = a + w[row + k] * x[xoff + t * D + k]
                for k in range(H):
                    a = a + w[row + D + k] * h[p + k]
                net[g] = a
            i = sigm(net[GI] + peep[GI * H + j] * c[p + j])
            f = sigm(net[GF] + peep[GF * H + j] * c[p + j])
            u = math.tanh(net[GC])
            c[q + j] = f * c[p + j] + i * u
            o = sigm(net[GO] + peep[GO * H + j] * c[q + j])
            h[q + j] = o * math.tanh(c[q + j])
            act[t * 4 * H + j], act[t * 4 * H + H + j] = i, f
            act[t * 4 * H + 2 * H + j], act[t * 4 * H + 3 * H + j] = o, u
        y[t] = out[H]
        for j in range(H):
            y[t] += out[j] * h[q + j]
    return act, c, h, y

def backward_seq(w, peep, out, x, xoff, tgt, toff, T, D, H, buf, dw, dpeep, dout, dinit):
    act, c, h, y = buf
    Z = D + H + 1
    dh, dc, dnet = np.zeros(H), np.zeros(H), np.zeros(4 * H)
    for t in range(T - 1, -1, -1):
        p, q, s = t * H, (t + 1) * H, t * 4 * H
        err = y[t] - tgt[toff + t]
        dout[H] += err
        for j in range(H):
            i, f, o, u = (act[s + g * H + j] for g in range(4))
            dout[j] += err * h[q + j]
            dh[j] += err * out[j]
            th = math.tanh(c[q + j])
            do = dh[j] * th * o * (1.0 - o)
            dc[j] += dh[j] * o * (1.0 - th * th) + do * peep[GO * H + j]
            di = dc[j] * u * i * (1.0 - i)
            df = dc[j] * c[p + j] * f * (1.0 - f)
            dnet[j], dnet[H + j], dnet[2 * H + j] = di, df, do
            dnet[3 * H + j] = dc[j] * i * (1.0 - u * u)
            dpeep[GI * H + j] += di * c[p + j]
            dpeep[GF * H + j] += df * c[p + j]
            dpeep[GO * H + j] += do * c[q + j]
            dc[j] = dc[j] * f + di * peep[GI * H + j] + df * peep[GF * H + j]
        for j in range(H):
            dh[j] = 0.0
        for r in range(4 * H):
            for k in range(D):
                dw[r * Z + k] += dnet[r] * x[xoff + t * D + k]
            for k in range(H):
                dw[r * Z + D + k] += dnet[r] * h[p + k]
                dh[k] += dnet[r] * w[r * Z + D + k]
            dw[r * Z + Z - 1] += dnet[r]
    for j in range(H):
        dinit[j] += dh[j]
        dinit[H + j] += dc[j]

def loss(params, inputs):
    B, T, D, H = (int(n) for n in inputs["dims"])
    total = 0.0
    for b in range(B):
        y = forward_seq(*(params[k] for k in ("w", "peep", "out", "init")), inputs["x"], b * T * D, T, D, H)[3]
        for t in range(T):
            total = total + 0.5 * (y[t] - inputs["tgt"][b * T + t]) ** 2
    return float(total)

def backward(params, inputs):
    B, T, D, H = (int(n) for n in inputs["dims"])
    w, peep, out, init = (params[k] for k in ("w", "peep", "out", "init"))
    grads = {k: np.zeros(len(params[k])) for k in params}
    for b in range(B):
        buf = forward_seq(w, peep, out, init, inputs["x"], b * T * D, T, D, H)
        backward_seq(w, peep, out, inputs["x"], b * T * D, inputs["tgt"], b * T, T, D, H, buf,
                     grads["w"], grads["peep"], grads["out"], grads["init"])
    return grads

def example(rng):
    B, T, D, H = 2, int(rng.integers(3, 5)), 2, int(rng.integers(3, 5))
    g = rng.standard_normal
    params = {"w": g(4 * H * (D + H + 1)) * 0.8, "peep": g(3 * H), "out": g(H + 1), "init": g(2 * H)}
    return params, {"x": g(B * T * D), "tgt": g(B * T), "dims": np.array([B, T, D, H])}
