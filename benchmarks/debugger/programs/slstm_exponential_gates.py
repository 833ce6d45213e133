# sLSTM cell: exponential input gate, normaliser state n, and a running maximum m so that exp()
# doesn't overflow.  Frame labels (alignments are given, no CTC), padded batches.  Time first.
import numpy as np

GATES = ('z', 'i', 'f', 'o')


def log_sigmoid(a):
    return -np.logaddexp(0.0, -a)


def log_softmax(u):
    u = u - u.max(axis=-1, keepdims=True)
    return u - np.log(np.exp(u).sum(axis=-1, keepdims=True))


def slstm_step(p, x, st):
    pre = {k: x.dot(p['W' + k]) + st['h'].dot(p['R' + k]) + p['b' + k] for k in GATES}
    z = np.tanh(pre['z'])
    o = 1.0 / (1.0 + np.exp(-pre['o']))
    logf = log_sigmoid(pre['f'])
    m = np.maximum(logf + st['m'], pre['i'])
    i = np.exp(pre['i'] - m)
    f = np.exp(logf + st['m'] - m)
    c = f * st['c'] + i * z
    n = f * st['n'] + i
    new = {'h': o * c / n, 'c': c, 'n': n, 'm': m}
    rec = {'x': x, 'old': st, 'new': new, 'z': z, 'i': i, 'f': f, 'o': o, 'sf': np.exp(logf)}
    return new, rec


def slstm_step_backward(p, rec, dh, dc, dn, grads):
    old, new = rec['old'], rec['new']
    z, i, f, o = rec['z'], rec['i'], rec['f'], rec['o']
    # output: h = o * c / n
    do = dh * new['c'] / new['n']
    dc = dc + dh * o / new['n']
    dn = dn - dh * o * new['c'] / new['n'] ** 2
    # states; m only shifts both exponents and cancels in c / n, so nothing goes through it
    dz = dc * i
    di = dc * z + dn
    df = dc * old['c'] + dn * old['n']
    dpre = {
        'z': dz * (1 - z ** 2),
        'i': di * i,
        'f': df * f * (1 - rec['sf']),
        'o': do * o * (1 - o),
    }
    dh_prev = np.zeros_like(dh)
    for k in GATES:
        grads['W' + k] += rec['x'].T.dot(dpre[k])
        grads['R' + k] += old['h'].T.dot(dpre[k])
        grads['b' + k] += dpre[k].sum(axis=0)
        dh_prev += dpre[k].dot(p['R' + k].T)
    return dh_prev, dc * f, dn * f


def forward(p, inputs):
    frames, ali, mask = inputs['frames'], inputs['ali'], inputs['mask']
    st = {'h': inputs['h0'], 'c': inputs['c0'], 'n': inputs['n0'], 'm': np.zeros(inputs['c0'].shape)}
    recs, logps = [], []
    nll = 0.0
    for t in range(frames.shape[0]):
        st, rec = slstm_step(p, frames[t], st)
        logp = log_softmax(st['h'].dot(p['V']) + p['a'])
        nll = nll - np.sum(mask[t] * logp[np.arange(len(logp)), ali[t]])
        recs.append(rec)
        logps.append(logp)
    return nll / mask.sum(), recs, logps


def loss(params, inputs):
    return forward(params, inputs)[0]


def backward(params, inputs):
    p, ali, mask = params, inputs['ali'], inputs['mask']
    _, recs, logps = forward(p, inputs)
    grads = {name: np.zeros_like(w) for name, w in p.items()}
    dh, dc, dn = (np.zeros_like(inputs[k]) for k in ('h0', 'c0', 'n0'))
    for t in range(len(recs) - 1, -1, -1):
        du = np.exp(logps[t])
        du[np.arange(len(du)), ali[t]] -= 1
        du *= mask[t][:, None] / mask.sum()
        grads['V'] += recs[t]['new']['h'].T.dot(du)
        grads['a'] += du.sum(axis=0)
        dh = dh + du.dot(p['V'].T)
        dh, dc, dn = slstm_step_backward(p, recs[t], dh, dc, dn, grads)
    grads.update(h0=dh, c0=dc, n0=dn)
    return grads


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([4, 5, 6, 7]))
    K = 3
    params = {'V': rng.normal(size=(H, K)), 'a': rng.normal(size=K)}
    for k in GATES:
        params['W' + k] = rng.normal(size=(D, H))
        params['R' + k] = rng.normal(size=(H, H))
        params['b' + k] = rng.normal(size=H)
    lengths = rng.integers(2, T + 1, size=B)
    lengths[0], lengths[1] = T, 2
    inputs = {
        'frames': rng.normal(size=(T, B, D)),
        'ali': rng.integers(K, size=(T, B)),
        'mask': (np.arange(T)[:, None] < lengths).astype(np.int64),
        'h0': rng.normal(size=(B, H)),
        'c0': rng.normal(size=(B, H)),
        'n0': np.exp(rng.normal(size=(B, H))),
    }
    return params, inputs
