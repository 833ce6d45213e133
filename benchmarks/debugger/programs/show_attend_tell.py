"""Soft attention captioner ("Show, attend and tell"), port of the decoder.

ann (n, L, D): annotation vectors of an image; caps (n, T + 1): word ids, 0 is <null>. Weights are
(out, in). With the gate beta on the context and the penalty for looking everywhere once.
"""
import numpy as np

NULL, LAMBDA_C = 0, 0.7


def _sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def _softmax(x):
    ex = np.exp(x - x.max(axis=1, keepdims=True))
    return ex / ex.sum(axis=1, keepdims=True)


class Captioner:
    def __init__(self, p):
        self.p = p
        self.tape = []

    def step(self, ann, keys, w, h, c):
        p = self.p
        # attention
        proj = np.tanh(keys + (h @ p["Wd_att"].T)[:, None, :])
        alpha = _softmax(proj @ p["v_att"])
        z = (alpha[:, :, None] * ann).sum(axis=1)
        beta = _sigmoid(h @ p["w_beta"] + p["b_beta"])
        ctx = beta[:, None] * z
        # lstm
        x = np.concatenate([p["Wemb"][w], ctx], axis=1)
        pre = x @ p["W_ih"].T + h @ p["W_hh"].T + p["b"]
        i, f, o, g = np.split(pre, 4, axis=1)
        i, f, o, g = _sigmoid(i), _sigmoid(f), _sigmoid(o), np.tanh(g)
        c_next = f * c + i * g
        h_next = o * np.tanh(c_next)
        logit = h_next @ p["L_h"].T + ctx @ p["L_z"].T + p["b_out"]
        probs = _softmax(logit)
        self.tape.append((w, h, c, proj, alpha, z, beta, ctx, x, i, f, o, g, c_next, h_next, probs))
        return h_next, c_next, alpha, probs

    def forward(self, ann, caps):
        n, T = len(caps), caps.shape[1] - 1
        keys = ann @ self.p["Wc_att"].T + self.p["b_att"]
        h = self.h0 = np.tanh(ann.mean(axis=1) @ self.p["init_h"].T)
        c = self.c0 = np.tanh(ann.mean(axis=1) @ self.p["init_c"].T)
        self.cover = np.zeros(ann.shape[:2])
        nll = 0.0
        for t in range(T):
            h, c, alpha, probs = self.step(ann, keys, caps[:, t], h, c)
            self.cover = self.cover + alpha
            mask = caps[:, t + 1] != NULL
            nll -= (mask * np.log(probs[np.arange(n), caps[:, t + 1]])).sum()
        return nll / n + LAMBDA_C * ((1 - self.cover) ** 2).sum() / n

    def backward(self, ann, caps):
        p = self.p
        n, T = len(caps), caps.shape[1] - 1
        E, L = p["Wemb"].shape[1], ann.shape[1]
        grad = {k: np.zeros_like(v) for k, v in p.items()}
        dann, dkeys = np.zeros_like(ann), 0.0
        dcover = -2 * LAMBDA_C * (1 - self.cover) / n
        dh, dc = np.zeros_like(self.h0), np.zeros_like(self.c0)
        for t in reversed(range(T)):
            w, h, c, proj, alpha, z, beta, ctx, x, i, f, o, g, c_next, h_next, probs = self.tape[t]
            y = caps[:, t + 1]
            dlogit = probs.copy()
            dlogit[np.arange(n), y] -= 1
            dlogit *= (y != NULL)[:, None] / n
            grad["L_h"] += dlogit.T @ h_next
            grad["L_z"] += dlogit.T @ ctx
            grad["b_out"] += dlogit.sum(axis=0)
            dh = dh + dlogit @ p["L_h"]
            tanh_c = np.tanh(c_next)
            dc = dc + dh * o * (1 - tanh_c ** 2)
            dpre = np.concatenate([dc * g * i * (1 - i), dc * c * f * (1 - f),
                                   dh * tanh_c * o * (1 - o), dc * i * (1 - g ** 2)], axis=1)
            grad["W_ih"] += dpre.T @ x
            grad["W_hh"] += dpre.T @ h
            grad["b"] += dpre.sum(axis=0)
            dx = dpre @ p["W_ih"]
            np.add.at(grad["Wemb"], w, dx[:, :E])
            dctx = dx[:, E:] + dlogit @ p["L_z"]
            dc = dc * f
            dbeta = (dctx * z).sum(axis=1) * beta * (1 - beta)
            grad["w_beta"] += dbeta @ h
            grad["b_beta"] += dbeta.sum()
            dz = dctx * beta[:, None]
            dann += alpha[:, :, None] * dz[:, None, :]
            dalpha = (ann @ dz[:, :, None])[:, :, 0] + dcover
            de = alpha * (dalpha - (dalpha * alpha).sum(axis=1, keepdims=True))
            grad["v_att"] += (de[:, :, None] * proj).sum(axis=(0, 1))
            dproj = de[:, :, None] * p["v_att"] * (1 - proj ** 2)
            dkeys = dkeys + dproj
            dq = dproj.sum(axis=1)
            grad["Wd_att"] += dq.T @ h
            dh = dpre @ p["W_hh"] + dbeta[:, None] * p["w_beta"] + dq @ p["Wd_att"]
        grad["Wc_att"] = np.einsum("nla,nld->ad", dkeys, ann)
        grad["b_att"] = dkeys.sum(axis=(0, 1))
        dann += dkeys @ p["Wc_att"]
        mean = ann.mean(axis=1)
        dh, dc = dh * (1 - self.h0 ** 2), dc * (1 - self.c0 ** 2)
        grad["init_h"], grad["init_c"] = dh.T @ mean, dc.T @ mean
        dann += (dh @ p["init_h"] + dc @ p["init_c"])[:, None, :] / L
        return grad, dann


def loss(params, inputs):
    return Captioner(params).forward(inputs["ann"], inputs["caps"])


def backward(params, inputs):
    net = Captioner(params)
    net.forward(inputs["ann"], inputs["caps"])
    grad, dann = net.backward(inputs["ann"], inputs["caps"])
    return dict(grad, ann=dann)


def example(rng):
    n, L, D, H, A = (int(k) for k in rng.permutation([3, 4, 5, 6, 7]))
    T, E, V = 4, 2, 7
    shapes = {"Wemb": (V, E), "init_h": (H, D), "init_c": (H, D), "Wc_att": (A, D), "b_att": (A,),
              "Wd_att": (A, H), "v_att": (A,), "w_beta": (H,), "b_beta": (1,),
              "W_ih": (4 * H, E + D), "W_hh": (4 * H, H), "b": (4 * H,),
              "L_h": (V, H), "L_z": (V, D), "b_out": (V,)}
    params = {k: rng.normal(size=s) * 0.8 for k, s in shapes.items()}
    caps = rng.integers(1, V, size=(n, T + 1))
    caps[0, 3:], caps[1, 4:] = NULL, NULL
    return params, {"ann": rng.normal(size=(n, L, D)), "caps": caps}
