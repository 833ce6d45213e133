"""STAR cells (Turkoglu et al. 2020), stacked layer by layer; crops from satellite time series."""
import numpy as np

LAYERS = 2


def sgm(a):
    return 1 / (1 + np.exp(-a))


def star_layer(w, xs):
    h, kept = np.zeros((xs[0].shape[0], w["b_k"].size)) + w["h0"], []
    for x in xs:
        k = sgm(x @ w["W_xk"] + h @ w["W_hk"] + w["b_k"])
        z = np.tanh(x @ w["W_xz"] + w["b_z"])
        new = np.tanh((1 - k) * h + k * z)
        kept.append(dict(x=x, h=h, k=k, z=z, new=new))
        h = new
    return [c["new"] for c in kept], kept


def star_layer_back(w, kept, dout):
    dw = {name: np.zeros_like(value) for name, value in w.items()}
    dxs, carry = [], 0.0
    for c, d in zip(reversed(kept), reversed(dout)):
        ds = (d + carry) * (1 - c["new"] ** 2)
        dk = ds * (c["z"] - c["h"]) * c["k"] * (1 - c["k"])
        dz = ds * c["k"] * (1 - c["z"] ** 2)
        dw["W_xk"] += c["x"].T @ dk
        dw["W_hk"] += c["h"].T @ dk
        dw["b_k"] += dk.sum(0)
        dw["W_xz"] += c["x"].T @ dz
        dw["b_z"] += dz.sum(0)
        dxs.append(dk @ w["W_xk"].T + dz @ w["W_xz"].T)
        carry = ds * (1 - c["k"]) + dk @ w["W_hk"].T
    dw["h0"] = carry.sum(0)
    return dxs[::-1], dw


def split(params):
    return [{n[:-2]: v for n, v in params.items() if n.endswith(f".{l}")} for l in range(LAYERS)]


def predict(params, x, clouds):
    seq, caches = list(x), []
    for w in split(params):
        seq, kept = star_layer(w, seq)
        caches.append(kept)
    clear = (1 - clouds)[:, :, None]
    pooled = sum(c * s for c, s in zip(clear, seq)) / clear.sum(0)
    return pooled @ params["head"] + params["bias"], pooled, clear, caches


def loss(params, inputs):
    score = predict(params, inputs["x"], inputs["clouds"])[0]
    sign = 2 * inputs["crop"] - 1
    return float(np.log1p(np.exp(-sign * score)).mean())


def backward(params, inputs):
    score, pooled, clear, caches = predict(params, inputs["x"], inputs["clouds"])
    dscore = (sgm(score) - inputs["crop"]) / len(score)
    grads = {"head": pooled.T @ dscore, "bias": dscore.sum(keepdims=True)}
    dpooled = np.outer(dscore, params["head"])
    dseq = [c * dpooled / clear.sum(0) for c in clear]
    weights = split(params)
    for l in reversed(range(LAYERS)):
        dseq, dw = star_layer_back(weights[l], caches[l], dseq)
        grads.update({f"{name}.{l}": value for name, value in dw.items()})
    grads["x"] = np.array(dseq)
    return grads


def example(rng):
    T, B, sizes = int(rng.integers(3, 6)), int(rng.integers(2, 4)), (2, 4, 3)
    n, params = rng.standard_normal, {}
    for l, (d, h) in enumerate(zip(sizes, sizes[1:])):
        for name, shape in dict(W_xk=(d, h), W_hk=(h, h), b_k=h, W_xz=(d, h), b_z=h, h0=h).items():
            params[f"{name}.{l}"] = n(shape)
    params.update(head=n(3), bias=n(1))
    clouds = np.zeros((T, B), int)
    clouds[rng.integers(0, T, B), np.arange(B)] = 1
    return params, {"x": n((T, B, 2)), "clouds": clouds, "crop": rng.integers(0, 2, B)}
