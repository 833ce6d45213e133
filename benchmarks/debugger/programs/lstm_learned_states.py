#!/usr/bin/env python
# lstm.py -- multi-layer LSTM for the arm trajectories.  time x batch x feature.
# 2014-11: initial states are learned now (one row per layer, shared by the batch)
# gates in one slab, order i, f, o, g
import numpy as np


def layer_fprop(X, Wx, Wh, b, h_init, c_init):
    T, n, _ = X.shape
    d = Wh.shape[0]
    Hout = np.zeros((T, n, d))
    C = np.zeros((T, n, d))
    Ct = np.zeros((T, n, d))
    IFOG = np.zeros((T, n, 4 * d))
    for t in range(T):
        hp = Hout[t - 1] if t > 0 else np.tile(h_init, (n, 1))
        cp = C[t - 1] if t > 0 else np.tile(c_init, (n, 1))
        A = np.dot(X[t], Wx) + np.dot(hp, Wh) + b
        IFOG[t, :, :3 * d] = 1.0 / (1.0 + np.exp(-A[:, :3 * d]))
        IFOG[t, :, 3 * d:] = np.tanh(A[:, 3 * d:])
        C[t] = IFOG[t, :, :d] * IFOG[t, :, 3 * d:] + IFOG[t, :, d:2 * d] * cp
        Ct[t] = np.tanh(C[t])
        Hout[t] = IFOG[t, :, 2 * d:3 * d] * Ct[t]
    return Hout, C, Ct, IFOG


def layer_bprop(dH, X, Wx, Wh, h_init, c_init, cache):
    Hout, C, Ct, IFOG = cache
    T, n, d = dH.shape
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(4 * d)
    dX = np.zeros_like(X)
    dA = np.zeros_like(IFOG)
    dC = np.zeros_like(C)
    dh_rec = np.zeros((n, d))
    dc_rec = np.zeros((n, d))
    for t in range(T - 1, -1, -1):
        I, F = IFOG[t, :, :d], IFOG[t, :, d:2 * d]
        O, G = IFOG[t, :, 2 * d:3 * d], IFOG[t, :, 3 * d:]
        hp = Hout[t - 1] if t > 0 else np.tile(h_init, (n, 1))
        cp = C[t - 1] if t > 0 else np.tile(c_init, (n, 1))
        dht = dH[t] + dh_rec
        dC[t] = dc_rec + dht * O * (1 - Ct[t] ** 2)
        dA[t, :, :d] = dC[t] * G
        dA[t, :, d:2 * d] = dC[t] * cp
        dA[t, :, 2 * d:3 * d] = dht * Ct[t]
        dA[t, :, 3 * d:] = dC[t] * I
        # nonlinearities, in place
        S = IFOG[t, :, :3 * d]
        dA[t, :, :3 * d] *= S * (1 - S)
        dA[t, :, 3 * d:] *= 1 - G ** 2
        dWx += np.dot(X[t].T, dA[t])
        dWh += np.dot(hp.T, dA[t])
        db += dA[t].sum(0)
        dX[t] = np.dot(dA[t], Wx.T)
        dh_rec = np.dot(dA[t], Wh.T)
        dc_rec = dC[t] * F
    return dX, dWx, dWh, db, dh_rec.sum(0), dc_rec.sum(0)


def fprop(P, X):
    L = P['h_init'].shape[0]
    acts, caches = [X], []
    for l in range(L):
        cache = layer_fprop(acts[l], P['Wx%d' % l], P['Wh%d' % l], P['b%d' % l],
                            P['h_init'][l], P['c_init'][l])
        caches.append(cache)
        acts.append(cache[0])
    Y = np.dot(acts[-1], P['Wo']) + P['bo']
    return Y, acts, caches


def loss(params, inputs):
    Y = fprop(params, inputs['X'])[0]
    return np.mean((Y - inputs['target']) ** 2)


def backward(params, inputs):
    P = params
    Y, acts, caches = fprop(P, inputs['X'])
    L = len(caches)
    dY = 2.0 * (Y - inputs['target']) / Y.size
    G = {'h_init': np.zeros_like(P['h_init']), 'c_init': np.zeros_like(P['c_init'])}
    G['Wo'] = np.tensordot(acts[-1], dY, axes=([0, 1], [0, 1]))
    G['bo'] = dY.sum((0, 1))
    delta = np.dot(dY, P['Wo'].T)
    for l in reversed(range(L)):
        delta, dWx, dWh, db, dh0, dc0 = layer_bprop(
            delta, acts[l], P['Wx%d' % l], P['Wh%d' % l], P['h_init'][l], P['c_init'][l],
            caches[l])
        G['Wx%d' % l], G['Wh%d' % l], G['b%d' % l] = dWx, dWh, db
        G['h_init'][l] = dh0
        G['c_init'][l] = dc0
    G['X'] = delta
    return G


def example(rng):
    T, n, D, d, K = (int(v) for v in rng.permutation([3, 4, 5, 6, 7]))
    params = {'h_init': rng.normal(size=(2, d)), 'c_init': rng.normal(size=(2, d)),
              'Wo': rng.normal(size=(d, K)), 'bo': rng.normal(size=K)}
    for l, width in enumerate((D, d)):
        params['Wx%d' % l] = rng.normal(size=(width, 4 * d)) * 0.7
        params['Wh%d' % l] = rng.normal(size=(d, 4 * d)) * 0.7
        params['b%d' % l] = rng.normal(size=4 * d)
    inputs = {'X': rng.normal(size=(T, n, D)), 'target': rng.normal(size=(T, n, K))}
    return params, inputs
