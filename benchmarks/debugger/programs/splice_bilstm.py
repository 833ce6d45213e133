"""Label each base of a read as exon / donor / acceptor.

One LSTM is run over the read and over its reverse complement (the same weights on both strands);
the two hidden states that meet at a base are put side by side.  Bases: A C G T N = 0 1 2 3 4.
"""
import numpy as np

COMPLEMENT = np.array([3, 2, 1, 0, 4])
N_STATES = 3

def reverse_complement(read):
    return COMPLEMENT[read[::-1]]

def expit(a):
    return 1 / (1 + np.exp(-a))

def run_strand(P, read):
    hidden, cell = P["h_start"], P["c_start"]
    trace = []
    for base in read:
        emb = P["bases"][base]
        pre = P["Wx"] @ emb + P["Wh"] @ hidden + P["b"]
        gi, gf, go, gg = np.split(pre, 4)
        gi, gf, go, gg = expit(gi), expit(gf), expit(go), np.tanh(gg)
        new_cell = gf * cell + gi * gg
        squashed = np.tanh(new_cell)
        step = (base, emb, hidden, cell, gi, gf, go, gg, squashed)
        hidden, cell = go * squashed, new_cell
        trace.append(step + (hidden,))
    return trace

def back_strand(P, G, trace, d_out):
    d_hidden = np.zeros_like(P["h_start"])
    d_cell = np.zeros_like(P["c_start"])
    for (base, emb, h_prev, c_prev, gi, gf, go, gg, squashed, _), d in zip(trace[::-1], d_out[::-1]):
        d_hidden = d_hidden + d
        d_cell = d_cell + d_hidden * go * (1 - squashed**2)
        d_pre = np.concatenate([
            d_cell * gg * gi * (1 - gi),
            d_cell * c_prev * gf * (1 - gf),
            d_hidden * squashed * go * (1 - go),
            d_cell * gi * (1 - gg**2),
        ])
        G["Wx"] += np.outer(d_pre, emb)
        G["Wh"] += np.outer(d_pre, h_prev)
        G["b"] += d_pre
        G["bases"][base] += P["Wx"].T @ d_pre
        d_hidden = P["Wh"].T @ d_pre
        d_cell = d_cell * gf
    G["h_start"] += d_hidden
    G["c_start"] += d_cell

def annotate(P, read):
    plus, minus = run_strand(P, read), run_strand(P, reverse_complement(read))
    meet = np.array([np.concatenate([a[-1], z[-1]]) for a, z in zip(plus, minus[::-1])])
    logits = meet @ P["V"] + P["v"]
    logp = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return plus, minus, meet, logp

def loss(params, inputs):
    total = 0.0
    for row, site, length in zip(inputs["reads"], inputs["sites"], inputs["lengths"]):
        logp = annotate(params, row[:length])[3]
        total = total - logp[np.arange(length), site[:length]].sum() / length
    return float(total / len(inputs["reads"]))

def backward(params, inputs):
    P, G = params, {k: np.zeros_like(v) for k, v in params.items()}
    for row, site, length in zip(inputs["reads"], inputs["sites"], inputs["lengths"]):
        plus, minus, meet, logp = annotate(P, row[:length])
        d_logits = np.exp(logp)
        d_logits[np.arange(length), site[:length]] -= 1
        d_logits /= length * len(inputs["reads"])
        G["V"] += meet.T @ d_logits
        G["v"] += d_logits.sum(axis=0)
        d_meet = d_logits @ P["V"].T
        half = d_meet.shape[1] // 2
        back_strand(P, G, plus, d_meet[:, :half])
        back_strand(P, G, minus, d_meet[::-1, half:])
    return G

def example(rng):
    n_reads, width, dim, n = 3, int(rng.integers(5, 7)), 2, int(rng.integers(3, 5))
    r = rng.standard_normal
    params = {
        "bases": r((5, dim)), "Wx": r((4 * n, dim)), "Wh": r((4 * n, n)) * 0.8, "b": r(4 * n),
        "h_start": r(n), "c_start": r(n), "V": r((2 * n, N_STATES)), "v": r(N_STATES),
    }
    lengths = np.array([width, width - 1, 3])
    reads = rng.integers(0, 5, (n_reads, width))
    reads[0, 2] = reads[0, 0]
    return params, {"reads": reads, "sites": rng.integers(0, N_STATES, (n_reads, width)), "lengths": lengths}
