import numpy as np

# binary adder, typed after the well-known 11-lines-of-python blog (plus biases and a start state)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def sigmoid_output_to_derivative(output):
    return output * (1 - output)


def add_numbers(a, b, synapse_0, synapse_h, synapse_1, bias_1, bias_2, start):
    binary_dim = len(a)
    layer_1_values = [start]
    guesses = np.zeros(binary_dim)
    for position in range(binary_dim):
        X = np.array([[a[binary_dim - position - 1], b[binary_dim - position - 1]]])
        layer_1 = sigmoid(np.dot(X, synapse_0) + np.dot(layer_1_values[-1], synapse_h) + bias_1)
        layer_2 = sigmoid(np.dot(layer_1, synapse_1) + bias_2)
        guesses[binary_dim - position - 1] = layer_2[0][0]
        layer_1_values.append(layer_1)
    return guesses, layer_1_values


def learn(a, b, c, synapse_0, synapse_h, synapse_1, bias_1, bias_2, start):
    binary_dim = len(a)
    guesses, layer_1_values = add_numbers(
        a, b, synapse_0, synapse_h, synapse_1, bias_1, bias_2, start
    )
    layer_2_deltas = []
    for position in range(binary_dim):
        guess = guesses[binary_dim - position - 1]
        layer_2_error = guess - c[binary_dim - position - 1]
        layer_2_deltas.append(np.array([[layer_2_error * sigmoid_output_to_derivative(guess)]]))

    synapse_0_update = np.zeros_like(synapse_0)
    synapse_h_update = np.zeros_like(synapse_h)
    synapse_1_update = np.zeros_like(synapse_1)
    bias_1_update = np.zeros_like(bias_1)
    bias_2_update = np.zeros_like(bias_2)
    future_layer_1_delta = np.zeros_like(start)
    for position in range(binary_dim):
        X = np.array([[a[position], b[position]]])
        layer_1 = layer_1_values[-position - 1]
        prev_layer_1 = layer_1_values[-position - 2]
        layer_2_delta = layer_2_deltas[-position - 1]
        layer_1_error = future_layer_1_delta.dot(synapse_h.T) + layer_2_delta.dot(synapse_1.T)
        layer_1_delta = layer_1_error * sigmoid_output_to_derivative(layer_1)
        synapse_1_update += np.atleast_2d(layer_1).T.dot(layer_2_delta)
        synapse_h_update += np.atleast_2d(prev_layer_1).T.dot(layer_1_delta)
        synapse_0_update += X.T.dot(layer_1_delta)
        bias_1_update += layer_1_delta
        bias_2_update += layer_2_delta
        future_layer_1_delta = layer_1_delta
    start_update = future_layer_1_delta.dot(synapse_h.T)
    return (synapse_0_update, synapse_h_update, synapse_1_update,
            bias_1_update, bias_2_update, start_update)


NAMES = ("synapse_0", "synapse_h", "synapse_1", "bias_1", "bias_2", "start")


def loss(params, inputs):
    guesses, _ = add_numbers(inputs["a"], inputs["b"], *[params[n] for n in NAMES])
    return float(0.5 * np.sum((guesses - inputs["c"]) ** 2))


def backward(params, inputs):
    updates = learn(inputs["a"], inputs["b"], inputs["c"], *[params[n] for n in NAMES])
    return dict(zip(NAMES, updates))


def example(rng):
    T, H = rng.integers(3, 6), rng.integers(3, 6)
    shapes = [(2, H), (H, H), (H, 1), (1, H), (1, 1), (1, H)]
    params = {n: rng.normal(size=s) for n, s in zip(NAMES, shapes)}
    inputs = {k: rng.integers(0, 2, T) + 0.2 * rng.normal(size=T) for k in "abc"}
    return params, inputs
