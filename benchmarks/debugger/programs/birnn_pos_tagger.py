#!/usr/bin/env python
# POS tagger: word embeddings -> forward RNN + backward RNN -> softmax over the tags (no CRF yet)
# both directions share the embedding table, nothing else. one sentence at a time, 1-d vectors
import numpy as np


def softmax(s):
    e = np.exp(s - s.max())
    return e / e.sum()


def rnn_pass(embs, h0, W, U, b):
    """states after each word, in the order of embs"""
    hs = []
    h = h0
    for e in embs:
        h = np.tanh(W.dot(e) + U.dot(h) + b)
        hs.append(h)
    return hs


def tag_sentence(P, words):
    embs = [P['emb'][w] for w in words]
    fwd = rnn_pass(embs, P['h0_f'], P['Wf'], P['Uf'], P['bf'])
    bwd = rnn_pass(embs[::-1], P['h0_b'], P['Wb'], P['Ub'], P['bb'])[::-1]
    probs = []
    for hf, hb in zip(fwd, bwd):
        probs.append(softmax(P['Vf'].dot(hf) + P['Vb'].dot(hb) + P['c']))
    return embs, fwd, bwd, probs


def sentence_loss(P, words, tags):
    probs = tag_sentence(P, words)[-1]
    return -sum(np.log(p[y]) for p, y in zip(probs, tags)) / len(words)


def sentence_grads(P, words, tags, G):
    """adds the gradients of one sentence to G"""
    embs, fwd, bwd, probs = tag_sentence(P, words)
    n = len(words)

    dfwd, dbwd = [], []
    for p, y, hf, hb in zip(probs, tags, fwd, bwd):
        ds = p.copy()
        ds[y] -= 1
        ds /= n
        G['Vf'] += np.outer(ds, hf)
        G['Vb'] += np.outer(ds, hb)
        G['c'] += ds
        dfwd.append(P['Vf'].T.dot(ds))
        dbwd.append(P['Vb'].T.dot(ds))

    # forward RNN: from the last word to the first one
    dh_next = np.zeros_like(P['bf'])
    prevs = [P['h0_f']] + fwd[:-1]
    for w, e, h, h_prev, dh in zip(reversed(words), reversed(embs), reversed(fwd),
                                   reversed(prevs), reversed(dfwd)):
        da = (dh + dh_next) * (1 - h ** 2)
        G['Wf'] += np.outer(da, e)
        G['Uf'] += np.outer(da, h_prev)
        G['bf'] += da
        G['emb'][w] += P['Wf'].T.dot(da)
        dh_next = P['Uf'].T.dot(da)
    G['h0_f'] += dh_next

    # backward RNN: it has read the last word first, so now from the first word to the last one
    dh_next = np.zeros_like(P['bb'])
    prevs = bwd[1:] + [P['h0_b']]
    for w, e, h, h_prev, dh in zip(words, embs, bwd, prevs, dbwd):
        da = (dh + dh_next) * (1 - h ** 2)
        G['Wb'] += np.outer(da, e)
        G['Ub'] += np.outer(da, h_prev)
        G['bb'] += da
        G['emb'][w] += P['Wb'].T.dot(da)
        dh_next = P['Ub'].T.dot(da)
    G['h0_b'] += dh_next


def loss(params, inputs):
    return sum(sentence_loss(params, list(w), list(y))
               for w, y in zip(inputs['words'], inputs['tags'])) / len(inputs['words'])


def backward(params, inputs):
    G = {k: np.zeros_like(v) for k, v in params.items()}
    for w, y in zip(inputs['words'], inputs['tags']):
        sentence_grads(params, list(w), list(y), G)
    for g in G.values():
        g /= len(inputs['words'])
    return G


def example(rng):
    N, T, D, H, K = (int(k) for k in rng.permutation([3, 4, 5, 6, 7]))
    V = 6
    params = {'emb': rng.normal(size=(V, D)), 'c': rng.normal(size=K)}
    for d in 'fb':
        params['W' + d] = rng.normal(size=(H, D))
        params['U' + d] = rng.normal(size=(H, H)) * 0.8
        params['b' + d] = rng.normal(size=H)
        params['h0_' + d] = rng.normal(size=H)
        params['V' + d] = rng.normal(size=(K, H))
    inputs = {
        'words': rng.integers(V, size=(N, T)),
        'tags': rng.integers(K, size=(N, T)),
    }
    return params, inputs
