# In[1]: human date -> machine date. tanh encoder, GRU-free decoder with additive attention.
import numpy as np

# In[2]: one sentence pair at a time, so every state is a 1D vector
def encode(P, src, h0):
    hs = [h0]
    for tok in src:
        hs.append(np.tanh(P["E_src"][tok] @ P["W_e"] + hs[-1] @ P["U_e"] + P["b_e"]))
    return hs


# In[3]: additive attention, e_j = v . tanh(W_a s + U_a h_j)
def attend(P, s, keys, values):
    q = s @ P["W_a"]
    hidden = np.tanh(q + keys)
    e = hidden @ P["v_a"]
    w = np.exp(e - e.max())
    alpha = w / w.sum()
    return alpha @ values, (hidden, alpha)


# In[4]: decoder with teacher forcing; tgt[0] is <go>
def decode(P, hs, tgt):
    values = np.stack(hs[1:])
    keys = values @ P["U_a"]
    s = hs[-1]
    states, steps, J = [s], [], 0.0
    for prev, want in zip(tgt[:-1], tgt[1:]):
        ctx, att = attend(P, s, keys, values)
        inp = np.concatenate([P["E_tgt"][prev], ctx])
        s = np.tanh(inp @ P["W_d"] + s @ P["U_d"] + P["b_d"])
        read = np.concatenate([s, ctx])
        logits = read @ P["W_o"] + P["b_o"]
        probs = np.exp(logits - logits.max())
        probs = probs / probs.sum()
        J = J - np.log(probs[want])
        states.append(s)
        steps.append((prev, want, att, inp, read, probs))
    return J, values, states, steps


# In[5]: the part that took me the weekend
def grad_pair(P, G, src, tgt, hs, values, states, steps, scale):
    n = states[0].size
    m = P["E_tgt"].shape[1]
    dvalues = np.zeros_like(values)
    dkeys = np.zeros_like(values @ P["U_a"])
    ds = np.zeros(n)
    for t in range(len(steps) - 1, -1, -1):
        prev, want, (hidden, alpha), inp, read, probs = steps[t]
        s_prev, s = states[t], states[t + 1]
        dlogits = probs * scale
        dlogits[want] -= scale
        G["W_o"] += np.outer(read, dlogits)
        G["b_o"] += dlogits
        dread = P["W_o"] @ dlogits
        ds = ds + dread[:n]
        dctx = dread[n:]
        dpre = ds * (1 - s ** 2)
        G["W_d"] += np.outer(inp, dpre)
        G["U_d"] += np.outer(s_prev, dpre)
        G["b_d"] += dpre
        dinp = P["W_d"] @ dpre
        G["E_tgt"][prev] += dinp[:m]
        dctx = dctx + dinp[m:]
        ds = P["U_d"] @ dpre
        dalpha = values @ dctx
        dvalues += np.outer(alpha, dctx)
        de = alpha * (dalpha - alpha @ dalpha)
        G["v_a"] += de @ hidden
        dhidden = np.outer(de, P["v_a"]) * (1 - hidden ** 2)
        dkeys += dhidden
        dq = dhidden.sum(axis=0)
        G["W_a"] += np.outer(s_prev, dq)
        ds = ds + P["W_a"] @ dq
    G["U_a"] += values.T @ dkeys
    dvalues += dkeys @ P["U_a"].T
    dh = ds
    for j in range(len(src) - 1, -1, -1):
        dh = dh + dvalues[j]
        dpre = dh * (1 - hs[j + 1] ** 2)
        G["W_e"] += np.outer(P["E_src"][src[j]], dpre)
        G["U_e"] += np.outer(hs[j], dpre)
        G["b_e"] += dpre
        G["E_src"][src[j]] += P["W_e"] @ dpre
        dh = P["U_e"] @ dpre
    return dh


# In[6]: whole batch
def pairs(inputs):
    for k, n in enumerate(inputs["src_len"]):
        yield k, inputs["src"][k, :n], inputs["tgt"][k]


def loss(params, inputs):
    J = 0.0
    for k, src, tgt in pairs(inputs):
        J = J + decode(params, encode(params, src, inputs["h0"][k]), tgt)[0]
    return float(J / len(inputs["src"]))


def backward(params, inputs):
    G = {name: np.zeros_like(w) for name, w in params.items()}
    dh0 = np.zeros_like(inputs["h0"])
    for k, src, tgt in pairs(inputs):
        hs = encode(params, src, inputs["h0"][k])
        _, values, states, steps = decode(params, hs, tgt)
        dh0[k] = grad_pair(params, G, src, tgt, hs, values, states, steps, 1.0 / len(inputs["src"]))
    return {**G, "h0": dh0}


def example(rng):
    B, S, T, V, K = 2, int(rng.integers(4, 6)), int(rng.integers(3, 5)), int(rng.integers(4, 6)), int(rng.integers(3, 5))
    m, a, d, h = rng.permutation([2, 3, 4, 5])
    n = h
    shapes = dict(E_src=(V, d), W_e=(d, h), U_e=(h, h), b_e=(h,), W_a=(n, a), U_a=(h, a), v_a=(a,),
                  E_tgt=(K, m), W_d=(m + h, n), U_d=(n, n), b_d=(n,), W_o=(n + h, K), b_o=(K,))
    params = {k: rng.normal(size=s) for k, s in shapes.items()}
    return params, {"src": rng.integers(0, V, (B, S)), "src_len": np.array([S, S - 1]),
                    "tgt": rng.integers(0, K, (B, T + 1)), "h0": rng.normal(size=(B, h))}
