"""LSTMP layer of the acoustic model (Section 3.2 of the paper).

    i_t = s(N(W_ix x_t + W_ir r_{t-1}) + w_ic * c_{t-1} + b_i)
    f_t = s(N(W_fx x_t + W_fr r_{t-1}) + w_fc * c_{t-1} + b_f)
    c_t = f_t * c_{t-1} + i_t * tanh(N(W_cx x_t + W_cr r_{t-1}) + b_c)
    o_t = s(N(W_ox x_t + W_or r_{t-1}) + w_oc * c_t + b_o)
    m_t = o_t * tanh(c_t)
    r_t = W_rm m_t                 (recurrent projection)
    y_t = W_yr r_t + W_ym m_t + b_y

N is layer normalisation with one gain vector per gate, batch x features.
"""
import numpy as np

EPS = 1e-3


def sigm(x):
    return 1. / (1. + np.exp(-x))


def norm_fwd(a, gain):
    mu = a.mean(axis=1, keepdims=True)
    inv = 1. / np.sqrt(((a - mu) ** 2).mean(axis=1, keepdims=True) + EPS)
    hat = (a - mu) * inv
    return gain * hat, (hat, inv, gain)


def norm_bwd(dout, cache):
    hat, inv, gain = cache
    dgain = (dout * hat).sum(axis=0)
    dhat = dout * gain
    da = inv * (dhat - dhat.mean(axis=1, keepdims=True)
                - hat * (dhat * hat).mean(axis=1, keepdims=True))
    return da, dgain


def fprop(P, x, r0, c0):
    """x: frames x batch x features."""
    tape = []
    y = []
    r, c = r0, c0
    for x_t in x:
        xr = np.concatenate((x_t, r), axis=1)
        c_p = c
        a, N = {}, {}
        for k in 'ifco':
            a[k], N[k] = norm_fwd(xr.dot(P['W_' + k]), P['gain_' + k])
            a[k] += P['b_' + k]
        i = sigm(a['i'] + P['w_ic'] * c_p)
        f = sigm(a['f'] + P['w_fc'] * c_p)
        g = np.tanh(a['c'])
        c = f * c_p + i * g
        o = sigm(a['o'] + P['w_oc'] * c)
        m = o * np.tanh(c)
        r = m.dot(P['W_rm'])
        y.append(r.dot(P['W_yr']) + m.dot(P['W_ym']) + P['b_y'])
        tape.append((xr, N, c_p, i, f, g, c, o, m, r))
    return np.array(y), tape


def bprop(P, dy, tape, n_in):
    G = {k: np.zeros_like(v) for k, v in P.items()}
    dr = np.zeros_like(tape[-1][-1])
    dc = np.zeros_like(tape[-1][2])
    dx = []
    for dy_t in dy[::-1]:
        xr, N, c_p, i, f, g, c, o, m, r = tape.pop()
        G['W_yr'] += r.T.dot(dy_t)
        G['W_ym'] += m.T.dot(dy_t)
        G['b_y'] += dy_t.sum(axis=0)
        dr = dr + dy_t.dot(P['W_yr'].T)
        G['W_rm'] += m.T.dot(dr)
        dm = dr.dot(P['W_rm'].T) + dy_t.dot(P['W_ym'].T)
        tc = np.tanh(c)
        d = {}
        d['o'] = dm * tc * o * (1 - o)
        dc = dc + dm * o * (1 - tc ** 2) + d['o'] * P['w_oc']
        d['i'] = dc * g * i * (1 - i)
        d['f'] = dc * c_p * f * (1 - f)
        d['c'] = dc * i * (1 - g ** 2)
        G['w_oc'] += (d['o'] * c).sum(axis=0)
        G['w_ic'] += (d['i'] * c_p).sum(axis=0)
        G['w_fc'] += (d['f'] * c_p).sum(axis=0)
        dxr = 0
        for k in 'ifco':
            G['b_' + k] += d[k].sum(axis=0)
            da, dgain = norm_bwd(d[k], N[k])
            G['gain_' + k] += dgain
            G['W_' + k] += xr.T.dot(da)
            dxr = dxr + da.dot(P['W_' + k].T)
        dx.append(dxr[:, :n_in])
        dr = dxr[:, n_in:]
        dc = dc * f + d['i'] * P['w_ic'] + d['f'] * P['w_fc']
    G['x'] = np.array(dx[::-1])
    G['r0'], G['c0'] = dr, dc
    return G


def loss(params, inputs):
    y, _ = fprop(params, inputs['x'], inputs['r0'], inputs['c0'])
    return 0.5 * ((y - inputs['target']) ** 2).sum() / y.shape[1]


def backward(params, inputs):
    y, tape = fprop(params, inputs['x'], inputs['r0'], inputs['c0'])
    dy = (y - inputs['target']) / y.shape[1]
    return bprop(params, dy, tape, inputs['x'].shape[2])


def example(rng):
    T, B, n, p = (int(k) for k in rng.permutation([3, 4, 5, 6]))
    D, K = 2, 3
    params = {'W_rm': rng.normal(size=(n, p)), 'W_yr': rng.normal(size=(p, K)),
              'W_ym': rng.normal(size=(n, K)), 'b_y': rng.normal(size=K)}
    for k in 'ifco':
        params['W_' + k] = rng.normal(size=(D + p, n))
        params['gain_' + k] = rng.normal(1, 0.3, size=n)
        params['b_' + k] = rng.normal(size=n)
    for k in 'ifo':
        params['w_%sc' % k] = rng.normal(size=n)
    inputs = {'x': rng.normal(size=(T, B, D)), 'target': rng.normal(size=(T, B, K)),
              'r0': rng.normal(size=(B, p)), 'c0': rng.normal(size=(B, n))}
    return params, inputs
