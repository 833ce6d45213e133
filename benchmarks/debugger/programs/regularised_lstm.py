# LSTM with a forget bias of 1 added in the forward, and weight decay on the matrices
import numpy as np

FORGET_BIAS = 1.0
WEIGHT_DECAY = 0.05


def sigmoid(x):
    return 1. / (1. + np.exp(-x))


def init_grads(params):
    return {'d' + key: np.zeros_like(val) for key, val in params.items()}


def forward(params, X):
    n_steps, n_batch, _ = X.shape
    n_h = params['Whj'].shape[0]
    cache = {'h': [np.zeros((n_batch, n_h))], 'c': [np.zeros((n_batch, n_h))],
             'i': [], 'j': [], 'f': [], 'o': []}
    for t in range(n_steps):
        h_prev, c_prev = cache['h'][-1], cache['c'][-1]
        i = sigmoid(X[t].dot(params['Wxi']) + h_prev.dot(params['Whi']) + params['bi'])
        j = np.tanh(X[t].dot(params['Wxj']) + h_prev.dot(params['Whj']) + params['bj'])
        f = sigmoid(X[t].dot(params['Wxf']) + h_prev.dot(params['Whf']) + params['bf'] + FORGET_BIAS)
        o = sigmoid(X[t].dot(params['Wxo']) + h_prev.dot(params['Who']) + params['bo'])
        c = c_prev * f + i * j
        cache['h'].append(np.tanh(c) * o)
        cache['c'].append(c)
        for key, val in zip('ijfo', (i, j, f, o)):
            cache[key].append(val)
    return cache


def backprop(params, X, cache, dH):
    grads = init_grads(params)
    n_steps = X.shape[0]
    delta_h = np.zeros_like(cache['h'][0])
    delta_c = np.zeros_like(cache['c'][0])
    for t in range(n_steps)[::-1]:
        i, j, f, o = (cache[key][t] for key in 'ijfo')
        h_prev, c_prev = cache['h'][t], cache['c'][t]
        tanh_c = np.tanh(cache['c'][t + 1])
        delta_h = delta_h + dH[t]
        delta_o = delta_h * tanh_c * o * (1 - o)
        delta_c = delta_c + delta_h * o * (1 - tanh_c ** 2)
        delta_f = delta_c * c_prev * f * (1 - f)
        delta_i = delta_c * j * i * (1 - i)
        delta_j = delta_c * i * (1 - j ** 2)
        delta_h = np.zeros_like(delta_h)
        for key, delta in (('i', delta_i), ('j', delta_j), ('f', delta_f), ('o', delta_o)):
            grads['dWx' + key] += X[t].T.dot(delta)
            grads['dWh' + key] += h_prev.T.dot(delta)
            grads['db' + key] += delta.sum(axis=0)
            delta_h += delta.dot(params['Wh' + key].T)
        delta_c = delta_c * f
    for key in params:
        if key.startswith('W'):
            grads['d' + key] += WEIGHT_DECAY * params[key]
    return grads


def loss(params, inputs):
    cache = forward(params, inputs['X'])
    data = np.sum(np.array(cache['h'][1:]) * inputs['dH'])
    decay = sum(np.sum(w ** 2) for name, w in params.items() if name.startswith('W'))
    return data + 0.5 * WEIGHT_DECAY * decay


def backward(params, inputs):
    grads = backprop(params, inputs['X'], forward(params, inputs['X']), inputs['dH'])
    return {name[1:]: g for name, g in grads.items()}


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {}
    for k in 'ijfo':
        params['Wx' + k] = rng.normal(size=(D, H))
        params['Wh' + k] = rng.normal(size=(H, H))
        params['b' + k] = rng.normal(size=H)
    return params, {'X': rng.normal(size=(T, B, D)), 'dH': rng.normal(size=(T, B, H))}
