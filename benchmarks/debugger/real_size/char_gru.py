"""
Character-level GRU language model in pure numpy.
Started from the vanilla char-rnn script, swapped the cell for a GRU.
usage: python char_gru.py mytext.txt
"""
import sys
import numpy as np

# hyperparameters
hidden_size = 100   # size of hidden layer of neurons
seq_length = 25     # number of steps to unroll the RNN for
vocab_size = 65     # tiny shakespeare
learning_rate = 1e-1

# model parameters
rs_ = np.random.RandomState(42)


def randmat(n, m):
    return rs_.randn(n, m) * 0.08


Wz = randmat(hidden_size, vocab_size)
Wr = randmat(hidden_size, vocab_size)
Wh = randmat(hidden_size, vocab_size)
Uz = randmat(hidden_size, hidden_size)
Ur = randmat(hidden_size, hidden_size)
Uh = randmat(hidden_size, hidden_size)
Wy = randmat(vocab_size, hidden_size)
bz = np.zeros((hidden_size, 1))
br = np.zeros((hidden_size, 1))
bh = np.zeros((hidden_size, 1))
by = np.zeros((vocab_size, 1))

names = ['Wz', 'Wr', 'Wh', 'Uz', 'Ur', 'Uh', 'Wy', 'bz', 'br', 'bh', 'by']


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def lossFun(inputs, targets, hprev):
    """
    inputs, targets are both lists of integers.
    hprev is Hx1 array of initial hidden state
    returns the loss, gradients on model parameters, and last hidden state
    """
    xs, zs, rs, hbars, hs, ys, ps = {}, {}, {}, {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0
    # forward pass
    for t in range(len(inputs)):
        xs[t] = np.zeros((vocab_size, 1))
        xs[t][inputs[t]] = 1
        zs[t] = sigmoid(np.dot(Wz, xs[t]) + np.dot(Uz, hs[t-1]) + bz)
        rs[t] = sigmoid(np.dot(Wr, xs[t]) + np.dot(Ur, hs[t-1]) + br)
        hbars[t] = np.tanh(np.dot(Wh, xs[t]) + np.dot(Uh, rs[t] * hs[t-1]) + bh)
        hs[t] = zs[t] * hs[t-1] + (1 - zs[t]) * hbars[t]
        ys[t] = np.dot(Wy, hs[t]) + by
        e = np.exp(ys[t] - np.max(ys[t]))
        ps[t] = e / np.sum(e)
        loss += -np.log(ps[t][targets[t], 0])

    # backward pass: compute gradients going backwards
    dWz, dWr, dWh = np.zeros_like(Wz), np.zeros_like(Wr), np.zeros_like(Wh)
    dUz, dUr, dUh = np.zeros_like(Uz), np.zeros_like(Ur), np.zeros_like(Uh)
    dbz, dbr, dbh = np.zeros_like(bz), np.zeros_like(br), np.zeros_like(bh)
    dWy, dby = np.zeros_like(Wy), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Wy.T, dy) + dhnext

        # candidate
        dhbar = dh * (1 - zs[t])
        dhbar_l = dhbar * (1 - hbars[t] * hbars[t])
        dWh += np.dot(dhbar_l, xs[t].T)
        dUh += np.dot(dhbar_l, (rs[t] * hs[t-1]).T)
        dbh += dhbar_l
        drhp = np.dot(Uh.T, dhbar_l)

        # reset gate
        dr = drhp * hs[t-1]
        dr_l = dr * rs[t] * (1 - rs[t])
        dWr += np.dot(dr_l, xs[t].T)
        dUr += np.dot(dr_l, hs[t-1].T)
        dbr += dr_l

        # update gate
        dz = dh * (hs[t-1] - hbars[t])
        dz_l = dz * zs[t] * (1 - zs[t])
        dWz += np.dot(dz_l, xs[t].T)
        dUz += np.dot(dz_l, hs[t-1].T)
        dbz += dz_l

        # everything that reaches h[t-1]
        dh_fz_inner = np.dot(Uz.T, dz_l)
        dh_fz = dh * zs[t]
        dh_fhh = drhp * rs[t]
        dh_fr = np.dot(Ur.T, dr_l)
        dhnext = dh_fz_inner + dh_fz + dh_fhh + dh_fr

    grads = [dWz, dWr, dWh, dUz, dUr, dUh, dWy, dbz, dbr, dbh, dby]
    return loss, grads, hs[len(inputs)-1]


def sample(h, seed_ix, n):
    x = np.zeros((vocab_size, 1))
    x[seed_ix] = 1
    ixes = []
    for t in range(n):
        z = sigmoid(np.dot(Wz, x) + np.dot(Uz, h) + bz)
        r = sigmoid(np.dot(Wr, x) + np.dot(Ur, h) + br)
        hbar = np.tanh(np.dot(Wh, x) + np.dot(Uh, r * h) + bh)
        h = z * h + (1 - z) * hbar
        y = np.dot(Wy, h) + by
        p = np.exp(y - y.max())
        p = p / p.sum()
        ix = np.random.choice(range(vocab_size), p=p.ravel())
        x = np.zeros((vocab_size, 1))
        x[ix] = 1
        ixes.append(ix)
    return ixes


def set_params(params):
    g = globals()
    for n in names:
        g[n] = params[n]


def loss(params, inputs):
    set_params(params)
    l, _, _ = lossFun(inputs['inputs'], inputs['targets'], inputs['hprev'])
    return float(l)


def backward(params, inputs):
    set_params(params)
    _, grads, _ = lossFun(inputs['inputs'], inputs['targets'], inputs['hprev'])
    return dict(zip(names, grads))


def example(rng):
    params = {}
    for n in names:
        params[n] = rng.standard_normal(globals()[n].shape) * 0.08
    ids = [int(i) for i in rng.integers(0, vocab_size, seq_length + 1)]
    hprev = 0.3 * np.tanh(rng.standard_normal((hidden_size, 1)))
    return params, {'inputs': ids[:-1], 'targets': ids[1:], 'hprev': hprev}


def main():
    data = open(sys.argv[1], 'r').read()
    chars = sorted(set(data))
    assert len(chars) <= vocab_size
    ctoi = {c: i for i, c in enumerate(chars)}
    mem = [np.zeros_like(globals()[n]) for n in names]
    n, p = 0, 0
    hprev = np.zeros((hidden_size, 1))
    smooth = -np.log(1.0 / vocab_size) * seq_length
    while n < 100000:
        if p + seq_length + 1 >= len(data):
            hprev = np.zeros((hidden_size, 1))
            p = 0
        inp = [ctoi[c] for c in data[p:p+seq_length]]
        tgt = [ctoi[c] for c in data[p+1:p+seq_length+1]]
        l, grads, hprev = lossFun(inp, tgt, hprev)
        smooth = smooth * 0.999 + l * 0.001
        for name, d, m in zip(names, grads, mem):
            d = np.clip(d, -5, 5)
            m += d * d
            globals()[name] += -learning_rate * d / np.sqrt(m + 1e-8)
        if n % 500 == 0:
            print('iter %d, loss: %f' % (n, smooth))
            ix = [i for i in sample(hprev, inp[0], 200) if i < len(chars)]
            print(''.join(chars[i] for i in ix))
        p += seq_length
        n += 1


if __name__ == "__main__":
    main()
