"""Variational RNN (Chung et al. 2015); noise eps is an input; loss = reconstruction + beta KL."""
import numpy as np

BETA = 0.7


def affine(p, name, *parts):
    cat = np.concatenate(parts, axis=-1)
    return cat @ p["W_" + name] + p["b_" + name], cat


def affine_back(p, g, name, dout, cat, sizes):
    g["W_" + name] += cat.T @ dout
    g["b_" + name] += dout.sum(axis=0)
    return np.split(dout @ p["W_" + name].T, np.cumsum(sizes)[:-1], axis=-1)


def elbo(p, x, eps):
    T, B, _ = x.shape
    h, total, tape = np.repeat(p["h0"][None], B, 0), 0.0, []
    for x_t, e_t in zip(x, eps):
        prior, c_prior = affine(p, "prior", h)
        enc, c_enc = affine(p, "enc", x_t, h)
        mu_p, lv_p = np.split(prior, 2, axis=1)
        mu_q, lv_q = np.split(enc, 2, axis=1)
        sd_q = np.exp(0.5 * lv_q)
        z = mu_q + sd_q * e_t
        x_rec, c_dec = affine(p, "dec", z, h)
        kl = 0.5 * (lv_p - lv_q - 1 + (sd_q ** 2 + (mu_q - mu_p) ** 2) / np.exp(lv_p))
        total += 0.5 * np.sum((x_rec - x_t) ** 2) + BETA * np.sum(kl)
        a, c_rnn = affine(p, "rnn", x_t, z, h)
        h_new = np.tanh(a)
        tape.append((x_t, e_t, mu_p, lv_p, mu_q, sd_q, x_rec, h_new, c_prior, c_enc, c_dec, c_rnn))
        h = h_new
    return total / B, tape


def elbo_back(p, x, tape):
    D, H, Z = x.shape[2], p["h0"].size, tape[0][4].shape[1]
    B = x.shape[1]
    g = {k: np.zeros_like(v) for k, v in p.items()}
    dh = np.zeros((B, H))
    dx = []
    for x_t, e_t, mu_p, lv_p, mu_q, sd_q, x_rec, h_new, c_prior, c_enc, c_dec, c_rnn in reversed(tape):
        da = dh * (1 - h_new ** 2)
        dx_t, dz, dh = affine_back(p, g, "rnn", da, c_rnn, (D, Z, H))
        drec = (x_rec - x_t) / B
        dx_t = dx_t - drec
        dz_dec, dh_dec = affine_back(p, g, "dec", drec, c_dec, (Z, H))
        dz = dz + dz_dec
        w = BETA / B
        prec = np.exp(-lv_p)
        diff = mu_q - mu_p
        dmu_q = dz + w * diff * prec
        dlv_q = 0.5 * (dz * e_t * sd_q + w * (sd_q ** 2 * prec - 1))
        dmu_p = -w * diff * prec
        dlv_p = 0.5 * w * (1 - (sd_q ** 2 + diff ** 2) * prec)
        dx_enc, dh_enc = affine_back(p, g, "enc", np.hstack((dmu_q, dlv_q)), c_enc, (D, H))
        (dh_prior,) = affine_back(p, g, "prior", np.hstack((dmu_p, dlv_p)), c_prior, (H,))
        dh = dh + dh_dec + dh_enc + dh_prior
        dx.append(dx_t + dx_enc)
    g["h0"] += dh.sum(axis=0)
    g["x"] = np.stack(dx[::-1])
    return g


def loss(params, inputs):
    return float(elbo(params, inputs["x"], inputs["eps"])[0])


def backward(params, inputs):
    _, tape = elbo(params, inputs["x"], inputs["eps"])
    return elbo_back(params, inputs["x"], tape)


def example(rng):
    T, B, D, Z, H = rng.integers(3, 6), rng.integers(2, 4), 3, 2, 4
    n = lambda *s: rng.standard_normal(s) * 0.6
    sizes = {"prior": (H, 2 * Z), "enc": (D + H, 2 * Z), "dec": (Z + H, D), "rnn": (D + Z + H, H)}
    params = {"W_" + k: n(*s) for k, s in sizes.items()}
    params |= {"b_" + k: n(s[1]) for k, s in sizes.items()} | {"h0": n(H)}
    return params, {"x": n(T, B, D), "eps": n(T, B, Z)}
