"""Encoder RNN, decoder RNN with bilinear attention over masked memory; einsum everywhere."""
import numpy as np

E = np.einsum


def encode(P, x, h0):
    M = np.empty(x.shape[:2] + h0.shape[1:])
    for s in range(x.shape[1]):
        M[:, s] = np.tanh(E("bi,ij->bj", x[:, s], P["We"]) + E("bh,hj->bj", M[:, s - 1] if s else h0, P["Ue"]))
    return M


def attend(P, q, M, valid):
    score = E("bh,hk,bsk->bs", q, P["K"], M)
    score = np.where(valid, score, -np.inf)
    a = np.exp(score - score.max(1, keepdims=True))
    a /= a.sum(1, keepdims=True)
    return a, E("bs,bsh->bh", a, M)


def decode(P, M, y, valid):
    """y[:, t] is fed at step t (teacher forcing) and y[:, t + 1] is to be predicted."""
    q = E("bsh,bs->bh", M, valid / valid.sum(1, keepdims=True))
    qs, As, ctxs, preds = [q], [], [], []
    for t in range(y.shape[1] - 1):
        a, ctx = attend(P, q, M, valid)
        q = np.tanh(E("bi,ij->bj", y[:, t], P["Wd"]) + E("bh,hj->bj", ctx, P["Cd"]) + E("bh,hj->bj", q, P["Ud"]) + P["bd"])
        qs.append(q); As.append(a); ctxs.append(ctx)
        preds.append(E("bh,ho->bo", q, P["O"]))
    return qs, As, ctxs, np.stack(preds, 1)


def loss(params, inputs):
    M = encode(params, inputs["x"], inputs["h0"])
    pred = decode(params, M, inputs["y"], inputs["valid"])[-1]
    return float(0.5 * E("bto,bto->", *[pred - inputs["y"][:, 1:]] * 2) / pred.shape[0])


def backward(params, inputs):
    P, x, y, h0, valid = params, inputs["x"], inputs["y"], inputs["h0"], inputs["valid"]
    M = encode(P, x, h0)
    qs, As, ctxs, pred = decode(P, M, y, valid)
    B, S, _ = x.shape
    G = {k: np.zeros_like(v) for k, v in P.items()}
    dM = np.zeros_like(M)
    dpred = (pred - y[:, 1:]) / B
    G["O"] = E("tbh,bto->ho", np.array(qs[1:]), dpred)
    dq = np.zeros_like(qs[0])
    for t in range(len(As) - 1, -1, -1):
        dq = dq + E("bo,ho->bh", dpred[:, t], P["O"])
        dz = dq * (1 - qs[t + 1] ** 2)
        G["Wd"] += E("bi,bj->ij", y[:, t], dz)
        G["Cd"] += E("bh,bj->hj", ctxs[t], dz)
        G["Ud"] += E("bh,bj->hj", qs[t], dz)
        G["bd"] += E("bj->j", dz)
        dctx = E("bj,hj->bh", dz, P["Cd"])
        da = E("bh,bsh->bs", dctx, M)
        dscore = As[t] * (da - E("bs,bs->b", As[t], da)[:, None])
        dM += E("bs,bh->bsh", As[t], dctx)
        dM += E("bs,bh,hk->bsk", dscore, qs[t], P["K"])
        G["K"] += E("bs,bh,bsk->hk", dscore, qs[t], M)
        dq = E("bj,hj->bh", dz, P["Ud"]) + E("bs,hk,bsk->bh", dscore, P["K"], M)
    dM += E("bh,bs->bsh", dq, valid / valid.sum(1, keepdims=True))
    dx = np.zeros_like(x)
    carry = np.zeros_like(h0)
    for s in reversed(range(S)):
        dz = (dM[:, s] + carry) * (1 - M[:, s] ** 2)
        G["We"] += E("bi,bj->ij", x[:, s], dz)
        G["Ue"] += E("bh,bj->hj", M[:, s - 1] if s else h0, dz)
        dx[:, s] = E("bj,ij->bi", dz, P["We"])
        carry = E("bj,hj->bh", dz, P["Ue"])
    return {**G, "x": dx, "h0": carry}


def example(rng):
    B, S, T, D, H, O = rng.integers(2, 4), rng.integers(3, 6), rng.integers(4, 6), 2, rng.integers(4, 6), 3
    P = {"We": (D, H), "Ue": (H, H), "K": (H, H), "Wd": (O, H), "Cd": (H, H), "Ud": (H, H), "bd": (H,), "O": (H, O)}
    P = {k: 0.7 * rng.standard_normal(s) for k, s in P.items()}
    valid = np.arange(S) < rng.integers(2, S + 1, size=(B, 1))
    valid[0] = np.arange(S) < S - 1
    return P, {"x": rng.standard_normal((B, S, D)), "y": rng.standard_normal((B, T, O)), "valid": valid, "h0": rng.standard_normal((B, H))}
