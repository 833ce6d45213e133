"""Minimal gated unit on packed sequences (longest first), one dropout mask per sequence, hinge loss."""
import numpy as np


def _spans(batch_sizes):
    """(start, stop) of the rows of each step in the packed data."""
    stops = np.cumsum(batch_sizes)
    return list(zip(stops - batch_sizes, stops))


def mgu(theta, data, batch_sizes, h0, drop):
    (Wf, Uf, bf), (Wc, Uc, bc) = theta["f"], theta["c"]
    hidden = h0.copy()
    saved = []
    for (lo, hi), n in zip(_spans(batch_sizes), batch_sizes):
        x, prev = data[lo:hi], hidden[:n].copy()
        hd = prev * drop[:n]
        f = 1 / (1 + np.exp(-(x @ Wf + hd @ Uf + bf)))
        fh = f * hd
        c = np.tanh(x @ Wc + fh @ Uc + bc)
        hidden[:n] = (1 - f) * prev + f * c
        saved.append((x, prev, hd, f, fh, c))
    return hidden, saved


def hinge(scores, label, margin=1.0):
    """Multiclass hinge of Weston and Watkins, mean over sequences, and its gradient."""
    rows = np.arange(len(label))
    viol = margin + scores - scores[rows, label][:, None]
    viol[rows, label] = 0
    active = (viol > 0).astype(float)
    grad = active.copy()
    grad[rows, label] = -active.sum(axis=1)
    return np.maximum(viol, 0).sum() / len(label), grad / len(label)


def mgu_back(theta, saved, batch_sizes, drop, dhidden):
    (Wf, Uf, bf), (Wc, Uc, bc) = theta["f"], theta["c"]
    dWf, dUf, dbf, dWc, dUc, dbc = (np.zeros_like(p) for p in (Wf, Uf, bf, Wc, Uc, bc))
    ddata = []
    dhidden = dhidden.copy()
    for n, (x, prev, hd, f, fh, c) in zip(reversed(batch_sizes), reversed(saved)):
        dh = dhidden[:n]
        dac = dh * f * (1 - c**2)
        dfh = dac @ Uc.T
        df = dh * (c - prev) + dfh * hd
        daf = df * f * (1 - f)
        dhd = dfh * f + daf @ Uf.T
        dWc += x.T @ dac
        dUc += fh.T @ dac
        dbc += dac.sum(0)
        dWf += x.T @ daf
        dUf += hd.T @ daf
        dbf += daf.sum(0)
        ddata.append(dac @ Wc.T + daf @ Wf.T)
        dhidden[:n] = dh * (1 - f) + dhd * drop[:n]
    return (dWf, dUf, dbf), (dWc, dUc, dbc), np.concatenate(ddata[::-1]), dhidden


def _theta(params):
    return {g: tuple(params[kind + g] for kind in "WUb") for g in "fc"}


def loss(params, inputs):
    last, _ = mgu(_theta(params), inputs["data"], inputs["sizes"], inputs["h0"], inputs["drop"])
    return float(hinge(last @ params["out"] + params["bout"], inputs["label"])[0])


def backward(params, inputs):
    theta = _theta(params)
    last, saved = mgu(theta, inputs["data"], inputs["sizes"], inputs["h0"], inputs["drop"])
    _, dscores = hinge(last @ params["out"] + params["bout"], inputs["label"])
    df, dc, ddata, dh0 = mgu_back(theta, saved, inputs["sizes"], inputs["drop"], dscores @ params["out"].T)
    grads = {"out": last.T @ dscores, "bout": dscores.sum(0), "data": ddata, "h0": dh0}
    grads.update(zip(("Wf", "Uf", "bf"), df))
    grads.update(zip(("Wc", "Uc", "bc"), dc))
    return grads


def example(rng):
    D, H, K, T = 2, int(rng.integers(4, 6)), 4, int(rng.integers(3, 6))
    sizes = np.array([3] * (T - 2) + [2, 1])
    params = {"out": rng.normal(size=(H, K)), "bout": 0.3 * rng.normal(size=K)}
    for g in "fc":
        params |= {"W" + g: rng.normal(size=(D, H)), "U" + g: rng.normal(size=(H, H)), "b" + g: rng.normal(size=H)}
    drop = rng.integers(0, 2, size=(3, H)) * 2
    drop[:, 0], drop[:, 1] = 2, 0
    return params, {"data": rng.normal(size=(sizes.sum(), D)), "sizes": sizes, "drop": drop,
                    "h0": rng.normal(size=(3, H)), "label": rng.integers(0, K, size=3)}
