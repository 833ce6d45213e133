# LSTM on one-hot targets; activations take derivative=True
import numpy as np


def sigmoid(x, derivative=False):
    s = 1 / (1 + np.exp(-x))
    return s * (1 - s) if derivative else s


def tanh(x, derivative=False):
    t = np.tanh(x)
    return 1 - t ** 2 if derivative else t


def softmax(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


def forward(inputs, h_init, C_init, p):
    W_f, W_i, W_g, W_o, W_v, b_f, b_i, b_g, b_o, b_v = p
    h, C = [h_init], [C_init]
    x_s, f_s, i_s, g_s, o_s, v_s, y_s = [], [], [], [], [], [], []
    for x in inputs:
        z = np.concatenate((h[-1], x))
        x_s.append(z)
        f_s.append(np.dot(W_f, z) + b_f)
        i_s.append(np.dot(W_i, z) + b_i)
        g_s.append(np.dot(W_g, z) + b_g)
        o_s.append(np.dot(W_o, z) + b_o)
        C.append(sigmoid(f_s[-1]) * C[-1] + sigmoid(i_s[-1]) * tanh(g_s[-1]))
        h.append(sigmoid(o_s[-1]) * tanh(C[-1]))
        v_s.append(np.dot(W_v, h[-1]) + b_v)
        y_s.append(softmax(v_s[-1]))
    return x_s, f_s, i_s, g_s, o_s, C, h, y_s


def backward_pass(saved, targets, p):
    x_s, f_s, i_s, g_s, o_s, C, h, y_s = saved
    W_f, W_i, W_g, W_o, W_v = p[:5]
    grads = [np.zeros_like(w) for w in p]
    dW_f, dW_i, dW_g, dW_o, dW_v, db_f, db_i, db_g, db_o, db_v = grads
    n = h[0].shape[0]
    dh_next = np.zeros_like(h[0])
    dC_next = np.zeros_like(C[0])
    for t in reversed(range(len(y_s))):
        dv = y_s[t] - targets[t]
        dW_v += np.outer(dv, h[t + 1])
        db_v += dv
        dh = np.dot(W_v.T, dv) + dh_next
        do = dh * tanh(C[t + 1]) * sigmoid(o_s[t], derivative=True)
        dC = dh * sigmoid(o_s[t]) * tanh(C[t + 1], derivative=True) + dC_next
        dg = dC * sigmoid(i_s[t]) * tanh(g_s[t], derivative=True)
        di = dC * tanh(g_s[t]) * sigmoid(i_s[t], derivative=True)
        df = dC * C[t] * sigmoid(f_s[t], derivative=True)
        dW_f += np.outer(df, x_s[t])
        dW_i += np.outer(di, x_s[t])
        dW_g += np.outer(dg, x_s[t])
        dW_o += np.outer(do, x_s[t])
        db_f += df
        db_i += di
        db_g += dg
        db_o += do
        dz = np.dot(W_f.T, df) + np.dot(W_i.T, di) + np.dot(W_g.T, dg) + np.dot(W_o.T, do)
        dh_next = dz[:n]
        dC_next = sigmoid(f_s[t]) * dC
    return grads


NAMES = ("W_f", "W_i", "W_g", "W_o", "W_v", "b_f", "b_i", "b_g", "b_o", "b_v")


def loss(params, inputs):
    p = [params[k] for k in NAMES]
    y_s = forward(inputs["x"], inputs["h0"], inputs["C0"], p)[-1]
    return -np.sum(inputs["targets"] * np.log(np.array(y_s)))


def backward(params, inputs):
    p = [params[k] for k in NAMES]
    saved = forward(inputs["x"], inputs["h0"], inputs["C0"], p)
    return dict(zip(NAMES, backward_pass(saved, inputs["targets"], p)))


def example(rng):
    T, D, H, K = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {}
    for k in "figo":
        params["W_" + k] = rng.normal(size=(H, H + D))
        params["b_" + k] = rng.normal(size=H)
    params["W_v"] = rng.normal(size=(K, H))
    params["b_v"] = rng.normal(size=K)
    inputs = {
        "x": rng.normal(size=(T, D)),
        "h0": rng.normal(size=H),
        "C0": rng.normal(size=H),
        "targets": np.eye(K, dtype=int)[rng.integers(K, size=T)],
    }
    return params, inputs
