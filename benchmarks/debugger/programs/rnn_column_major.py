"""Basic RNN over (n_x, m, T_x) arrays, with a cell function and a list of caches."""
import numpy as np


def rnn_cell_forward(xt, a_prev, parameters):
    Wax = parameters["Wax"]
    Waa = parameters["Waa"]
    ba = parameters["ba"]
    a_next = np.tanh(np.dot(Wax, xt) + np.dot(Waa, a_prev) + ba)
    cache = (a_next, a_prev, xt, parameters)
    return a_next, cache


def rnn_forward(x, a0, parameters):
    caches = []
    n_x, m, T_x = x.shape
    a = np.zeros((a0.shape[0], m, T_x))
    a_next = a0
    for t in range(T_x):
        a_next, cache = rnn_cell_forward(x[:, :, t], a_next, parameters)
        a[:, :, t] = a_next
        caches.append(cache)
    return a, (caches, x)


def rnn_cell_backward(da_next, cache):
    (a_next, a_prev, xt, parameters) = cache
    Wax = parameters["Wax"]
    Waa = parameters["Waa"]
    dtanh = (1 - a_next * a_next) * da_next
    dxt = np.dot(Wax.T, dtanh)
    dWax = np.dot(dtanh, xt.T)
    da_prev = np.dot(Waa.T, dtanh)
    dWaa = np.dot(dtanh, a_prev.T)
    dba = np.sum(dtanh, axis=1, keepdims=True)
    return {"dxt": dxt, "da_prev": da_prev, "dWax": dWax, "dWaa": dWaa, "dba": dba}


def rnn_backward(da, caches):
    (caches, x) = caches
    (a1, a0, x1, parameters) = caches[0]
    n_a, m, T_x = da.shape
    n_x, m = x1.shape
    dx = np.zeros((n_x, m, T_x))
    dWax = np.zeros((n_a, n_x))
    dWaa = np.zeros((n_a, n_a))
    dba = np.zeros((n_a, 1))
    da_prevt = np.zeros((n_a, m))
    for t in reversed(range(T_x)):
        gradients = rnn_cell_backward(da[:, :, t] + da_prevt, caches[t])
        da_prevt = gradients["da_prev"]
        dx[:, :, t] = gradients["dxt"]
        dWax += gradients["dWax"]
        dWaa += gradients["dWaa"]
        dba += gradients["dba"]
    da0 = da_prevt
    return {"x": dx, "a0": da0, "Wax": dWax, "Waa": dWaa, "ba": dba}


def output(a, parameters):
    z = np.einsum("ya,amt->ymt", parameters["Wya"], a) + parameters["by"][:, :, None]
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


def loss(params, inputs):
    a, _ = rnn_forward(inputs["x"], inputs["a0"], params)
    return -np.sum(inputs["y"] * np.log(output(a, params))) / inputs["x"].shape[1]


def backward(params, inputs):
    a, caches = rnn_forward(inputs["x"], inputs["a0"], params)
    dz = (output(a, params) - inputs["y"]) / inputs["x"].shape[1]
    grads = rnn_backward(np.einsum("ya,ymt->amt", params["Wya"], dz), caches)
    grads["Wya"] = np.einsum("ymt,amt->ya", dz, a)
    grads["by"] = dz.sum(axis=(1, 2))[:, None]
    return grads


def example(rng):
    T_x, m, n_x, n_a, n_y = (int(k) for k in rng.permutation([3, 4, 5, 6, 7]))
    params = {
        "Wax": rng.normal(size=(n_a, n_x)),
        "Waa": rng.normal(size=(n_a, n_a)),
        "ba": rng.normal(size=(n_a, 1)),
        "Wya": rng.normal(size=(n_y, n_a)),
        "by": rng.normal(size=(n_y, 1)),
    }
    labels = rng.integers(n_y, size=(m, T_x))
    inputs = {
        "x": rng.normal(size=(n_x, m, T_x)),
        "a0": rng.normal(size=(n_a, m)),
        "y": (np.arange(n_y)[:, None, None] == labels).astype(int),
    }
    return params, inputs
