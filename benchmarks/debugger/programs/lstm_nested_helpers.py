import numpy as np


def lstm_loss_and_grads(W, b, Wout, x, y, need_grads=True):
    """W: (D + H, 4H) in the order f, i, c, o. x: (B, T, D). y: (B, T) targets."""
    B, T, D = x.shape
    H = W.shape[1] // 4

    def sigmoid(a):
        return 1.0 / (1.0 + np.exp(-a))

    def gate(a, k):
        return a[:, k * H:(k + 1) * H]

    h = np.zeros((B, H))
    c = np.zeros((B, H))
    trace = []
    total = 0.0
    for t in range(T):
        inp = np.concatenate([x[:, t], h], axis=1)
        a = inp @ W + b
        f, i, g, o = sigmoid(gate(a, 0)), sigmoid(gate(a, 1)), np.tanh(gate(a, 2)), sigmoid(gate(a, 3))
        c_old = c
        c = f * c + i * g
        h = o * np.tanh(c)
        err = h @ Wout - y[:, t]
        total += 0.5 * np.dot(err, err)
        trace.append((inp, f, i, g, o, c_old, c, h, err))
    if not need_grads:
        return total

    dW, db, dWout = np.zeros_like(W), np.zeros_like(b), np.zeros_like(Wout)

    def dsig(s):
        return s * (1 - s)

    def dtanh(s):
        return 1 - s ** 2

    def through_gates(dh, dc, step):
        inp, f, i, g, o, c_old, c_new, _, _ = step
        tc = np.tanh(c_new)
        dc = dc + dh * o * dtanh(tc)
        da = np.concatenate(
            [dc * c_old * dsig(f), dc * g * dsig(i), dc * i * dtanh(g), dh * tc * dsig(o)], axis=1)
        return da, dc * f

    def accumulate(da, inp):
        nonlocal dW, db
        dW = dW + inp.T @ da
        db = db + da.sum(axis=0)
        return da @ W.T

    dh = np.zeros((B, H))
    dc = np.zeros((B, H))
    dx = np.zeros_like(x)
    for t in reversed(range(T)):
        err, h_t = trace[t][8], trace[t][7]
        dWout += h_t.T @ err
        dh = dh + np.outer(err, Wout)
        da, dc = through_gates(dh, dc, trace[t])
        dinp = accumulate(da, trace[t][0])
        dx[:, t] = dinp[:, :D]
        dh = dinp[:, D:]
    return total, {"W": dW, "b": db, "Wout": dWout, "x": dx}


def loss(params, inputs):
    return lstm_loss_and_grads(**params, **inputs, need_grads=False)


def backward(params, inputs):
    return lstm_loss_and_grads(**params, **inputs)[1]


def example(rng):
    B, T, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {
        "W": rng.normal(size=(D + H, 4 * H)),
        "b": rng.normal(size=4 * H),
        "Wout": rng.normal(size=H),
    }
    return params, {"x": rng.normal(size=(B, T, D)), "y": rng.normal(size=(B, T))}
