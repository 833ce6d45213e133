"""Copy task with an external memory: LSTM controller, one content-addressed head that erases,
adds and then reads. One sequence of bit vectors; only the recall phase counts."""
import numpy as np

def sigmoid(a):
    return 1 / (1 + np.exp(-a))

def softplus(a):
    return np.logaddexp(0, a)

def softmax(s):
    e = np.exp(s - np.max(s))
    return e / np.sum(e)

def cosine(k, M):
    return np.dot(M, k) / (np.sqrt(np.dot(k, k)) * np.sqrt(np.sum(M * M, axis=1)))

def dsigmoid(y, dy):
    return dy * y * (1 - y)

def dtanh(y, dy):
    return dy * (1 - y ** 2)

def dsoftmax(y, dy):
    return y * (dy - np.dot(y, dy))

def dcosine(k, M, cos, dcos):
    nk = np.sqrt(np.dot(k, k))
    nM = np.sqrt(np.sum(M * M, axis=1))
    dk = np.dot(M.T, dcos / nM) / nk - np.dot(dcos, cos) * k / nk ** 2
    dM = np.outer(dcos / nM, k / nk) - (dcos * cos / nM ** 2)[:, np.newaxis] * M
    return dk, dM

def run(p, X):
    h, c, r, M = p['h0'], p['c0'], p['r0'], p['mem0']
    H = len(h)
    tape, outs = [], []
    for x in X:
        v = np.concatenate((x, r, h))
        a = np.dot(p['Wl'], v) + p['bl']
        i, f, o, g = sigmoid(a[:H]), sigmoid(a[H:2 * H]), sigmoid(a[2 * H:3 * H]), np.tanh(a[3 * H:])
        c_old, c = c, f * c + i * g
        h = o * np.tanh(c)
        k = np.tanh(np.dot(p['Wk'], h) + p['bk'])
        sharp = np.dot(p['Ws'], h) + p['bs']
        erase = sigmoid(np.dot(p['We'], h) + p['be'])
        add = np.tanh(np.dot(p['Wa'], h) + p['ba'])
        cos = cosine(k, M)
        w = softmax(softplus(sharp) * cos)
        M_old, M = M, M * (1 - np.outer(w, erase)) + np.outer(w, add)
        r = np.dot(M.T, w)
        outs.append(np.dot(p['Wy'], np.concatenate((h, r))) + p['by'])
        tape.append((v, i, f, o, g, c_old, c, h, k, sharp, erase, add, cos, w, M_old, M, r))
    return outs, tape

def run_backward(p, douts, tape, n_in):
    grad = {name: np.zeros(w.shape) for name, w in p.items()}
    H, R = len(p['h0']), len(p['r0'])
    dh, dc, dr, dM = np.zeros(H), np.zeros(H), np.zeros(R), np.zeros(p['mem0'].shape)
    while tape:
        v, i, f, o, g, c_old, c, h, k, sharp, erase, add, cos, w, M_old, M, r = tape.pop()
        dy = douts.pop()
        grad['Wy'] += np.outer(dy, np.concatenate((h, r)))
        grad['by'] += dy
        dhr = np.dot(p['Wy'].T, dy)
        dh = dh + dhr[:H]
        dr = dr + dhr[H:]
        # read
        dw = np.dot(M, dr)
        dM = dM + np.outer(w, dr)
        # erase and add
        dkeep = dM * M_old
        dw = dw + np.dot(dM, add) - np.dot(dkeep, erase)
        derase = -np.dot(w, dkeep)
        dadd = np.dot(w, dM)
        dM = dM * (1 - np.outer(w, erase))
        # address
        dscore = dsoftmax(w, dw)
        dk, dM_cos = dcosine(k, M_old, cos, softplus(sharp) * dscore)
        dM = dM + dM_cos
        dsharp = np.dot(dscore, cos) * sigmoid(sharp)
        heads = {'k': dtanh(k, dk), 's': dsharp, 'e': dsigmoid(erase, derase), 'a': dtanh(add, dadd)}
        for name, d in heads.items():
            grad['W' + name] += np.outer(d, h)
            grad['b' + name] += d
            dh = dh + np.dot(p['W' + name].T, d)
        # controller
        tc = np.tanh(c)
        dc = dc + dtanh(tc, dh * o)
        da = np.concatenate((dsigmoid(i, dc * g), dsigmoid(f, dc * c_old),
                             dsigmoid(o, dh * tc), dtanh(g, dc * i)))
        grad['Wl'] += np.outer(da, v)
        grad['bl'] += da
        dv = np.dot(p['Wl'].T, da)
        dr, dh = dv[n_in:n_in + R], dv[n_in + R:]
        dc = dc * f
    grad['h0'], grad['c0'], grad['r0'], grad['mem0'] = dh, dc, dr, dM
    return grad

def loss(params, inputs):
    outs, _ = run(params, inputs['bits'])
    return sum(m * np.sum(np.logaddexp(0, y) - b * y)
               for y, b, m in zip(outs, inputs['target'], inputs['recall']))

def backward(params, inputs):
    outs, tape = run(params, inputs['bits'])
    douts = [m * (sigmoid(y) - b) for y, b, m in zip(outs, inputs['target'], inputs['recall'])]
    return run_backward(params, douts, tape, inputs['bits'].shape[1])

def example(rng):
    T, D, H, N, R = (int(n) for n in rng.permutation([4, 5, 6, 7, 8]))
    O = 3
    shapes = {'Wl': (4 * H, D + R + H), 'bl': 4 * H, 'Wk': (R, H), 'bk': R, 'Ws': (1, H), 'bs': 1,
              'We': (R, H), 'be': R, 'Wa': (R, H), 'ba': R, 'Wy': (O, H + R), 'by': O,
              'h0': H, 'c0': H, 'r0': R, 'mem0': (N, R)}
    params = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    inputs = {
        'bits': rng.integers(2, size=(T, D)),
        'target': rng.integers(2, size=(T, O)),
        'recall': (np.arange(T) >= T // 2).astype(np.int64),
    }
    return params, inputs
