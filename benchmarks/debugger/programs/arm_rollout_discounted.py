"""World model of a robot arm: residual dynamics rolled out open loop, scored with discounted error."""
import numpy as np


def features(q, a):
    return np.concatenate([np.sin(q), np.cos(q), a], axis=-1)


def d_features(q, df):
    k = q.shape[-1]
    return df[..., :k] * np.cos(q) - df[..., k:2 * k] * np.sin(q)


def make_model(params, dt, discount):
    W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
    logmass = params["logmass"]

    def simulate(q0, actions):
        """actions (B, T, m) -> angles (B, T, k) and what the reverse sweep needs"""
        q, v = q0, np.zeros_like(q0) + params["v0"]
        path, saved = [], []
        for t in range(actions.shape[1]):
            f = features(q, actions[:, t])
            z = np.tanh(f @ W1 + b1)
            force = z @ W2 + b2 - np.exp(params["logdrag"]) * v
            acc = force * np.exp(-logmass)
            saved.append((q, v, f, z, acc))
            v = v + dt * acc
            q = q + dt * v
            path.append(q)
        return np.stack(path, axis=1), saved

    def value(q0, actions, target):
        path, _ = simulate(q0, actions)
        d = discount ** np.arange(path.shape[1])
        return np.sum(d[None, :, None] * (1 - np.cos(path - target))) / len(q0)

    def gradient(q0, actions, target):
        path, saved = simulate(q0, actions)
        B, T, _ = actions.shape
        d = discount ** np.arange(T)
        dpath = d[None, :, None] * np.sin(path - target) / B
        gW1, gb1, gW2, gb2 = map(np.zeros_like, (W1, b1, W2, b2))
        gmass, gdrag = np.zeros_like(logmass), np.zeros_like(params["logdrag"])
        da = np.zeros_like(actions)
        lam_q, lam_v = np.zeros_like(q0), np.zeros_like(q0)
        drag = np.exp(params["logdrag"])
        for t in reversed(range(T)):
            q, v, f, z, acc = saved[t]
            lam_q = lam_q + dpath[:, t]
            lam_v = lam_v + dt * lam_q
            dacc = dt * lam_v
            dforce = dacc * np.exp(-logmass)
            gmass -= (dacc * acc).sum(0)
            gdrag -= (dforce * drag * v).sum(0)
            gW2 += np.einsum("bh,bk->hk", z, dforce)
            gb2 += dforce.sum(0)
            dz = (dforce @ W2.T) * (1 - z ** 2)
            gW1 += np.einsum("bf,bh->fh", f, dz)
            gb1 += dz.sum(0)
            df = dz @ W1.T
            da[:, t] = df[:, 2 * q.shape[1]:]
            lam_q = lam_q + d_features(q, df)
            lam_v = lam_v - drag * dforce
        return dict(W1=gW1, b1=gb1, W2=gW2, b2=gb2, logmass=gmass, logdrag=gdrag,
                    v0=lam_v.sum(0), q0=lam_q, actions=da)

    return value, gradient


def loss(params, inputs):
    value, _ = make_model(params, float(inputs["dt"]), float(inputs["discount"]))
    return float(value(inputs["q0"], inputs["actions"], inputs["target"]))


def backward(params, inputs):
    _, gradient = make_model(params, float(inputs["dt"]), float(inputs["discount"]))
    return gradient(inputs["q0"], inputs["actions"], inputs["target"])


def example(rng):
    B, T, k, m, H = int(rng.integers(2, 4)), int(rng.integers(3, 6)), 2, 3, int(rng.integers(4, 6))
    n = rng.standard_normal
    params = {"W1": n((2 * k + m, H)), "b1": n(H), "W2": n((H, k)), "b2": n(k),
              "logmass": n(k) * .4, "logdrag": n(k) * .4, "v0": n(k)}
    return params, {"q0": n((B, k)), "actions": n((B, T, m)), "target": n((B, T, k)),
                    "dt": np.array(.6), "discount": np.array(.8)}
