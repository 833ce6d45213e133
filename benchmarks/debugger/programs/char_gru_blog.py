# minimal character-level GRU, after the well-known min-char-rnn
#   z = sigm(Wz x + Uz h + bz)      update gate
#   r = sigm(Wr x + Ur h + br)      reset gate
#   c = tanh(Wc x + Uc (r*h) + bc)  candidate
#   h = z*h + (1-z)*c
import numpy as np


def sigm(a):
    return 1 / (1 + np.exp(-a))


def lossFun(inputs, targets, hprev, model):
    """
    inputs, targets are lists of integers, hprev is the Hx1 initial hidden state.
    returns the loss, the gradients on the model, and the gradient on hprev
    """
    Wz, Uz, bz = model['Wz'], model['Uz'], model['bz']
    Wr, Ur, br = model['Wr'], model['Ur'], model['br']
    Wc, Uc, bc = model['Wc'], model['Uc'], model['bc']
    Why, by = model['Why'], model['by']
    vocab_size = by.shape[0]

    xs, hs, ps = {}, {}, {}
    zs, rs, cs = {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0
    # forward pass
    for t in range(len(inputs)):
        xs[t] = np.zeros((vocab_size, 1))  # encode in 1-of-k representation
        xs[t][inputs[t]] = 1
        zs[t] = sigm(np.dot(Wz, xs[t]) + np.dot(Uz, hs[t-1]) + bz)
        rs[t] = sigm(np.dot(Wr, xs[t]) + np.dot(Ur, hs[t-1]) + br)
        cs[t] = np.tanh(np.dot(Wc, xs[t]) + np.dot(Uc, rs[t] * hs[t-1]) + bc)
        hs[t] = zs[t] * hs[t-1] + (1 - zs[t]) * cs[t]
        y = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(y) / np.sum(np.exp(y))
        loss += -np.log(ps[t][targets[t], 0])

    # backward pass
    dWz, dUz, dbz = np.zeros_like(Wz), np.zeros_like(Uz), np.zeros_like(bz)
    dWr, dUr, dbr = np.zeros_like(Wr), np.zeros_like(Ur), np.zeros_like(br)
    dWc, dUc, dbc = np.zeros_like(Wc), np.zeros_like(Uc), np.zeros_like(bc)
    dWhy, dby = np.zeros_like(Why), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1  # backprop into y
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext  # backprop into h
        # candidate
        dc = dh * (1 - zs[t])
        dcraw = (1 - cs[t] * cs[t]) * dc
        dWc += np.dot(dcraw, xs[t].T)
        dUc += np.dot(dcraw, (rs[t] * hs[t-1]).T)
        dbc += dcraw
        drh = np.dot(Uc.T, dcraw)
        # reset gate
        dr = drh * hs[t-1]
        drraw = rs[t] * (1 - rs[t]) * dr
        dWr += np.dot(drraw, xs[t].T)
        dUr += np.dot(drraw, hs[t-1].T)
        dbr += drraw
        # update gate
        dz = dh * (hs[t-1] - cs[t])
        dzraw = zs[t] * (1 - zs[t]) * dz
        dWz += np.dot(dzraw, xs[t].T)
        dUz += np.dot(dzraw, hs[t-1].T)
        dbz += dzraw
        # all the ways back into the previous hidden state
        dhnext = dh * zs[t]
        dhnext += drh * rs[t]
        dhnext += np.dot(Ur.T, drraw)
        dhnext += np.dot(Uz.T, dzraw)
    # for dparam in [...]: np.clip(dparam, -5, 5, out=dparam)   (only when training)
    grads = dict(Wz=dWz, Uz=dUz, bz=dbz, Wr=dWr, Ur=dUr, br=dbr,
                 Wc=dWc, Uc=dUc, bc=dbc, Why=dWhy, by=dby)
    return loss, grads, dhnext


def loss(params, inputs):
    return lossFun(inputs['text'], inputs['next'], inputs['hprev'], params)[0]


def backward(params, inputs):
    _, grads, dhprev = lossFun(inputs['text'], inputs['next'], inputs['hprev'], params)
    grads['hprev'] = dhprev
    return grads


def example(rng):
    T, H, V = (int(n) for n in rng.permutation([4, 5, 6]))
    params = {}
    for k in 'zrc':
        params['W' + k] = rng.normal(size=(H, V))
        params['U' + k] = rng.normal(size=(H, H))
        params['b' + k] = rng.normal(size=(H, 1))
    params['Why'] = rng.normal(size=(V, H))
    params['by'] = rng.normal(size=(V, 1))
    text = rng.integers(V, size=T + 1)
    inputs = {'text': text[:-1], 'next': text[1:], 'hprev': rng.normal(size=(H, 1))}
    return params, inputs
