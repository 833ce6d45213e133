# LSTM that reads a sequence and predicts one vector (many-to-one regression).
#
# x has shape (T, N, D), time comes first.
# Names as in the lecture: W_* acts on the input, U_* on the hidden state, b_* is the bias,
# f = forget gate, i = input gate, o = output gate, c = candidate ("c tilde")
import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def init_params(rng, D, H, K, scale=1.0):
    params = {}
    for gate in ["f", "i", "o", "c"]:
        params["W_" + gate] = scale * rng.standard_normal((D, H))
        params["U_" + gate] = scale * rng.standard_normal((H, H))
        params["b_" + gate] = scale * rng.standard_normal(H)
    params["W_y"] = scale * rng.standard_normal((H, K))
    params["b_y"] = scale * rng.standard_normal(K)
    return params


def lstm_forward(x, h0, c0, params):
    T, N, D = x.shape
    H = h0.shape[1]

    # one row more than there are steps: h[-1] is the initial state, so h[t - 1] works at t = 0
    h = np.zeros((T + 1, N, H))
    c = np.zeros((T + 1, N, H))
    h[-1] = h0
    c[-1] = c0
    f = np.zeros((T, N, H))
    i = np.zeros((T, N, H))
    o = np.zeros((T, N, H))
    c_tilde = np.zeros((T, N, H))

    for t in range(T):
        f[t] = sigmoid(x[t] @ params["W_f"] + h[t - 1] @ params["U_f"] + params["b_f"])
        i[t] = sigmoid(x[t] @ params["W_i"] + h[t - 1] @ params["U_i"] + params["b_i"])
        o[t] = sigmoid(x[t] @ params["W_o"] + h[t - 1] @ params["U_o"] + params["b_o"])
        c_tilde[t] = np.tanh(x[t] @ params["W_c"] + h[t - 1] @ params["U_c"] + params["b_c"])
        c[t] = f[t] * c[t - 1] + i[t] * c_tilde[t]
        h[t] = o[t] * np.tanh(c[t])

    y_pred = h[T - 1] @ params["W_y"] + params["b_y"]
    cache = (x, h, c, f, i, o, c_tilde)
    return y_pred, cache


def mse(y_pred, y_true):
    return np.mean((y_pred - y_true) ** 2)


def lstm_backward(y_pred, y_true, cache, params):
    x, h, c, f, i, o, c_tilde = cache
    T, N, D = x.shape
    grads = {key: np.zeros_like(value) for key, value in params.items()}

    # output layer (last step only)
    dy = 2.0 * (y_pred - y_true) / y_true.size
    grads["W_y"] = h[T - 1].T @ dy
    grads["b_y"] = np.sum(dy, axis=0)

    dh_next = dy @ params["W_y"].T
    dc_next = np.zeros_like(c[0])
    for t in reversed(range(T)):
        dh = dh_next
        tanh_c = np.tanh(c[t])
        dc = dc_next + dh * o[t] * (1 - tanh_c ** 2)

        # gradients of the four pre-activations
        da_o = dh * tanh_c * o[t] * (1 - o[t])
        da_f = dc * c[t - 1] * f[t] * (1 - f[t])
        da_i = dc * c_tilde[t] * i[t] * (1 - i[t])
        da_c = dc * i[t] * (1 - c_tilde[t] ** 2)

        grads["W_f"] += x[t].T @ da_f
        grads["U_f"] += h[t - 1].T @ da_f
        grads["b_f"] += np.sum(da_f, axis=0)

        grads["W_i"] += x[t].T @ da_i
        grads["U_i"] += h[t - 1].T @ da_i
        grads["b_i"] += np.sum(da_i, axis=0)

        grads["W_o"] += x[t].T @ da_o
        grads["U_o"] += h[t - 1].T @ da_o
        grads["b_o"] += np.sum(da_o, axis=0)

        grads["W_c"] += x[t].T @ da_c
        grads["U_c"] += h[t - 1].T @ da_c
        grads["b_c"] += np.sum(da_c, axis=0)

        dh_next = (da_f @ params["U_f"].T + da_i @ params["U_i"].T
                   + da_o @ params["U_o"].T + da_c @ params["U_c"].T)
        dc_next = dc * f[t]

    grads["h0"] = dh_next
    grads["c0"] = dc_next
    return grads


def loss(params, inputs):
    y_pred, _ = lstm_forward(inputs["x"], inputs["h0"], inputs["c0"], params)
    return mse(y_pred, inputs["y"])


def backward(params, inputs):
    y_pred, cache = lstm_forward(inputs["x"], inputs["h0"], inputs["c0"], params)
    return lstm_backward(y_pred, inputs["y"], cache, params)


def example(rng):
    T, N, D, H, K = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    params = init_params(rng, D, H, K)
    inputs = {
        "x": rng.standard_normal((T, N, D)),
        "y": rng.standard_normal((N, K)),
        "h0": rng.standard_normal((N, H)),
        "c0": rng.standard_normal((N, H)),
    }
    return params, inputs
