# Store sales, notebook v7: 2-layer LSTM (torch gate order i f g o), dropout between, pinball loss.
import numpy as np

QUANTILES = np.array([0.1, 0.5, 0.9])
N_LAYERS = 2


def sigm(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def lstm_layer(seq, h, c, w):
    """seq (T, B, F) -> hidden states (T, B, H) and everything we need later."""
    T, B, _ = seq.shape
    H = h.shape[-1]
    hs = np.zeros((T + 1, B, H))
    cs = np.zeros((T + 1, B, H))
    act = np.zeros((T, B, 4 * H))
    hs[0], cs[0] = h, c
    for t in range(T):
        z = seq[t] @ w["w_ih"].T + w["b_ih"] + hs[t] @ w["w_hh"].T + w["b_hh"]
        act[t] = sigm(z)
        act[t, :, 2 * H:3 * H] = np.tanh(z[:, 2 * H:3 * H])
        i, f, g, o = np.split(act[t], 4, axis=-1)
        cs[t + 1] = f * cs[t] + i * g
        hs[t + 1] = o * np.tanh(cs[t + 1])
    return hs, cs, act


def lstm_layer_grad(dout, seq, hs, cs, act, w):
    T, B, H = dout.shape
    dz = np.zeros_like(act)
    dh = np.zeros((B, H))
    dc = np.zeros((B, H))
    for t in range(T - 1, -1, -1):
        i, f, g, o = np.split(act[t], 4, axis=-1)
        tc = np.tanh(cs[t + 1])
        dh = dh + dout[t]
        dc = dc + dh * o * (1 - tc * tc)
        dz[t, :, :H] = dc * g * i * (1 - i)
        dz[t, :, H:2 * H] = dc * cs[t] * f * (1 - f)
        dz[t, :, 2 * H:3 * H] = dc * i * (1 - g * g)
        dz[t, :, 3 * H:] = dh * tc * o * (1 - o)
        dc = dc * f
        dh = dz[t] @ w["w_hh"]
    grads = {
        "w_ih": np.einsum("tbk,tbf->kf", dz, seq),
        "w_hh": np.einsum("tbk,tbh->kh", dz, hs[:-1]),
        "b_ih": dz.sum(axis=(0, 1)),
        "b_hh": dz.sum(axis=(0, 1)),
    }
    return dz @ w["w_ih"], dh, dc, grads


def layer_weights(params, k):
    return {n: params[f"{n}_l{k}"] for n in ("w_ih", "w_hh", "b_ih", "b_hh")}


def fit_predict(params, inputs):
    tape = []
    seq = inputs["x"].transpose(1, 0, 2)
    for k in range(N_LAYERS):
        if k > 0:
            seq = seq * inputs["drop"]
        hs, cs, act = lstm_layer(seq, inputs["h0"][k], inputs["c0"][k], layer_weights(params, k))
        tape.append((seq, hs, cs, act))
        seq = hs[1:]
    feats = np.concatenate([seq[-1], seq.mean(axis=0)], axis=1)
    return feats @ params["head_w"] + params["head_b"], feats, tape


def loss(params, inputs):
    pred, _, _ = fit_predict(params, inputs)
    err = inputs["y"][:, None] - pred
    return float(np.where(err > 0, QUANTILES * err, (QUANTILES - 1) * err).mean())


def backward(params, inputs):
    pred, feats, tape = fit_predict(params, inputs)
    err = inputs["y"][:, None] - pred
    dpred = np.where(err > 0, -QUANTILES, 1 - QUANTILES) / err.size
    out = {"head_w": feats.T @ dpred, "head_b": dpred.sum(axis=0)}
    dfeats = dpred @ params["head_w"].T
    T, B, _ = tape[0][0].shape
    H = dfeats.shape[1] // 2
    dseq = np.tile(dfeats[:, H:] / T, (T, 1, 1))
    dseq[-1] += dfeats[:, :H]
    out["h0"] = np.zeros_like(inputs["h0"])
    out["c0"] = np.zeros_like(inputs["c0"])
    for k in reversed(range(N_LAYERS)):
        dseq, out["h0"][k], out["c0"][k], g = lstm_layer_grad(dseq, *tape[k], layer_weights(params, k))
        if k > 0:
            dseq = dseq * inputs["drop"]
        out.update({f"{n}_l{k}": v for n, v in g.items()})
    out["x"] = dseq.transpose(1, 0, 2)
    return out


def example(rng):
    B, T, F, H = int(rng.integers(2, 4)), int(rng.integers(3, 6)), int(rng.integers(2, 4)), int(rng.integers(4, 6))
    params = {"head_w": rng.normal(size=(2 * H, 3)), "head_b": rng.normal(size=3)}
    for k, n_in in enumerate((F, H)):
        params[f"w_ih_l{k}"] = rng.normal(size=(4 * H, n_in))
        params[f"w_hh_l{k}"] = rng.normal(size=(4 * H, H)) * 0.8
        params[f"b_ih_l{k}"], params[f"b_hh_l{k}"] = rng.normal(size=(2, 4 * H)) * 0.7
    drop = (rng.random((T, B, H)) < 0.75).astype(int) * 2
    return params, {"x": rng.normal(size=(B, T, F)), "y": rng.normal(size=B) * 3, "drop": drop,
                    "h0": rng.normal(size=(2, B, H)), "c0": rng.normal(size=(2, B, H))}
