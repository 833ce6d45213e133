"""Encoder-decoder: the last encoder state starts the decoder, teacher forcing, squared error."""
import numpy as np


def run_rnn(x, h, Wx, Wh, b):
    hs = [h]
    for t in range(x.shape[1]):
        hs.append(np.tanh(x[:, t].dot(Wx) + hs[t].dot(Wh) + b))
    return hs


def rnn_backward(dhs, dlast, x, hs, Wx, Wh):
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(Wh.shape[1])
    dh = dlast
    for t in reversed(range(x.shape[1])):
        if dhs is not None:
            dh = dh + dhs[t]
        dpre = dh * (1 - hs[t + 1] ** 2)
        dWx += x[:, t].T.dot(dpre)
        dWh += hs[t].T.dot(dpre)
        db += dpre.sum(axis=0)
        dh = dpre.dot(Wh.T)
    return dWx, dWh, db, dh


def decode_inputs(y):
    return np.concatenate([np.zeros_like(y[:, :1]), y[:, :-1]], axis=1)


def full_forward(params, inputs):
    src, y = inputs["src"], inputs["tgt"]
    h0 = np.zeros((src.shape[0], params["enc_Wh"].shape[0]))
    enc = run_rnn(src, h0, params["enc_Wx"], params["enc_Wh"], params["enc_b"])
    dec_in = decode_inputs(y)
    dec = run_rnn(dec_in, enc[-1], params["dec_Wx"], params["dec_Wh"], params["dec_b"])
    preds = [h.dot(params["out_W"]) + params["out_b"] for h in dec[1:]]
    return enc, dec_in, dec, preds


def loss(params, inputs):
    preds = full_forward(params, inputs)[3]
    return sum(0.5 * np.sum((p - inputs["tgt"][:, t]) ** 2) for t, p in enumerate(preds))


def backward(params, inputs):
    src, y = inputs["src"], inputs["tgt"]
    enc, dec_in, dec, preds = full_forward(params, inputs)
    grads = {"out_W": np.zeros_like(params["out_W"]), "out_b": np.zeros_like(params["out_b"])}
    ddec = []
    for t, p in enumerate(preds):
        dp = p - y[:, t]
        grads["out_W"] += dec[t + 1].T.dot(dp)
        grads["out_b"] += dp.sum(axis=0)
        ddec.append(dp.dot(params["out_W"].T))
    grads["dec_Wx"], grads["dec_Wh"], grads["dec_b"], dcontext = rnn_backward(
        ddec, np.zeros_like(dec[0]), dec_in, dec, params["dec_Wx"], params["dec_Wh"])
    grads["enc_Wx"], grads["enc_Wh"], grads["enc_b"], _ = rnn_backward(
        None, dcontext, src, enc, params["enc_Wx"], params["enc_Wh"])
    return grads


def example(rng):
    B, T1, T2, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6, 7]))
    K = 2
    params = {
        "enc_Wx": rng.normal(size=(D, H)), "enc_Wh": rng.normal(size=(H, H)) * 0.7,
        "enc_b": rng.normal(size=H),
        "dec_Wx": rng.normal(size=(K, H)), "dec_Wh": rng.normal(size=(H, H)) * 0.7,
        "dec_b": rng.normal(size=H),
        "out_W": rng.normal(size=(H, K)), "out_b": rng.normal(size=K),
    }
    return params, {"src": rng.normal(size=(B, T1, D)), "tgt": rng.normal(size=(B, T2, K))}
