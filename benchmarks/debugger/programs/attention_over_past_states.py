"""LSTM tagger that reads its own past: at step t a softmax over all states 0 .. t stands where
h[t-1] and c[t-1] would. Batch first; tags of -1 are padding."""
import numpy as np

I, F, O, G = range(4)


def softmax(e):
    w = np.exp(e - e.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True)


def unroll(P, X, h0, c0):
    B, T, _ = X.shape
    H = h0.shape[1]
    hs, cs = np.zeros((B, T + 1, H)), np.zeros((B, T + 1, H))
    hs[:, 0], cs[:, 0] = h0, c0
    steps = []
    for t in range(T):
        x, past_h, past_c = X[:, t], hs[:, :t + 1], cs[:, :t + 1]
        query = x @ P["Wa"]
        key = np.tanh(np.einsum("bsh,hk->bsk", past_h, P["Ua"]) + query[:, None])
        att = softmax(np.einsum("bsk,k->bs", key, P["va"]))
        hr = np.einsum("bs,bsh->bh", att, past_h)
        cr = np.einsum("bs,bsh->bh", att, past_c)
        gates = np.einsum("bd,gdh->bgh", x, P["W"]) + np.einsum("bm,gmh->bgh", hr, P["U"]) + P["b"]
        gates[:, :G] = 1 / (1 + np.exp(-gates[:, :G]))
        gates[:, G] = np.tanh(gates[:, G])
        cs[:, t + 1] = gates[:, F] * cr + gates[:, I] * gates[:, G]
        hs[:, t + 1] = gates[:, O] * np.tanh(cs[:, t + 1])
        steps.append((key, att, hr, cr, gates))
    return hs, cs, steps


def unroll_grad(P, X, hs, cs, steps, dhs):
    """dhs (B, T + 1, H): gradient of the loss by each state; earlier steps are added to it."""
    grad = {name: np.zeros_like(w) for name, w in P.items()}
    dcs = np.zeros_like(dhs)
    dX = np.zeros_like(X)
    for t in range(X.shape[1] - 1, -1, -1):
        x, past_h, past_c = X[:, t], hs[:, :t + 1], cs[:, :t + 1]
        key, att, hr, cr, gates = steps[t]
        i, f, o, g = (gates[:, k] for k in range(4))
        dh, tanh_c = dhs[:, t + 1], np.tanh(cs[:, t + 1])
        dc = dcs[:, t + 1] + dh * o * (1 - tanh_c ** 2)
        da = np.stack((dc * g, dc * cr, dh * tanh_c, dc * i), axis=1)
        da[:, :G] *= gates[:, :G] * (1 - gates[:, :G])
        da[:, G] *= 1 - g ** 2
        grad["W"] += np.einsum("bd,bgh->gdh", x, da)
        grad["U"] += np.einsum("bm,bgh->gmh", hr, da)
        grad["b"] += da.sum(axis=0)
        dX[:, t] = np.einsum("bgh,gdh->bd", da, P["W"])
        dhr = np.einsum("bgh,gmh->bm", da, P["U"])
        dcr = dc * f
        # the two reads
        datt = np.einsum("bh,bsh->bs", dhr, past_h) + np.einsum("bh,bsh->bs", dcr, past_c)
        dhs[:, :t + 1] += att[:, :, None] * dhr[:, None]
        dcs[:, :t + 1] += att[:, :, None] * dcr[:, None]
        # the scores
        de = att * (datt - np.sum(att * datt, axis=1, keepdims=True))
        grad["va"] += np.einsum("bs,bsk->k", de, key)
        dkey = np.einsum("bs,k->bsk", de, P["va"]) * (1 - key ** 2)
        grad["Ua"] += np.einsum("bsh,bsk->hk", past_h, dkey)
        dhs[:, :t + 1] += np.einsum("bsk,hk->bsh", dkey, P["Ua"])
        dquery = dkey.sum(axis=1)
        grad["Wa"] += x.T @ dquery
        dX[:, t] += dquery @ P["Wa"].T
    return grad, dX, dhs[:, 0], dcs[:, 0]


def tag_loss(hs, V, v, tags):
    prob = softmax(hs[:, 1:] @ V + v)
    real = tags >= 0
    picked = np.take_along_axis(prob, np.maximum(tags, 0)[:, :, None], axis=2)[:, :, 0]
    return -np.sum(np.log(picked) * real) / real.sum(), prob, real


def loss(params, inputs):
    hs, _, _ = unroll(params, inputs["X"], inputs["h0"], inputs["c0"])
    return tag_loss(hs, params["V"], params["v"], inputs["tags"])[0]


def backward(params, inputs):
    X, tags = inputs["X"], inputs["tags"]
    hs, cs, steps = unroll(params, X, inputs["h0"], inputs["c0"])
    _, prob, real = tag_loss(hs, params["V"], params["v"], tags)
    dlogits = (prob - (np.arange(prob.shape[2]) == tags[:, :, None])) * real[:, :, None] / real.sum()
    dhs = np.zeros_like(hs)
    dhs[:, 1:] = dlogits @ params["V"].T
    grad, dX, dh0, dc0 = unroll_grad(params, X, hs, cs, steps, dhs)
    grad["V"] = np.einsum("bth,btk->hk", hs[:, 1:], dlogits)
    grad["v"] = dlogits.sum(axis=(0, 1))
    grad["X"], grad["h0"], grad["c0"] = dX, dh0, dc0
    return grad


def example(rng):
    B, T, D, H, A = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    K = 4
    shapes = {"W": (4, D, H), "U": (4, H, H), "b": (4, H), "Wa": (D, A), "Ua": (H, A), "va": (A,),
              "V": (H, K), "v": (K,)}
    params = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    tags = rng.integers(K, size=(B, T))
    tags[1:, T - 1] = -1
    inputs = {"X": rng.normal(size=(B, T, D)), "tags": tags,
              "h0": rng.normal(size=(B, H)), "c0": rng.normal(size=(B, H))}
    return params, inputs
