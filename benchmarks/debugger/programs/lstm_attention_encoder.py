"""Sentence-pair scorer: bidirectional LSTM encoder, additive attention, bilinear score.

A premise is encoded to states s_1 .. s_T (both directions). The hypothesis, a vector q, attends
over them: e_t = v . tanh(Ws s_t + Wq q), alpha = softmax(e), ctx = sum alpha_t s_t. The score is
ctx . M q and goes into a logistic loss. One pair at a time, gradients are summed over the pairs.
"""
import numpy as np


def sigmoid(x):
    return 1. / (1. + np.exp(-x))


def init_grads(params):
    return {name: np.zeros(value.shape) for name, value in params.items()}


def encode(params, side, sent):
    """sent: (T, d). Returns states (T, n), cache."""
    Wi, Wf, Wo, Wg = (params[side + k] for k in ('_i', '_f', '_o', '_g'))
    T, n = len(sent), len(Wi)
    h, c = np.zeros((T + 1, n)), np.zeros((T + 1, n))
    z = [None] * T
    i, f, o, g = (np.zeros((T, n)) for _ in range(4))
    order = range(T) if side == 'fw' else range(T - 1, -1, -1)
    for k, t in enumerate(order):
        # k counts the steps of this direction, t is the place in the sentence
        z[k] = np.concatenate([[1.], sent[t], h[k]])
        i[k] = sigmoid(Wi.dot(z[k]))
        f[k] = sigmoid(Wf.dot(z[k]))
        o[k] = sigmoid(Wo.dot(z[k]))
        g[k] = np.tanh(Wg.dot(z[k]))
        c[k + 1] = f[k] * c[k] + i[k] * g[k]
        h[k + 1] = o[k] * np.tanh(c[k + 1])
    states = h[1:] if side == 'fw' else h[:0:-1]
    return states, (z, i, f, o, g, c, order)


def encode_backward(params, grads, side, dstates, cache):
    z, i, f, o, g, c, order = cache
    T, n = dstates.shape
    dsent = np.zeros((T, z[0].size - n - 1))
    dh_next, dc_next = np.zeros(n), np.zeros(n)
    for k in reversed(range(T)):
        t = order[k]
        dh = dstates[t] + dh_next
        tc = np.tanh(c[k + 1])
        dc = dh * o[k] * (1 - tc ** 2) + dc_next
        delta = {
            '_i': dc * g[k] * i[k] * (1 - i[k]),
            '_f': dc * c[k] * f[k] * (1 - f[k]),
            '_o': dh * tc * o[k] * (1 - o[k]),
            '_g': dc * i[k] * (1 - g[k] ** 2),
        }
        dz = np.zeros(z[k].size)
        for gate, d in delta.items():
            grads[side + gate] += np.outer(d, z[k])
            dz += params[side + gate].T.dot(d)
        dsent[t] = dz[1:-n]
        dh_next = dz[-n:]
        dc_next = dc * f[k]
    return dsent


def pair(params, grads, sent, q, label):
    """Loss of one pair; adds to grads. Returns loss, dsent, dq."""
    fw, cache_fw = encode(params, 'fw', sent)
    bw, cache_bw = encode(params, 'bw', sent)
    S = np.hstack([fw, bw])
    u = np.tanh(S.dot(params['Ws']) + params['Wq'].dot(q))
    e = u.dot(params['v'])
    alpha = np.exp(e) / np.exp(e).sum()
    ctx = alpha.dot(S)
    Mq = params['M'].dot(q)
    score = ctx.dot(Mq)
    cost = np.log(1 + np.exp(score)) - label * score

    dscore = sigmoid(score) - label
    dctx = dscore * Mq
    grads['M'] += dscore * np.outer(ctx, q)
    dq = dscore * params['M'].T.dot(ctx)
    dalpha = S.dot(dctx)
    dS = np.outer(alpha, dctx)
    de = alpha * (dalpha - alpha.dot(dalpha))
    grads['v'] += u.T.dot(de)
    du = np.outer(de, params['v']) * (1 - u ** 2)
    grads['Ws'] += S.T.dot(du)
    grads['Wq'] += np.outer(du.sum(axis=0), q)
    dS += du.dot(params['Ws'].T)
    dq += params['Wq'].T.dot(du.sum(axis=0))
    n = fw.shape[1]
    dsent = encode_backward(params, grads, 'fw', dS[:, :n], cache_fw)
    dsent += encode_backward(params, grads, 'bw', dS[:, n:], cache_bw)
    return cost, dsent, dq


def run(params, inputs):
    grads = init_grads(params)
    results = [pair(params, grads, inputs['sents'][k], inputs['q'][k], inputs['labels'][k])
               for k in range(len(inputs['labels']))]
    grads['sents'] = np.array([r[1] for r in results])
    grads['q'] = np.array([r[2] for r in results])
    return sum(r[0] for r in results), grads


def loss(params, inputs):
    return run(params, inputs)[0]


def backward(params, inputs):
    return run(params, inputs)[1]


def example(rng):
    T, d, n = (int(k) for k in rng.permutation([3, 4, 5]))
    m, a = (int(k) for k in rng.permutation([2, 6]))
    params = {'Ws': rng.normal(size=(2 * n, a)), 'Wq': rng.normal(size=(a, m)),
              'v': rng.normal(size=a), 'M': rng.normal(size=(2 * n, m)) * 0.5}
    for side in ('fw', 'bw'):
        for gate in ('_i', '_f', '_o', '_g'):
            params[side + gate] = rng.normal(size=(n, 1 + d + n)) * 0.7
    inputs = {'sents': rng.normal(size=(2, T, d)), 'q': rng.normal(size=(2, m)),
              'labels': np.array([1, 0])}
    return params, inputs
