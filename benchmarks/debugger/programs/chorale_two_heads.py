"""Next note of a melody: pitch and duration are predicted from the same LSTM state.

One melody at a time, vectors only. The cost is in bits per note, the two heads are summed.
"""
import numpy as np

LOG2 = np.log(2.0)


def sig(a):
    return 1 / (1 + np.exp(-a))


def softmax(s):
    e = np.exp(s - s.max())
    return e / e.sum()


def nextnote(P, melody, h, c):
    """Run over all notes but the last, each predicts the one after it."""
    xs, hs, cs, ctils = [], [h], [c], []
    fs, is_, os_, pitch_ps, dur_ps = [], [], [], [], []
    bits = 0.0
    for t in range(len(melody) - 1):
        pitch, dur = melody[t]
        x = np.concatenate([P["Epitch"][pitch], P["Edur"][dur]])
        f = sig(P["Wf"].dot(x) + P["Uf"].dot(h) + P["bf"])
        i = sig(P["Wi"].dot(x) + P["Ui"].dot(h) + P["bi"])
        o = sig(P["Wo"].dot(x) + P["Uo"].dot(h) + P["bo"])
        ctil = np.tanh(P["Wc"].dot(x) + P["Uc"].dot(h) + P["bc"])
        c = f * c + i * ctil
        h = o * np.tanh(c)
        pp = softmax(P["Vpitch"].dot(h) + P["apitch"])
        pd = softmax(P["Vdur"].dot(h) + P["adur"])
        pitch, dur = melody[t + 1]
        bits -= (np.log(pp[pitch]) + np.log(pd[dur])) / LOG2
        for lst, v in zip((xs, hs, cs, fs, is_, os_, ctils, pitch_ps, dur_ps),
                          (x, h, c, f, i, o, ctil, pp, pd)):
            lst.append(v)
    return bits / (len(melody) - 1), (xs, hs, cs, fs, is_, os_, ctils, pitch_ps, dur_ps)


def bptt(P, melody, tape):
    xs, hs, cs, fs, is_, os_, ctils, pitch_ps, dur_ps = tape
    n = len(xs)
    G = {k: np.zeros_like(v) for k, v in P.items()}
    scale = 1.0 / (n * LOG2)
    n_pitch = P["Epitch"].shape[1]
    dh = np.zeros_like(hs[0])
    dc = np.zeros_like(cs[0])
    for t in reversed(range(n)):
        # heads
        es = {}
        for head, p, target in (("pitch", pitch_ps[t], melody[t + 1][0]),
                                ("dur", dur_ps[t], melody[t + 1][1])):
            e = p.copy()
            e[target] -= 1
            e *= scale
            G["V" + head] += np.outer(e, hs[t + 1])
            G["a" + head] += e
            es[head] = e
        dh = dh + P["Vpitch"].T.dot(es["pitch"]) + P["Vdur"].T.dot(es["dur"])

        # state
        th = np.tanh(cs[t + 1])
        do = dh * th
        dc = dc + dh * os_[t] * (1 - th * th)
        df = dc * cs[t]
        di = dc * ctils[t]
        dctil = dc * is_[t]
        dc = dc * fs[t]

        # gates
        deltas = dict(
            f=df * fs[t] * (1 - fs[t]),
            i=di * is_[t] * (1 - is_[t]),
            o=do * os_[t] * (1 - os_[t]),
            c=dctil * (1 - ctils[t] ** 2),
        )
        dx = np.zeros_like(xs[t])
        dh = np.zeros_like(dh)
        for k, delta in deltas.items():
            G["W" + k] += np.outer(delta, xs[t])
            G["U" + k] += np.outer(delta, hs[t])
            G["b" + k] += delta
            dx += P["W" + k].T.dot(delta)
            dh += P["U" + k].T.dot(delta)

        # embeddings
        pitch, dur = melody[t]
        G["Epitch"][pitch] += dx[:n_pitch]
        G["Edur"][dur] += dx[n_pitch:]
    return G, dh, dc


def loss(params, inputs):
    return nextnote(params, inputs["melody"], inputs["h0"], inputs["c0"])[0]


def backward(params, inputs):
    _, tape = nextnote(params, inputs["melody"], inputs["h0"], inputs["c0"])
    G, dh0, dc0 = bptt(params, inputs["melody"], tape)
    G["h0"], G["c0"] = dh0, dc0
    return G


def example(rng):
    notes, H, n_pitch, n_dur = (int(k) for k in rng.permutation([4, 5, 6, 7]))
    e_pitch, e_dur = (int(k) for k in rng.permutation([2, 3]))
    P = {"Epitch": rng.normal(size=(n_pitch, e_pitch)), "Edur": rng.normal(size=(n_dur, e_dur))}
    for k in "fioc":
        P["W" + k] = rng.normal(size=(H, e_pitch + e_dur))
        P["U" + k] = rng.normal(size=(H, H)) * 0.8
        P["b" + k] = rng.normal(size=H)
    for head, size in (("pitch", n_pitch), ("dur", n_dur)):
        P["V" + head] = rng.normal(size=(size, H))
        P["a" + head] = rng.normal(size=size)
    melody = np.stack([rng.integers(n_pitch, size=notes), rng.integers(n_dur, size=notes)], axis=1)
    return P, {"melody": melody, "h0": rng.normal(size=H), "c0": rng.normal(size=H)}
