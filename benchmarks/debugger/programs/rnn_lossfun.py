"""Minimal character-level vanilla RNN: one function gives the loss and the gradients."""
import numpy as np


def lossFun(inputs, targets, hprev, Wxh, Whh, Why, bh, by):
    vocab_size = Wxh.shape[1]
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((vocab_size, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
        ys[t] = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][targets[t], 0])
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t - 1].T)
        dhnext = np.dot(Whh.T, dhraw)
    return loss, dWxh, dWhh, dWhy, dbh, dby, dhnext


def loss(params, inputs):
    return lossFun(inputs["inputs"], inputs["targets"], inputs["hprev"], **params)[0]


def backward(params, inputs):
    _, dWxh, dWhh, dWhy, dbh, dby, dhprev = lossFun(
        inputs["inputs"], inputs["targets"], inputs["hprev"], **params)
    return {"Wxh": dWxh, "Whh": dWhh, "Why": dWhy, "bh": dbh, "by": dby, "hprev": dhprev}


def example(rng):
    seq_length, hidden_size, vocab_size = (int(n) for n in rng.permutation([4, 5, 7]))
    params = {
        "Wxh": rng.standard_normal((hidden_size, vocab_size)),
        "Whh": rng.standard_normal((hidden_size, hidden_size)) * 0.6,
        "Why": rng.standard_normal((vocab_size, hidden_size)),
        "bh": rng.standard_normal((hidden_size, 1)),
        "by": rng.standard_normal((vocab_size, 1)),
    }
    inputs = {
        "inputs": rng.integers(vocab_size, size=seq_length),
        "targets": rng.integers(vocab_size, size=seq_length),
        "hprev": rng.standard_normal((hidden_size, 1)),
    }
    return params, inputs
