"""LSTM with dropout on the inputs (fresh every step) and on the recurrent state (one mask)."""
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class DropoutLSTM(object):
    def __init__(self, params, keep_prob):
        self.p = params
        self.keep_prob = keep_prob

    def forward(self, x, x_mask, h_mask):
        p = self.p
        self.x_drop = x * x_mask / self.keep_prob
        self.h_scale = h_mask / self.keep_prob
        B, T, D = x.shape
        H = p['b'].shape[0] // 4
        h = np.zeros((B, H))
        c = np.zeros((B, H))
        self.tape = []
        outputs = []
        for t in range(T):
            h_drop = h * self.h_scale
            a = np.dot(self.x_drop[:, t], p['Wx']) + np.dot(h_drop, p['Wh']) + p['b']
            i = sigmoid(a[:, :H])
            f = sigmoid(a[:, H:2 * H])
            o = sigmoid(a[:, 2 * H:3 * H])
            g = np.tanh(a[:, 3 * H:])
            c_prev, c = c, f * c + i * g
            h = o * np.tanh(c)
            self.tape.append({'h_drop': h_drop, 'i': i, 'f': f, 'o': o, 'g': g,
                              'c_prev': c_prev, 'c': c})
            outputs.append(h)
        return np.stack(outputs, axis=1)

    def backward(self, dout, x_mask):
        p = self.p
        grads = {k: np.zeros_like(v) for k, v in p.items()}
        dx = np.zeros_like(self.x_drop)
        dh_next = np.zeros_like(dout[:, 0])
        dc_next = np.zeros_like(dout[:, 0])
        for t in reversed(range(dout.shape[1])):
            s = self.tape[t]
            dh = dout[:, t] + dh_next
            tanh_c = np.tanh(s['c'])
            dc = dc_next + dh * s['o'] * (1 - tanh_c ** 2)
            da = np.hstack((
                dc * s['g'] * s['i'] * (1 - s['i']),
                dc * s['c_prev'] * s['f'] * (1 - s['f']),
                dh * tanh_c * s['o'] * (1 - s['o']),
                dc * s['i'] * (1 - s['g'] ** 2),
            ))
            grads['Wx'] += np.dot(self.x_drop[:, t].T, da)
            grads['Wh'] += np.dot(s['h_drop'].T, da)
            grads['b'] += np.sum(da, axis=0)
            dx[:, t] = np.dot(da, p['Wx'].T)
            dh_next = np.dot(da, p['Wh'].T) * self.h_scale
            dc_next = dc * s['f']
        grads['x'] = dx * x_mask / self.keep_prob
        return grads


def loss(params, inputs):
    net = DropoutLSTM(params, 0.8)
    out = net.forward(inputs['x'], inputs['x_mask'], inputs['h_mask'])
    return np.sum(out * inputs['dout'])


def backward(params, inputs):
    net = DropoutLSTM(params, 0.8)
    net.forward(inputs['x'], inputs['x_mask'], inputs['h_mask'])
    return net.backward(inputs['dout'], inputs['x_mask'])


def example(rng):
    B, T, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {
        'Wx': rng.normal(size=(D, 4 * H)),
        'Wh': rng.normal(size=(H, 4 * H)),
        'b': rng.normal(size=4 * H),
    }
    inputs = {
        'x': rng.normal(size=(B, T, D)),
        'x_mask': (rng.random((B, T, D)) < 0.8).astype(np.int64),
        'h_mask': (rng.random((B, H)) < 0.8).astype(np.int64),
        'dout': rng.normal(size=(B, T, H)),
    }
    return params, inputs
