"""Load forecast, after a notebook: sliding windows over one long series -> LSTM -> next HORIZON values.

Many-to-one: only the state after the window counts. Inputs per hour: load, temperature and a
learned vector for the hour of the day. Output = last load of the window + W_out h + b_out.
Loss: pinball (quantile) loss, smoothed, plus L2 on the kernels.
"""
import numpy as np

HORIZON = 2
QUANTILES = np.array([0.1, 0.5, 0.9])
SMOOTH = 0.3
L2 = 0.01
HOURS = 4  # a short day keeps the test fast


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def make_windows(n_total, lookback):
    """Row w holds the indices of window w; the targets start right after it."""
    starts = np.arange(n_total - lookback - HORIZON + 1)
    X_idx = starts[:, None] + np.arange(lookback)
    y_idx = starts[:, None] + lookback + np.arange(HORIZON)
    return X_idx, y_idx


def pinball(error):
    """Smooth maximum of q * e and (q - 1) * e, and its derivative by e."""
    value = QUANTILES * error + SMOOTH * np.log(1 + np.exp(-error / SMOOTH))
    slope = QUANTILES - sigmoid(-error / SMOOTH)
    return value, slope


def forward(params, load, temp, lookback):
    X_idx, y_idx = make_windows(len(load), lookback)
    hour = X_idx % HOURS
    n_win, units = len(X_idx), len(params["b_f"])
    X = np.dstack([load[X_idx], temp[X_idx], params["hour_emb"][hour]])

    h = np.zeros((n_win, units))
    c = np.zeros((n_win, units))
    history = []
    for t in range(lookback):
        inp = np.hstack([h, X[:, t, :]])
        f = sigmoid(inp @ params["W_f"] + params["b_f"])
        i = sigmoid(inp @ params["W_i"] + params["b_i"])
        o = sigmoid(inp @ params["W_o"] + params["b_o"])
        cand = np.tanh(inp @ params["W_c"] + params["b_c"])
        c_new = f * c + i * cand
        history.append(dict(inp=inp, f=f, i=i, o=o, cand=cand, c_old=c, c=c_new))
        c = c_new
        h = o * np.tanh(c)

    out = (h @ params["W_out"] + params["b_out"]).reshape(n_win, HORIZON, len(QUANTILES))
    pred = load[X_idx[:, -1]][:, None, None] + out
    value, slope = pinball(load[y_idx][:, :, None] - pred)
    cost = value.mean() + L2 * sum((params["W_" + g] ** 2).sum() for g in "fioc")
    return cost, (X_idx, y_idx, hour, h, slope, history)


def backprop(params, load, temp, lookback):
    _, (X_idx, y_idx, hour, h, slope, history) = forward(params, load, temp, lookback)
    n_win, units = h.shape
    grad = {name: np.zeros_like(p) for name, p in params.items()}
    grad["load"], grad["temp"] = np.zeros_like(load), np.zeros_like(temp)

    d_err = slope / slope.size
    np.add.at(grad["load"], y_idx, d_err.sum(axis=2))
    np.add.at(grad["load"], X_idx[:, -1], -d_err.sum(axis=(1, 2)))
    d_out = -d_err.reshape(n_win, -1)
    grad["W_out"] = h.T @ d_out
    grad["b_out"] = d_out.sum(axis=0)

    dh = d_out @ params["W_out"].T
    dc = np.zeros_like(dh)
    for t in reversed(range(lookback)):
        s = history[t]
        tanh_c = np.tanh(s["c"])
        dc += dh * s["o"] * (1 - tanh_c ** 2)
        pre = {
            "f": dc * s["c_old"] * s["f"] * (1 - s["f"]),
            "i": dc * s["cand"] * s["i"] * (1 - s["i"]),
            "o": dh * tanh_c * s["o"] * (1 - s["o"]),
            "c": dc * s["i"] * (1 - s["cand"] ** 2),
        }
        d_inp = np.zeros_like(s["inp"])
        for g, d in pre.items():
            grad["W_" + g] += s["inp"].T @ d
            grad["b_" + g] += d.sum(axis=0)
            d_inp += d @ params["W_" + g].T
        dh = d_inp[:, :units]
        dc = dc * s["f"]
        np.add.at(grad["load"], X_idx[:, t], d_inp[:, units])
        np.add.at(grad["temp"], X_idx[:, t], d_inp[:, units + 1])
        np.add.at(grad["hour_emb"], hour[:, t], d_inp[:, units + 2:])
    for g in "fioc":
        grad["W_" + g] += 2 * L2 * params["W_" + g]
    return grad


def loss(params, inputs):
    return forward(params, inputs["load"], inputs["temp"], int(inputs["lookback"]))[0]


def backward(params, inputs):
    return backprop(params, inputs["load"], inputs["temp"], int(inputs["lookback"]))


def example(rng):
    lookback, units, emb = (int(k) for k in rng.permutation([3, 4, 5]))
    outputs = HORIZON * len(QUANTILES)
    params = {"hour_emb": rng.normal(size=(HOURS, emb)), "b_out": rng.normal(size=outputs),
              "W_out": rng.normal(size=(units, outputs))}
    for g in "fioc":
        params["W_" + g] = rng.normal(size=(units + 2 + emb, units))
        params["b_" + g] = rng.normal(size=units)
    n = lookback + HORIZON + 6
    return params, {"load": rng.normal(size=n), "temp": rng.normal(size=n),
                    "lookback": np.array(lookback)}
