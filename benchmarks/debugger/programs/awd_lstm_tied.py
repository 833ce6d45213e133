"""Language model with the regularisers of AWD-LSTM, in one piece.

Embedding dropout (whole words), one dropped weight matrix for all steps, locked dropout on what
goes in and out, a down-projection to the embedding's size, softmax with the embedding itself, and
the two penalties AR (small outputs) and TAR (slow outputs). The masks come in from outside.
"""
import numpy as np

ALPHA, BETA = 2.0, 1.0


def lossfun(model, inputs, need_grad):
    E, Wih, Whh, bias = model["E"], model["Wih"], model["Whh"], model["bias"]
    P, out_bias = model["P"], model["out_bias"]
    tokens, h, c = inputs["tokens"], inputs["h0"], inputs["c0"]
    seq, bsz = tokens.shape[0] - 1, tokens.shape[1]
    nhid = Whh.shape[0]

    # dropped parameters, the same all the way
    E_drop = E * inputs["word_mask"][:, None] / 0.9
    Whh_drop = Whh * inputs["weight_mask"] / 0.5
    lock_in, lock_out = inputs["in_mask"] / 0.6, inputs["out_mask"] / 0.6

    # forward
    emb, raw, hprev, cprev, acts = [], [], [], [], []
    for t in range(seq):
        e = E_drop[tokens[t]] * lock_in
        z = e @ Wih + h @ Whh_drop + bias
        zi, zg, zf, zo = z.reshape(bsz, 4, nhid).transpose(1, 0, 2)
        i, f, o, g = 1 / (1 + np.exp(-zi)), 1 / (1 + np.exp(-zf)), 1 / (1 + np.exp(-zo)), np.tanh(zg)
        emb.append(e)
        hprev.append(h)
        cprev.append(c)
        c = f * c + i * g
        h = o * np.tanh(c)
        acts.append((i, f, o, g, np.tanh(c)))
        raw.append(h)
    raw = np.array(raw)
    dropped = raw * lock_out
    proj = dropped @ P
    logits = proj @ E.T + out_bias
    logits = logits - logits.max(axis=2, keepdims=True)
    logprob = logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))
    step, col = np.ogrid[:seq, :bsz]
    ce = -logprob[step, col, tokens[1:]].sum() / (seq * bsz)
    diff = raw[1:] - raw[:-1]
    total = ce + ALPHA * np.mean(dropped ** 2) + BETA * np.mean(diff ** 2)
    if not need_grad:
        return total

    # softmax
    dlogits = np.exp(logprob)
    dlogits[step, col, tokens[1:]] -= 1
    dlogits /= seq * bsz
    dout_bias = dlogits.sum(axis=(0, 1))
    dE = np.tensordot(dlogits, proj, axes=((0, 1), (0, 1)))
    dproj = dlogits @ E
    dP = np.tensordot(dropped, dproj, axes=((0, 1), (0, 1)))

    # penalties
    ddropped = dproj @ P.T + 2 * ALPHA * dropped / dropped.size
    draw = ddropped * lock_out
    draw[1:] += 2 * BETA * diff / diff.size
    draw[:-1] -= 2 * BETA * diff / diff.size

    # through time
    dWih, dWhh_drop, dbias = np.zeros_like(Wih), np.zeros_like(Whh), np.zeros_like(bias)
    dE_drop = np.zeros_like(E)
    dh = dc = 0
    for t in range(seq - 1, -1, -1):
        i, f, o, g, tanhc = acts[t]
        dh = dh + draw[t]
        dc = dc + dh * o * (1 - tanhc * tanhc)
        dzi = dc * g * i * (1 - i)
        dzg = dc * i * (1 - g * g)
        dzf = dc * cprev[t] * f * (1 - f)
        dzo = dh * tanhc * o * (1 - o)
        dz = np.stack((dzi, dzg, dzf, dzo), axis=1).reshape(bsz, 4 * nhid)
        dWih += emb[t].T @ dz
        dWhh_drop += hprev[t].T @ dz
        dbias += dz.sum(axis=0)
        de = dz @ Wih.T
        np.add.at(dE_drop, tokens[t], de * lock_in)
        dh = dz @ Whh_drop.T
        dc = dc * f

    # back to the parameters that are not dropped
    dE += dE_drop * inputs["word_mask"][:, None] / 0.9
    dWhh = dWhh_drop * inputs["weight_mask"] / 0.5
    return {"E": dE, "Wih": dWih, "Whh": dWhh, "bias": dbias, "P": dP, "out_bias": dout_bias,
            "h0": dh, "c0": dc}


def loss(params, inputs):
    return lossfun(params, inputs, False)


def backward(params, inputs):
    return lossfun(params, inputs, True)


def example(rng):
    seq, bsz, nemb, nhid = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    V = 7
    params = {"E": rng.normal(size=(V, nemb)), "Wih": rng.normal(size=(nemb, 4 * nhid)),
              "Whh": rng.normal(size=(nhid, 4 * nhid)) * 0.6, "bias": rng.normal(size=4 * nhid),
              "P": rng.normal(size=(nhid, nemb)) * 0.6, "out_bias": rng.normal(size=V)}
    inputs = {"tokens": rng.integers(V, size=(seq + 1, bsz)),
              "h0": rng.normal(size=(bsz, nhid)), "c0": rng.normal(size=(bsz, nhid)),
              "word_mask": (rng.random(V) < 0.8).astype(int),
              "weight_mask": (rng.random((nhid, 4 * nhid)) < 0.5).astype(int),
              "in_mask": (rng.random((bsz, nemb)) < 0.6).astype(int),
              "out_mask": (rng.random((bsz, nhid)) < 0.6).astype(int)}
    return params, inputs
