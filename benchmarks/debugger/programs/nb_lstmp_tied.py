# %% [markdown]
# LSTM with a projected state (LSTMP) and a tied softmax: the rows of `Emb` are inputs and outputs.
# %%
import numpy as np

S = lambda a: 1 / (1 + np.exp(-a))
names = ["i", "f", "o", "g"]

# %%
def lstmp_step(P, x, r, c):
    k = {"x": x, "r": r, "c_old": c}
    for n in names:
        act = np.tanh if n == "g" else S
        k[n] = act(x @ P["Wx_" + n] + r @ P["Wr_" + n] + P["b_" + n])
    k["c"] = k["f"] * c + k["i"] * k["g"]
    k["tc"] = np.tanh(k["c"])
    k["m"] = k["o"] * k["tc"]
    return k["m"] @ P["Wp"], k["c"], k

# %%
def lm_forward(P, seq, r0, c0):
    r, c = r0, c0
    ks, total = [], 0.0
    for now, nxt in zip(seq[:-1], seq[1:]):
        r, c, k = lstmp_step(P, P["Emb"][now], r, c)
        logit = r @ P["Emb"].T + P["b_out"]
        prob = np.exp(logit) / np.exp(logit).sum(axis=-1, keepdims=True)
        total -= np.log(np.take_along_axis(prob, nxt[:, None], axis=1)).sum()
        k.update(now=now, nxt=nxt, prob=prob, r_new=r)
        ks.append(k)
    return total / len(ks), ks

# %%
def lm_backward(P, ks):
    G = {n: np.zeros_like(a) for n, a in P.items()}
    dr = np.zeros_like(ks[0]["r"])
    dc = np.zeros_like(ks[0]["c"])
    for k in reversed(ks):
        dlogit = k["prob"] - np.eye(len(P["Emb"]))[k["nxt"]]
        dlogit = dlogit / len(ks)
        G["Emb"] += dlogit.T @ k["r_new"]
        G["b_out"] += dlogit.sum(axis=0)
        dr = dr + dlogit @ P["Emb"]
        G["Wp"] += k["m"].T @ dr
        dm = dr @ P["Wp"].T
        dc = dc + dm * k["o"] * (1 - k["tc"] ** 2)
        da = {
            "i": dc * k["g"] * k["i"] * (1 - k["i"]),
            "f": dc * k["c_old"] * k["f"] * (1 - k["f"]),
            "o": dm * k["tc"] * k["o"] * (1 - k["o"]),
            "g": dc * k["i"] * (1 - k["g"] ** 2),
        }
        dx, dr = np.zeros_like(k["x"]), np.zeros_like(dr)
        for n in names:
            G["Wx_" + n] += k["x"].T @ da[n]
            G["Wr_" + n] += k["r"].T @ da[n]
            G["b_" + n] += da[n].sum(axis=0)
            dx += da[n] @ P["Wx_" + n].T
            dr += da[n] @ P["Wr_" + n].T
        np.add.at(G["Emb"], k["now"], dx)
        dc = dc * k["f"]
    return G, dr, dc

# %%
def loss(params, inputs):
    return float(lm_forward(params, inputs["seq"], inputs["r0"], inputs["c0"])[0])


def backward(params, inputs):
    _, ks = lm_forward(params, inputs["seq"], inputs["r0"], inputs["c0"])
    G, dr, dc = lm_backward(params, ks)
    G["r0"], G["c0"] = dr, dc
    return G


def example(rng):
    V, E, H, B, T = 4, int(rng.integers(2, 4)), int(rng.integers(4, 6)), 3, int(rng.integers(4, 6))
    P = {"Emb": rng.normal(size=(V, E)), "Wp": rng.normal(size=(H, E)), "b_out": rng.normal(size=V)}
    for n in names:
        P["Wx_" + n], P["Wr_" + n] = rng.normal(size=(2, E, H))
        P["b_" + n] = rng.normal(size=H)
    seq = rng.integers(0, V, size=(T + 1, B))
    seq[0, 1] = seq[0, 0]
    return P, {"seq": seq, "r0": rng.normal(size=(B, E)), "c0": rng.normal(size=(B, H))}
