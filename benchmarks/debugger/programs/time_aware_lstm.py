"""Time-aware LSTM over the visits of a patient.

The short-term part of the cell fades with the days since the last visit. Two heads on the state
after the last visit: death (logistic) and length of stay (squared error, weight STAY).
"""
import numpy as np

STAY = 0.3

def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))

def d_sigmoid(s):
    return s * (1.0 - s)

def d_tanh(y):
    return 1.0 - y * y

def softplus(a):
    return np.logaddexp(0.0, a)

def encode(p, visits, days):
    S = {'h0': p['h_start'], 'c0': p['c_start']}
    for t in range(1, len(visits) + 1):
        now, ago = str(t), str(t - 1)
        short = np.tanh(p['Wd'] @ S['c' + ago] + p['bd'])
        fade = np.exp(-softplus(p['rate']) * days[t - 1])
        S['short' + now], S['fade' + now] = short, fade
        S['adj' + now] = S['c' + ago] - short + fade * short
        S['v' + now] = np.concatenate((visits[t - 1], S['h' + ago]))
        for k in 'ifog':
            a = p['W' + k] @ S['v' + now] + p['b' + k]
            S[k + now] = np.tanh(a) if k == 'g' else sigmoid(a)
        S['c' + now] = S['f' + now] * S['adj' + now] + S['i' + now] * S['g' + now]
        S['h' + now] = S['o' + now] * np.tanh(S['c' + now])
    return S

def heads(p, h, died, stay):
    risk = p['w_risk'] @ h + p['b_risk'][0]
    err = p['w_stay'] @ h + p['b_stay'][0] - stay
    return risk, err, np.logaddexp(0.0, risk) - died * risk + 0.5 * STAY * err ** 2

def heads_back(p, h, died, risk, err, scale, grads):
    drisk = (sigmoid(risk) - died) * scale
    derr = STAY * err * scale
    grads['w_risk'] += drisk * h
    grads['b_risk'] += drisk
    grads['w_stay'] += derr * h
    grads['b_stay'] += derr
    return drisk * p['w_risk'] + derr * p['w_stay']

def encode_back(p, S, n_visits, n_features, days, dh, grads):
    dc = np.zeros_like(dh)
    for t in range(n_visits, 0, -1):
        now, ago = str(t), str(t - 1)
        tc = np.tanh(S['c' + now])
        dc = dc + dh * S['o' + now] * d_tanh(tc)
        da = {
            'o': dh * tc * d_sigmoid(S['o' + now]),
            'i': dc * S['g' + now] * d_sigmoid(S['i' + now]),
            'g': dc * S['i' + now] * d_tanh(S['g' + now]),
            'f': dc * S['adj' + now] * d_sigmoid(S['f' + now]),
        }
        dv = np.zeros_like(S['v' + now])
        for k in 'ifog':
            grads['W' + k] += np.outer(da[k], S['v' + now])
            grads['b' + k] += da[k]
            dv += p['W' + k].T @ da[k]
        dh = dv[n_features:]
        dadj = dc * S['f' + now]
        dfade = dadj * S['short' + now]
        grads['rate'] -= dfade * S['fade' + now] * days[t - 1] * sigmoid(p['rate'])
        dshort = dadj * (S['fade' + now] - 1.0) * d_tanh(S['short' + now])
        grads['Wd'] += np.outer(dshort, S['c' + ago])
        grads['bd'] += dshort
        dc = dadj + p['Wd'].T @ dshort
    grads['h_start'] += dh
    grads['c_start'] += dc

def patients(inputs):
    for n, length in enumerate(inputs['lengths']):
        yield inputs['visits'][n, :length], inputs['days'][n, :length], inputs['died'][n], inputs['stay'][n]

def loss(params, inputs):
    total = 0.0
    for visits, days, died, stay in patients(inputs):
        h = encode(params, visits, days)['h' + str(len(visits))]
        total = total + heads(params, h, died, stay)[2]
    return total / len(inputs['died'])

def backward(params, inputs):
    grads = {k: np.zeros(w.shape) for k, w in params.items()}
    for visits, days, died, stay in patients(inputs):
        L, D = visits.shape
        S = encode(params, visits, days)
        h = S['h' + str(L)]
        risk, err, _ = heads(params, h, died, stay)
        dh = heads_back(params, h, died, risk, err, 1.0 / len(inputs['died']), grads)
        encode_back(params, S, L, D, days, dh, grads)
    return grads

def example(rng):
    N, T, D, H = (int(n) for n in rng.permutation([4, 5, 6, 7]))
    params = {'Wd': rng.normal(size=(H, H))}
    for k in 'ifog':
        params['W' + k] = rng.normal(size=(H, D + H))
    for k in ('bi', 'bf', 'bo', 'bg', 'bd', 'rate', 'h_start', 'c_start', 'w_risk', 'w_stay'):
        params[k] = rng.normal(size=H)
    params['b_risk'], params['b_stay'] = rng.normal(size=1), rng.normal(size=1)
    lengths = rng.integers(2, T + 1, size=N)
    lengths[-1] = T
    inputs = {
        'visits': rng.normal(size=(N, T, D)),
        'days': rng.uniform(0.2, 2.0, size=(N, T)),
        'lengths': lengths,
        'died': rng.integers(2, size=N),
        'stay': rng.normal(size=N),
    }
    return params, inputs
