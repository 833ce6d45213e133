"""Character LSTM whose backward goes over the loss terms and, for each, back through time."""
import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def softmax(x):
    xt = np.exp(x - np.max(x))
    return xt / np.sum(xt)


def forward_prop(x, U, W, V):
    T = len(x)
    vocab_dim, hidden_dim = V.shape
    Ui, Uf, Uo, Ug = U
    Wi, Wf, Wo, Wg = W
    i = np.zeros((T, hidden_dim))
    f = np.zeros((T, hidden_dim))
    o = np.zeros((T, hidden_dim))
    g = np.zeros((T, hidden_dim))
    ct = np.zeros((T + 1, hidden_dim))
    ht = np.zeros((T + 1, hidden_dim))
    ot = np.zeros((T, vocab_dim))
    for t in range(T):
        i[t] = sigmoid(Ui[:, x[t]] + Wi.dot(ht[t - 1]))
        f[t] = sigmoid(Uf[:, x[t]] + Wf.dot(ht[t - 1]))
        o[t] = sigmoid(Uo[:, x[t]] + Wo.dot(ht[t - 1]))
        g[t] = np.tanh(Ug[:, x[t]] + Wg.dot(ht[t - 1]))
        ct[t] = f[t] * ct[t - 1] + i[t] * g[t]
        ht[t] = o[t] * np.tanh(ct[t])
        ot[t] = softmax(V.dot(ht[t]))
    return ot, ht, ct, i, f, o, g


def cross_entropy(x, y, U, W, V):
    ot = forward_prop(x, U, W, V)[0]
    total = 0.0
    for t in range(len(y)):
        total -= np.log(ot[t, y[t]])
    return total


def bptt(x, y, U, W, V):
    T = len(y)
    ot, ht, ct, i, f, o, g = forward_prop(x, U, W, V)
    Wi, Wf, Wo, Wg = W
    dU = np.zeros(U.shape)
    dW = np.zeros(W.shape)
    dV = np.zeros(V.shape)
    delta_o = ot.copy()
    delta_o[np.arange(T), y] -= 1.0
    for t in np.arange(T)[::-1]:
        dV += np.outer(delta_o[t], ht[t])
        dht = V.T.dot(delta_o[t])
        dct = np.zeros(ct.shape)
        dct[t] = dht * o[t] * (1 - np.tanh(ct[t]) ** 2)
        dc = dct[t]
        for bptt_step in np.arange(0, t + 1)[::-1]:
            do = dht * np.tanh(ct[bptt_step]) * o[bptt_step] * (1 - o[bptt_step])
            di = dc * g[bptt_step] * i[bptt_step] * (1 - i[bptt_step])
            df = dc * ct[bptt_step - 1] * f[bptt_step] * (1 - f[bptt_step])
            dg = dc * i[bptt_step] * (1 - g[bptt_step] ** 2)
            dU[0][:, x[bptt_step]] += di
            dU[1][:, x[bptt_step]] += df
            dU[2][:, x[bptt_step]] += do
            dU[3][:, x[bptt_step]] += dg
            dW[0] += np.outer(di, ht[bptt_step - 1])
            dW[1] += np.outer(df, ht[bptt_step - 1])
            dW[2] += np.outer(do, ht[bptt_step - 1])
            dW[3] += np.outer(dg, ht[bptt_step - 1])
            dht = Wi.T.dot(di) + Wf.T.dot(df) + Wo.T.dot(do) + Wg.T.dot(dg)
            dc = dc * f[bptt_step]
            dc = dc + dht * o[bptt_step - 1] * (1 - np.tanh(ct[bptt_step - 1]) ** 2)
    return dU, dW, dV


def loss(params, inputs):
    return cross_entropy(inputs["x"], inputs["y"], params["U"], params["W"], params["V"])


def backward(params, inputs):
    dU, dW, dV = bptt(inputs["x"], inputs["y"], params["U"], params["W"], params["V"])
    return {"U": dU, "W": dW, "V": dV}


def example(rng):
    T, H, K = (int(n) for n in rng.permutation([4, 5, 6]))
    params = {
        "U": rng.normal(size=(4, H, K)),
        "W": rng.normal(size=(4, H, H)) * 0.8,
        "V": rng.normal(size=(K, H)),
    }
    return params, {"x": rng.integers(0, K, size=T), "y": rng.integers(0, K, size=T)}
