"""LSTM whose derivatives are written in exponentials of the pre-activations, for a port to C."""
import numpy as np


def sig(a):
    return 1.0 / (1.0 + np.exp(-a))


def dsig(a):
    e = np.exp(-a)
    return e / ((1.0 + e) * (1.0 + e))


def tanh_(a):
    e2 = np.exp(2.0 * a)
    return (e2 - 1.0) / (e2 + 1.0)


def dtanh_(a):
    s = np.exp(a) + np.exp(-a)
    return 4.0 / (s * s)


def fwd(x, Wi, Wf, Wo, Wg):
    # every W: (H, D + H + 1), last column is the bias
    T = x.shape[0]
    H = Wi.shape[0]
    v = np.zeros((T, x.shape[1] + H + 1))
    ai, af, ao, ag, c = (np.zeros((T, H)) for _ in range(5))
    hprev = np.zeros(H)
    cprev = np.zeros(H)
    hs = np.zeros((T, H))
    for t in range(T):
        v[t] = np.concatenate((x[t], hprev, [1.0]))
        ai[t] = Wi.dot(v[t])
        af[t] = Wf.dot(v[t])
        ao[t] = Wo.dot(v[t])
        ag[t] = Wg.dot(v[t])
        c[t] = sig(af[t]) * cprev + sig(ai[t]) * tanh_(ag[t])
        hs[t] = sig(ao[t]) * tanh_(c[t])
        hprev, cprev = hs[t], c[t]
    return hs, v, ai, af, ao, ag, c


def bwd(derr, v, ai, af, ao, ag, c, Wi, Wf, Wo, Wg):
    T, H = c.shape
    gi, gf, go, gg = (np.zeros_like(w) for w in (Wi, Wf, Wo, Wg))
    D = v.shape[1] - H - 1
    eh = np.zeros(H)
    ec = np.zeros(H)
    for t in range(T - 1, -1, -1):
        cprev = c[t - 1] if t else np.zeros(H)
        eh = eh + derr[t]
        ec = ec + eh * sig(ao[t]) * dtanh_(c[t])
        eo = eh * tanh_(c[t]) * dsig(ao[t])
        ei = ec * tanh_(ag[t]) * dsig(ai[t])
        ef = ec * cprev * dsig(af[t])
        eg = ec * sig(ai[t]) * dtanh_(ag[t])
        gi += np.outer(ei, v[t])
        gf += np.outer(ef, v[t])
        go += np.outer(eo, v[t])
        gg += np.outer(eg, v[t])
        ev = Wi.T.dot(ei) + Wf.T.dot(ef) + Wo.T.dot(eo) + Wg.T.dot(eg)
        eh = ev[D:D + H]
        ec = ec * sig(af[t])
    return {"Wi": gi, "Wf": gf, "Wo": go, "Wg": gg}


def loss(params, inputs):
    hs = fwd(inputs["x"], **params)[0]
    return np.sum(np.logaddexp(0, hs * inputs["margin"]))


def backward(params, inputs):
    hs, *saved = fwd(inputs["x"], **params)
    derr = inputs["margin"] * sig(hs * inputs["margin"])
    return bwd(derr, *saved, **params)


def example(rng):
    T, D, H = (int(n) for n in rng.permutation([4, 5, 6]))
    params = {k: rng.normal(size=(H, D + H + 1)) for k in ("Wi", "Wf", "Wo", "Wg")}
    return params, {"x": rng.normal(size=(T, D)), "margin": rng.normal(size=(T, H)) * 3}
