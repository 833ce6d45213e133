import numpy as np

# toy task of my notebook: read digits, write them reversed. tanh encoder + tanh decoder with
# dot attention over all encoder states; teacher forcing. one sample = lists of ints


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def encode(P, src):
    states = []
    h = P["h0"]
    for tok in src:
        h = np.tanh(P["Ee"][tok] + P["We"] @ h + P["be"])
        states.append(h)
    return np.stack(states)


def decode_step(P, tok, s_prev, enc):
    s = np.tanh(P["Ed"][tok] + P["Wd"] @ s_prev + P["bd"])
    att = softmax(enc @ P["Wa"] @ s)
    ctx = att @ enc
    feat = np.concatenate([s, ctx])
    probs = softmax(P["Wo"] @ feat + P["bo"])
    return s, (tok, s_prev, s, att, feat, probs)


def run(P, src, tgt_in, tgt_out):
    enc = encode(P, src)
    s = enc[-1]
    total, tape = 0.0, []
    for tok, want in zip(tgt_in, tgt_out):
        s, record = decode_step(P, tok, s, enc)
        total += -np.log(record[-1][want])
        tape.append(record)
    return total / len(tgt_out), enc, tape


def train_grads(P, src, tgt_in, tgt_out):
    _, enc, tape = run(P, src, tgt_in, tgt_out)
    H = enc.shape[1]
    G = {k: np.zeros_like(v) for k, v in P.items()}
    denc = np.zeros_like(enc)
    ds_next = np.zeros(H)
    for (tok, s_prev, s, att, feat, probs), want in zip(reversed(tape), reversed(tgt_out)):
        dlogit = probs.copy()
        dlogit[want] -= 1.0
        dlogit /= len(tgt_out)
        G["Wo"] += np.outer(dlogit, feat)
        G["bo"] += dlogit
        dfeat = P["Wo"].T @ dlogit
        ds = dfeat[:H] + ds_next
        dctx = dfeat[H:]
        datt = enc @ dctx
        denc += np.outer(att, dctx)
        dscore = att * (datt - att @ datt)
        denc += np.outer(dscore, P["Wa"] @ s)
        G["Wa"] += np.outer(enc.T @ dscore, s)
        ds += (enc @ P["Wa"]).T @ dscore
        dpre = ds * (1 - s**2)
        G["Ed"][tok] += dpre
        G["Wd"] += np.outer(dpre, s_prev)
        G["bd"] += dpre
        ds_next = P["Wd"].T @ dpre

    denc[-1] += ds_next
    dh_next = np.zeros(H)
    for k in range(len(src) - 1, -1, -1):
        h_prev = enc[k - 1] if k > 0 else P["h0"]
        dpre = (denc[k] + dh_next) * (1 - enc[k] ** 2)
        G["Ee"][src[k]] += dpre
        G["We"] += np.outer(dpre, h_prev)
        G["be"] += dpre
        dh_next = P["We"].T @ dpre
    G["h0"] = dh_next
    return G


def loss(params, inputs):
    return float(run(params, *(list(inputs[k]) for k in ("src", "tgt_in", "tgt_out")))[0])


def backward(params, inputs):
    return train_grads(params, *(list(inputs[k]) for k in ("src", "tgt_in", "tgt_out")))


def example(rng):
    K, H, n = rng.integers(3, 5), rng.integers(2, 5), rng.integers(3, 6)
    src = rng.integers(0, K, n)
    src[1] = src[0]
    out = src[::-1].copy()
    sizes = {"Ee": (K, H), "We": (H, H), "be": H, "h0": H, "Ed": (K + 1, H), "Wd": (H, H),
             "bd": H, "Wa": (H, H), "Wo": (K, 2 * H), "bo": K}
    params = {k: 0.8 * rng.normal(size=s) for k, s in sizes.items()}
    return params, {"src": src, "tgt_in": np.append(K, out[:-1]), "tgt_out": out}
