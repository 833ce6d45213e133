import numpy as np

# One matrix for everything: W is (4H, D + H + 1) and multiplies [x; h; 1].
# Rows: forget, input, candidate, output.  Classification from the last state.


def sig(v):
    return 1. / (1. + np.exp(-v))


def softmax(v):
    e = np.exp(v - v.max())
    return e / e.sum()


def read_sequence(W, seq, h, c):
    H = h.size
    trace = []
    for x in seq:
        u = np.concatenate([x, h, [1.]])
        a = W.dot(u)
        f = sig(a[:H])
        i = sig(a[H:2 * H])
        g = np.tanh(a[2 * H:3 * H])
        o = sig(a[3 * H:])
        c_old = c
        c = f * c_old + i * g
        h = o * np.tanh(c)
        trace.append((u, f, i, g, o, c_old, c))
    return h, trace


def unread_sequence(W, trace, dh, dim):
    """dh: gradient of the last state. Gives dW, the inputs' gradients, dh0 and dc0."""
    H = dh.size
    dW = np.zeros_like(W)
    dseq = []
    dc = np.zeros(H)
    for u, f, i, g, o, c_old, c in reversed(trace):
        tc = np.tanh(c)
        dc = dc + dh * o * (1. - tc * tc)
        da = np.hstack([
            dc * c_old * f * (1. - f),
            dc * g * i * (1. - i),
            dc * i * (1. - g * g),
            dh * tc * o * (1. - o),
        ])
        dW += np.outer(da, u)
        du = W.T.dot(da)
        dseq.append(du[:dim])
        dh = du[dim:dim + H]
        dc = dc * f
    dseq.reverse()
    return dW, np.array(dseq), dh, dc


def run(W, V, X, labels, H0, C0, want_grads=False):
    n, steps, dim = X.shape
    total = 0.
    dW, dV = np.zeros_like(W), np.zeros_like(V)
    dX, dH0, dC0 = np.zeros_like(X), np.zeros_like(H0), np.zeros_like(C0)
    for k in range(n):
        h, trace = read_sequence(W, X[k], H0[k], C0[k])
        h1 = np.append(h, 1.)
        prob = softmax(V.dot(h1))
        total -= np.log(prob[labels[k]])
        if not want_grads:
            continue
        ds = prob.copy()
        ds[labels[k]] -= 1.
        ds /= n
        dV += np.outer(ds, h1)
        dh = V.T.dot(ds)[:-1]
        dWk, dX[k], dH0[k], dC0[k] = unread_sequence(W, trace, dh, dim)
        dW += dWk
    if not want_grads:
        return total / n
    return {'W': dW, 'V': dV, 'X': dX, 'H0': dH0, 'C0': dC0}


def loss(params, inputs):
    return run(params['W'], params['V'], **inputs)


def backward(params, inputs):
    return run(params['W'], params['V'], **inputs, want_grads=True)


def example(rng):
    n, steps, dim, H, classes = (int(v) for v in rng.permutation([3, 4, 5, 6, 7]))
    params = {
        'W': rng.normal(size=(4 * H, dim + H + 1)) * 0.8,
        'V': rng.normal(size=(classes, H + 1)),
    }
    inputs = {
        'X': rng.normal(size=(n, steps, dim)),
        'labels': rng.integers(classes, size=n),
        'H0': rng.normal(size=(n, H)),
        'C0': rng.normal(size=(n, H)),
    }
    return params, inputs
