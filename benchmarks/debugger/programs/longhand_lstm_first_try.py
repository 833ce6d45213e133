# My first LSTM. I write down every single operation, then go through them backwards one by one.
import numpy as np


def forward_pass(params, inputs):
    X = inputs["X"]
    number_of_steps = X.shape[0]
    memory = []
    h, c = inputs["h_start"], inputs["c_start"]
    total_error = 0.0
    for t in range(number_of_steps):
        v = {}
        v["h_and_x"] = np.hstack([h, X[t]])
        v["c_old"] = c
        for gate in ["forget", "input", "output", "cand"]:
            both = np.dot(v["h_and_x"], params["W_" + gate]) + params["b_" + gate]
            if gate == "cand":
                v[gate] = np.tanh(both)
            else:
                v[gate] = 1 / (1 + np.exp(-both))
        v["c_new"] = v["forget"] * v["c_old"] + v["input"] * v["cand"]
        v["c_squashed"] = np.tanh(v["c_new"])
        v["h_new"] = v["output"] * v["c_squashed"]
        v["prediction"] = np.dot(v["h_new"], params["W_out"]) + params["b_out"]
        v["difference"] = v["prediction"] - inputs["Y"][t]
        total_error = total_error + np.mean(v["difference"] ** 2)
        h, c = v["h_new"], v["c_new"]
        memory.append(v)
    return total_error / number_of_steps, memory


def backward_pass(params, inputs, memory):
    number_of_steps = len(memory)
    gradient = {}
    for name in params:
        gradient[name] = np.zeros(params[name].shape)
    gradient["X"] = np.zeros(inputs["X"].shape)
    grad_h_from_future = np.zeros(inputs["h_start"].shape)
    grad_c_from_future = np.zeros(inputs["c_start"].shape)
    t = number_of_steps - 1
    while t >= 0:
        v = memory[t]
        grad_prediction = 2 * v["difference"] / v["difference"].size / number_of_steps
        # prediction -> hidden state
        gradient["W_out"] += np.dot(v["h_new"].T, grad_prediction)
        gradient["b_out"] += np.sum(grad_prediction, axis=0)
        grad_h_new = np.dot(grad_prediction, params["W_out"].T)
        grad_h_new = grad_h_new + grad_h_from_future
        # hidden state -> output gate and cell
        grad_output = grad_h_new * v["c_squashed"]
        grad_c_squashed = grad_h_new * v["output"]
        grad_c_new = grad_c_squashed * (1 - v["c_squashed"] ** 2)
        grad_c_new = grad_c_new + grad_c_from_future
        # cell -> the gates and the old cell
        grad_forget = grad_c_new * v["c_old"]
        grad_c_old = grad_c_new * v["forget"]
        grad_input = grad_c_new * v["cand"]
        grad_cand = grad_c_new * v["input"]
        # through the squashing functions
        grad_both_forget = grad_forget * v["forget"] * (1 - v["forget"])
        grad_both_input = grad_input * v["input"] * (1 - v["input"])
        grad_both_output = grad_output * v["output"] * (1 - v["output"])
        grad_both_cand = grad_cand * (1 - v["cand"] ** 2)
        gradient["W_forget"] += np.dot(v["h_and_x"].T, grad_both_forget)
        gradient["W_input"] += np.dot(v["h_and_x"].T, grad_both_input)
        gradient["W_output"] += np.dot(v["h_and_x"].T, grad_both_output)
        gradient["W_cand"] += np.dot(v["h_and_x"].T, grad_both_cand)
        gradient["b_forget"] += np.sum(grad_both_forget, axis=0)
        gradient["b_input"] += np.sum(grad_both_input, axis=0)
        gradient["b_output"] += np.sum(grad_both_output, axis=0)
        gradient["b_cand"] += np.sum(grad_both_cand, axis=0)
        # old hidden state and x
        grad_h_and_x = np.dot(grad_both_forget, params["W_forget"].T)
        grad_h_and_x += np.dot(grad_both_input, params["W_input"].T)
        grad_h_and_x += np.dot(grad_both_output, params["W_output"].T)
        grad_h_and_x += np.dot(grad_both_cand, params["W_cand"].T)
        n_hidden = grad_h_new.shape[1]
        grad_h_old = grad_h_and_x[:, :n_hidden]
        grad_x = grad_h_and_x[:, n_hidden:]
        gradient["X"][t] = grad_x
        grad_h_from_future = grad_h_old
        grad_c_from_future = grad_c_old
        t = t - 1
    gradient["h_start"] = grad_h_from_future
    gradient["c_start"] = grad_c_from_future
    return gradient


def loss(params, inputs):
    return float(forward_pass(params, inputs)[0])


def backward(params, inputs):
    error, memory = forward_pass(params, inputs)
    return backward_pass(params, inputs, memory)


def example(rng):
    steps, batch, n_in, n_hidden, n_out = (int(rng.integers(a, b)) for a, b in [(3, 6), (2, 4), (2, 4), (3, 5), (1, 3)])
    params = {}
    for gate in ["forget", "input", "output", "cand"]:
        params["W_" + gate] = rng.normal(size=(n_hidden + n_in, n_hidden))
        params["b_" + gate] = rng.normal(size=n_hidden)
    params["W_out"] = rng.normal(size=(n_hidden, n_out))
    params["b_out"] = rng.normal(size=n_out)
    return params, {"X": rng.normal(size=(steps, batch, n_in)), "Y": rng.normal(size=(steps, batch, n_out)),
                    "h_start": rng.normal(size=(batch, n_hidden)), "c_start": rng.normal(size=(batch, n_hidden))}
