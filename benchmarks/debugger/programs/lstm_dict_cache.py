# Character LSTM, everything kept in dictionaries by time step.
import numpy as np


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def forward_backward(data, labels, h_init, C_init, p):
    H = h_init.shape[0]
    X = p["Wy"].shape[0]
    x_s, z_s, f_s, i_s = {}, {}, {}, {}
    C_bar_s, C_s, o_s, h_s = {}, {}, {}, {}
    y_s = {}
    h_s[-1] = h_init.copy()
    C_s[-1] = C_init.copy()
    loss = 0.0
    for t in range(len(data)):
        x_s[t] = np.zeros((X, 1))
        x_s[t][data[t]] = 1
        z_s[t] = np.vstack((h_s[t - 1], x_s[t]))
        f_s[t] = sigmoid(np.dot(p["Wf"], z_s[t]) + p["bf"])
        i_s[t] = sigmoid(np.dot(p["Wi"], z_s[t]) + p["bi"])
        C_bar_s[t] = np.tanh(np.dot(p["WC"], z_s[t]) + p["bC"])
        C_s[t] = f_s[t] * C_s[t - 1] + i_s[t] * C_bar_s[t]
        o_s[t] = sigmoid(np.dot(p["Wo"], z_s[t]) + p["bo"])
        h_s[t] = o_s[t] * np.tanh(C_s[t])
        v = np.dot(p["Wy"], h_s[t]) + p["by"]
        y_s[t] = np.exp(v) / np.sum(np.exp(v))
        loss += -np.log(y_s[t][labels[t], 0])

    d = {k: np.zeros_like(w) for k, w in p.items()}
    dh_next = np.zeros_like(h_s[0])
    dC_next = np.zeros_like(C_s[0])
    for t in reversed(range(len(data))):
        dv = np.copy(y_s[t])
        dv[labels[t]] -= 1
        d["Wy"] += np.dot(dv, h_s[t].T)
        d["by"] += dv
        dh = np.dot(p["Wy"].T, dv)
        dh += dh_next
        do = dh * np.tanh(C_s[t])
        do = do * o_s[t] * (1 - o_s[t])
        d["Wo"] += np.dot(do, z_s[t].T)
        d["bo"] += do
        dC = np.copy(dC_next)
        dC += dh * o_s[t] * (1 - np.tanh(C_s[t]) ** 2)
        dC_bar = dC * i_s[t]
        dC_bar = (1 - C_bar_s[t] ** 2) * dC_bar
        d["WC"] += np.dot(dC_bar, z_s[t].T)
        d["bC"] += dC_bar
        di = dC * C_bar_s[t]
        di = i_s[t] * (1 - i_s[t]) * di
        d["Wi"] += np.dot(di, z_s[t].T)
        d["bi"] += di
        df = dC * C_s[t - 1]
        df = f_s[t] * (1 - f_s[t]) * df
        d["Wf"] += np.dot(df, z_s[t].T)
        d["bf"] += df
        dz = (np.dot(p["Wf"].T, df) + np.dot(p["Wi"].T, di)
              + np.dot(p["WC"].T, dC_bar) + np.dot(p["Wo"].T, do))
        dh_next = dz[:H, :]
        dC_next = f_s[t] * dC
    d["h_init"] = dh_next
    d["C_init"] = dC_next
    return loss, d


def loss(params, inputs):
    return forward_backward(inputs["data"], inputs["labels"],
                            inputs["h_init"], inputs["C_init"], params)[0]


def backward(params, inputs):
    return forward_backward(inputs["data"], inputs["labels"],
                            inputs["h_init"], inputs["C_init"], params)[1]


def example(rng):
    T, H, X = (int(n) for n in rng.permutation([4, 5, 6]))
    params = {}
    for gate in ("f", "i", "C", "o"):
        params["W" + gate] = rng.normal(size=(H, H + X))
        params["b" + gate] = rng.normal(size=(H, 1))
    params["Wy"] = rng.normal(size=(X, H))
    params["by"] = rng.normal(size=(X, 1))
    inputs = {
        "data": rng.integers(X, size=T),
        "labels": rng.integers(X, size=T),
        "h_init": rng.normal(size=(H, 1)),
        "C_init": rng.normal(size=(H, 1)),
    }
    return params, inputs
