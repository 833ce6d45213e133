# Week 1, my own GRU version of the "Building your RNN step by step" notebook
import numpy as np


def softmax(x):
    e_x = np.exp(x - np.max(x, axis=0))
    return e_x / e_x.sum(axis=0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru_cell_forward(xt, c_prev, parameters):
    Wu, bu = parameters["Wu"], parameters["bu"]
    Wr, br = parameters["Wr"], parameters["br"]
    Wc, bc = parameters["Wc"], parameters["bc"]
    Wy, by = parameters["Wy"], parameters["by"]

    concat = np.concatenate((c_prev, xt), axis=0)
    ut = sigmoid(np.dot(Wu, concat) + bu)
    rt = sigmoid(np.dot(Wr, concat) + br)
    concat_r = np.concatenate((rt * c_prev, xt), axis=0)
    cct = np.tanh(np.dot(Wc, concat_r) + bc)
    c_next = ut * cct + (1 - ut) * c_prev
    yt_pred = softmax(np.dot(Wy, c_next) + by)

    cache = (c_next, c_prev, ut, rt, cct, concat, concat_r, xt, parameters)
    return c_next, yt_pred, cache


def gru_forward(x, c0, parameters):
    caches = []
    n_x, m, T_x = x.shape
    n_y, n_c = parameters["Wy"].shape
    c = np.zeros((n_c, m, T_x))
    y = np.zeros((n_y, m, T_x))
    c_next = c0
    for t in range(T_x):
        c_next, yt_pred, cache = gru_cell_forward(x[:, :, t], c_next, parameters)
        c[:, :, t] = c_next
        y[:, :, t] = yt_pred
        caches.append(cache)
    return c, y, caches


def gru_cell_backward(dc_next, cache):
    (c_next, c_prev, ut, rt, cct, concat, concat_r, xt, parameters) = cache
    n_c, m = c_next.shape

    # gates
    dcct = dc_next * ut * (1 - cct ** 2)
    dut = dc_next * (cct - c_prev) * ut * (1 - ut)
    dconcat_r = np.dot(parameters["Wc"].T, dcct)
    drt = dconcat_r[:n_c, :] * c_prev * rt * (1 - rt)

    # parameters
    dWc = np.dot(dcct, concat_r.T)
    dWu = np.dot(dut, concat.T)
    dWr = np.dot(drt, concat.T)
    dbc = np.sum(dcct, axis=1, keepdims=True)
    dbu = np.sum(dut, axis=1, keepdims=True)
    dbr = np.sum(drt, axis=1, keepdims=True)

    # previous state and input
    dconcat = np.dot(parameters["Wu"].T, dut) + np.dot(parameters["Wr"].T, drt)
    dc_prev = dconcat[:n_c, :] + rt * dconcat_r[:n_c, :] + (1 - ut) * dc_next
    dxt = dconcat[n_c:, :] + dconcat_r[n_c:, :]

    return {"dxt": dxt, "dc_prev": dc_prev, "dWu": dWu, "dbu": dbu,
            "dWr": dWr, "dbr": dbr, "dWc": dWc, "dbc": dbc}


def gru_backward(y_true, y, caches):
    (c1, c0, u1, r1, cc1, concat1, concat_r1, x1, parameters) = caches[0]
    n_y, m, T_x = y.shape
    n_c, n_x = c1.shape[0], x1.shape[0]

    dx = np.zeros((n_x, m, T_x))
    dc_prevt = np.zeros((n_c, m))
    grads = {"d" + name: np.zeros_like(value) for name, value in parameters.items()}

    for t in reversed(range(T_x)):
        dy = (y[:, :, t] - y_true[:, :, t]) / m
        grads["dWy"] += np.dot(dy, caches[t][0].T)
        grads["dby"] += np.sum(dy, axis=1, keepdims=True)
        dc = np.dot(parameters["Wy"].T, dy)
        gradients = gru_cell_backward(dc + dc_prevt, caches[t])
        dc_prevt = gradients["dc_prev"]
        dx[:, :, t] = gradients["dxt"]
        for name in ("dWu", "dWr", "dWc", "dbu", "dbr", "dbc"):
            grads[name] += gradients[name]

    grads["dc0"] = dc_prevt
    grads["dx"] = dx
    return grads


def loss(params, inputs):
    _, y, _ = gru_forward(inputs["x"], inputs["c0"], params)
    return float(-np.sum(inputs["y"] * np.log(y)) / y.shape[1])


def backward(params, inputs):
    _, y, caches = gru_forward(inputs["x"], inputs["c0"], params)
    grads = gru_backward(inputs["y"], y, caches)
    return {name[1:]: value for name, value in grads.items()}


def example(rng):
    n_c = int(rng.integers(2, 4))
    n_x, m, T_x, n_y = n_c + 1, int(rng.integers(2, 4)), int(rng.integers(3, 6)), int(rng.integers(3, 5))
    params = {}
    for gate in "urc":
        params["W" + gate] = rng.standard_normal((n_c, n_c + n_x))
        params["b" + gate] = rng.standard_normal((n_c, 1))
    params["Wy"] = rng.standard_normal((n_y, n_c))
    params["by"] = rng.standard_normal((n_y, 1))
    y = np.eye(n_y)[rng.integers(0, n_y, (m, T_x))].transpose(2, 0, 1)
    return params, {"x": rng.standard_normal((n_x, m, T_x)), "c0": rng.standard_normal((n_c, m)), "y": y}
