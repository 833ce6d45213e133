"""Embedding -> matrix-memory LSTM (key, value, query; exponential input gate) -> label.

The memory C is (value, key) and written with an outer product; n normalises what the query reads.
The state h goes back into all projections. Time-major tokens, a label for each sequence.
"""
import numpy as np


def sigm(a):
    return 1. / (1. + np.exp(-a))


def cell(p, z, C, n):
    K = p['Wk'].shape[1]
    k = z.dot(p['Wk']) / np.sqrt(K)
    v, q = z.dot(p['Wv']), z.dot(p['Wq'])
    ig = np.exp(z.dot(p['wi']) + p['bi'])
    fg = sigm(z.dot(p['wf']) + p['bf'])
    o = sigm(z.dot(p['Wo']) + p['bo'])
    C_new = fg[:, None, None] * C + ig[:, None, None] * np.einsum('bv,bk->bvk', v, k)
    n_new = fg[:, None] * n + ig[:, None] * k
    s = np.sum(n_new * q, axis=1)
    size = np.where(s < 0, -s, s)
    den = np.maximum(size, 1.)[:, None]
    read = np.einsum('bvk,bk->bv', C_new, q) / den
    return o * read, C_new, n_new, dict(z=z, k=k, v=v, q=q, ig=ig, fg=fg, o=o, s=s, den=den, read=read,
                                        C=C_new, n=n_new, C_prev=C, n_prev=n)


def cell_bwd(p, m, dh, dC, dn, g):
    k, v, q, o = m['k'], m['v'], m['q'], m['o']
    ig, fg = m['ig'][:, None], m['fg'][:, None]
    dao = dh * m['read'] * o * (1 - o)
    dread = dh * o
    # read = (C q) / den, den = max(|n q|, 1)
    dnum = dread / m['den']
    dden = -np.sum(dread * m['read'], axis=1) / m['den'][:, 0]
    ds = dden * np.sign(m['s']) * (np.abs(m['s']) > 1)
    dC = dC + np.einsum('bv,bk->bvk', dnum, q)
    dn = dn + ds[:, None] * q
    dq = np.einsum('bvk,bv->bk', m['C'], dnum) + ds[:, None] * m['n']
    # C = f C_prev + i v k', n = f n_prev + i k
    dCk = np.einsum('bvk,bk->bv', dC, k)
    dv = ig * dCk
    dk = ig * (np.einsum('bvk,bv->bk', dC, v) + dn)
    dig = np.sum(dCk * v, axis=1) + np.sum(dn * k, axis=1)
    dfg = np.einsum('bvk,bvk->b', dC, m['C_prev']) + np.sum(dn * m['n_prev'], axis=1)
    dai = dig * m['ig']
    daf = dfg * m['fg'] * (1 - m['fg'])
    dk = dk / np.sqrt(k.shape[1])
    for name, d in (('Wk', dk), ('Wv', dv), ('Wq', dq), ('Wo', dao), ('wi', dai), ('wf', daf)):
        g[name] += m['z'].T.dot(d)
    g['bi'] += dai.sum()
    g['bf'] += daf.sum()
    g['bo'] += dao.sum(axis=0)
    dz = dk.dot(p['Wk'].T) + dv.dot(p['Wv'].T) + dq.dot(p['Wq'].T) + dao.dot(p['Wo'].T)
    dz += np.outer(dai, p['wi']) + np.outer(daf, p['wf'])
    return dz, fg[:, :, None] * dC, fg * dn


def encode(p, inputs):
    h, C, n = inputs['h0'], inputs['C0'], inputs['n0']
    memory = []
    for word in inputs['tokens']:
        h, C, n, m = cell(p, np.concatenate([p['emb'][word], h], axis=1), C, n)
        memory.append(m)
    u = h.dot(p['Wc']) + p['bc']
    u = u - u.max(axis=1, keepdims=True)
    return u - np.log(np.exp(u).sum(axis=1, keepdims=True)), h, memory


def loss(params, inputs):
    logp, _, _ = encode(params, inputs)
    return -np.mean(logp[np.arange(len(logp)), inputs['label']])


def backward(params, inputs):
    p, tokens, label = params, inputs['tokens'], inputs['label']
    logp, h, memory = encode(p, inputs)
    g = {name: np.zeros(w.shape) for name, w in p.items()}
    du = np.exp(logp)
    du[np.arange(len(label)), label] -= 1
    du /= len(label)
    g['Wc'] = h.T.dot(du)
    g['bc'] = du.sum(axis=0)
    dh = du.dot(p['Wc'].T)
    dC, dn = np.zeros_like(inputs['C0']), np.zeros_like(inputs['n0'])
    E = p['emb'].shape[1]
    for word, m in zip(tokens[::-1], memory[::-1]):
        dz, dC, dn = cell_bwd(p, m, dh, dC, dn, g)
        np.add.at(g['emb'], word, dz[:, :E])
        dh = dz[:, E:]
    g['h0'], g['C0'], g['n0'] = dh, dC, dn
    return g


def example(rng):
    T, B, E, V, K = (int(a) for a in rng.permutation([3, 4, 5, 6, 7]))
    words, labels, Z = 5, 3, E + V
    shapes = dict(emb=(words, E), Wk=(Z, K), Wv=(Z, V), Wq=(Z, K), Wo=(Z, V), bo=(V,), wf=(Z,), bf=(1,),
                  bi=(1,), Wc=(V, labels), bc=(labels,))
    params = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    params['wi'] = 0.3 * rng.normal(size=Z)
    inputs = {
        'tokens': rng.integers(words, size=(T, B)),
        'label': rng.integers(labels, size=B),
        'h0': rng.normal(size=(B, V)),
        'C0': rng.normal(size=(B, V, K)),
        'n0': rng.normal(size=(B, K)),
    }
    return params, inputs
