"""Peephole LSTM in the way of the programming assignments: cell_forward, forward, cell_backward, backward."""
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def cell_forward(xt, a_prev, c_prev, parameters):
    concat = np.concatenate((a_prev, xt), axis=0)
    ft = sigmoid(parameters["Wf"] @ concat + parameters["pf"] * c_prev + parameters["bf"])
    it = sigmoid(parameters["Wi"] @ concat + parameters["pi"] * c_prev + parameters["bi"])
    cct = np.tanh(parameters["Wc"] @ concat + parameters["bc"])
    c_next = ft * c_prev + it * cct
    ot = sigmoid(parameters["Wo"] @ concat + parameters["po"] * c_next + parameters["bo"])
    a_next = ot * np.tanh(c_next)
    cache = (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, concat)
    return a_next, c_next, cache


def rnn_forward(x, a0, c0, parameters):
    a, c, caches = a0, c0, []
    y = []
    for t in range(x.shape[2]):
        a, c, cache = cell_forward(x[:, :, t], a, c, parameters)
        caches.append(cache)
        y.append(a)
    return np.stack(y, axis=2), caches


def cell_backward(da_next, dc_next, cache, parameters):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, concat = cache
    n_a = a_next.shape[0]
    tc = np.tanh(c_next)
    dot = da_next * tc * ot * (1 - ot)
    dc = dc_next + da_next * ot * (1 - tc ** 2) + parameters["po"] * dot
    dft = dc * c_prev * ft * (1 - ft)
    dit = dc * cct * it * (1 - it)
    dcct = dc * it * (1 - cct ** 2)
    gradients = {}
    for gate, d in zip("fico", (dft, dit, dcct, dot)):
        gradients["dW" + gate] = d @ concat.T
        gradients["db" + gate] = d.sum(axis=1, keepdims=True)
    gradients["dpf"] = (dft * c_prev).sum(axis=1, keepdims=True)
    gradients["dpi"] = (dit * c_prev).sum(axis=1, keepdims=True)
    gradients["dpo"] = (dot * c_next).sum(axis=1, keepdims=True)
    dconcat = (parameters["Wf"].T @ dft + parameters["Wi"].T @ dit
               + parameters["Wc"].T @ dcct + parameters["Wo"].T @ dot)
    gradients["da_prev"] = dconcat[:n_a]
    gradients["dxt"] = dconcat[n_a:]
    gradients["dc_prev"] = dc * ft + parameters["pf"] * dft + parameters["pi"] * dit
    return gradients


def rnn_backward(da, caches, parameters):
    n_a, m, T_x = da.shape
    total = {"d" + k: np.zeros(v.shape) for k, v in parameters.items()}
    n_x = parameters["Wf"].shape[1] - n_a
    dx = np.zeros((n_x, m, T_x))
    da_prevt = np.zeros((n_a, m))
    dc_prevt = np.zeros((n_a, m))
    for t in reversed(range(T_x)):
        gradients = cell_backward(da[:, :, t] + da_prevt, dc_prevt, caches[t], parameters)
        dx[:, :, t] = gradients["dxt"]
        da_prevt = gradients["da_prev"]
        dc_prevt = gradients["dc_prev"]
        for k in total:
            total[k] += gradients[k]
    return total, dx, da_prevt, dc_prevt


def loss(params, inputs):
    a, _ = rnn_forward(inputs["x"], inputs["a0"], inputs["c0"], params)
    return float(np.mean(np.log(np.cosh(a - inputs["goal"]))))


def backward(params, inputs):
    a, caches = rnn_forward(inputs["x"], inputs["a0"], inputs["c0"], params)
    da = np.tanh(a - inputs["goal"]) / a.size
    total, dx, da0, dc0 = rnn_backward(da, caches, params)
    return {**{k[1:]: v for k, v in total.items()}, "x": dx, "a0": da0, "c0": dc0}


def example(rng):
    n_x, m, T_x, n_a = (int(v) for v in rng.integers([5, 2, 3, 3], [7, 4, 6, 5]))
    p = {"W" + g: rng.standard_normal((n_a, n_a + n_x)) for g in "fico"}
    p.update({"b" + g: rng.standard_normal((n_a, 1)) for g in "fico"})
    p.update({"p" + g: rng.standard_normal((n_a, 1)) for g in "fio"})
    return p, {"x": rng.standard_normal((n_x, m, T_x)), "goal": rng.standard_normal((n_a, m, T_x)),
               "a0": rng.standard_normal((n_a, m)), "c0": rng.standard_normal((n_a, m))}
