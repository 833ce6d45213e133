# From Seq2Seq.jl.  Features down, batch across; gradients are Δ..., functions that write end in _ (Julia's !)
import numpy as np

σ = lambda x: 1 / (1 + np.exp(-x))

def gru(m, x, h):
    """m: dict of Wi (3n, d), Wh (3n, n), b (3n), bh (n); order r, z, n as in Flux.GRUv3"""
    n = h.shape[0]
    gx, gh = m["Wi"] @ x + m["b"][:, None], m["Wh"] @ h
    r = σ(gx[:n] + gh[:n])
    z = σ(gx[n : 2 * n] + gh[n : 2 * n])
    u = gh[2 * n :] + m["bh"][:, None]
    h̃ = np.tanh(gx[2 * n :] + r * u)
    return (1 - z) * h̃ + z * h, (x, h, r, z, u, h̃)

def gru_back_(Δ, m, saved, Δh):
    """Adds to Δ; returns Δx and the gradient of the earlier h"""
    x, h, r, z, u, h̃ = saved
    Δñ = Δh * (1 - z) * (1 - h̃**2)
    Δz = Δh * (h - h̃) * z * (1 - z)
    Δu = Δñ * r
    Δr = Δñ * u * r * (1 - r)
    Δgx = np.vstack([Δr, Δz, Δñ])
    Δgh = np.vstack([Δr, Δz, Δu])
    Δ["Wi"] += Δgx @ x.T
    Δ["Wh"] += Δgh @ h.T
    Δ["b"] += Δgx.sum(1)
    Δ["bh"] += Δu.sum(1)
    return m["Wi"].T @ Δgx, m["Wh"].T @ Δgh + Δh * z

def part(p, prefix):
    return {k[len(prefix) :]: v for k, v in p.items() if k.startswith(prefix)}

def encode(p, src, srclen):
    h = np.repeat(p["h0"][:, None], src.shape[1], axis=1)
    tape = []
    for t, words in enumerate(src):
        h̄, saved = gru(part(p, "enc_"), p["Esrc"][:, words], h)
        on = t < srclen
        h = np.where(on, h̄, h)
        tape.append((words, on, saved))
    return h, tape

def decode(p, context, tgt, tgtlen):
    """Teacher forcing: word t-1 of the target is the input of step t; the context is read at each step"""
    s, tape, nll = context, [], 0.0
    batch = np.arange(tgt.shape[1])
    for t in range(1, len(tgt)):
        x = np.vstack([p["Etgt"][:, tgt[t - 1]], context])
        s, saved = gru(part(p, "dec_"), x, s)
        y = p["V"] @ s + p["c"][:, None]
        q = np.exp(y - y.max(0))
        q = q / q.sum(0)
        w = (t < tgtlen) / np.sum(tgtlen - 1)
        nll = nll - np.sum(w * np.log(q[tgt[t], batch]))
        tape.append((t, saved, s, q, w))
    return nll, tape

def loss(params, inputs):
    context, _ = encode(params, inputs["src"], inputs["srclen"])
    return float(decode(params, context, inputs["tgt"], inputs["tgtlen"])[0])

def backward(params, inputs):
    p, tgt = params, inputs["tgt"]
    Δp = {k: np.zeros(v.shape) for k, v in p.items()}
    context, enctape = encode(p, inputs["src"], inputs["srclen"])
    _, dectape = decode(p, context, tgt, inputs["tgtlen"])
    d = p["Etgt"].shape[0]
    Δcontext, Δs = np.zeros_like(context), np.zeros_like(context)
    for t, saved, s, q, w in reversed(dectape):
        Δy = q * w
        Δy[tgt[t], np.arange(tgt.shape[1])] -= w
        Δp["V"] += Δy @ s.T
        Δp["c"] += Δy.sum(1)
        Δx, Δs = gru_back_(part(Δp, "dec_"), part(p, "dec_"), saved, Δs + p["V"].T @ Δy)
        np.add.at(Δp["Etgt"].T, tgt[t - 1], Δx[:d].T)
        Δcontext += Δx[d:]
    Δh = Δcontext + Δs
    for words, on, saved in reversed(enctape):
        Δx, Δprev = gru_back_(part(Δp, "enc_"), part(p, "enc_"), saved, Δh * on)
        np.add.at(Δp["Esrc"].T, words, Δx.T)
        Δh = Δprev + Δh * ~on
    Δp["h0"] = Δh.sum(1)
    return Δp

def example(rng):
    B, S, T = 3, int(rng.integers(4, 6)), 4
    d, n, vs, vt = 2, int(rng.integers(3, 5)), 4, 5
    g = rng.standard_normal
    params = {"Esrc": g((d, vs)), "Etgt": g((d, vt)), "h0": g(n), "V": g((vt, n)), "c": g(vt)}
    for k, wide in (("enc_", d), ("dec_", d + n)):
        params |= {k + "Wi": g((3 * n, wide)), k + "Wh": g((3 * n, n)), k + "b": g(3 * n), k + "bh": g(n)}
    src, tgt = rng.integers(0, vs, (S, B)), rng.integers(0, vt, (T, B))
    src[:, 1], tgt[0] = src[:, 0], 0
    return params, {"src": src, "srclen": np.array([S, S - 1, 2]), "tgt": tgt, "tgtlen": np.array([T, 3, T])}
