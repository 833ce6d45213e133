"""Deep knowledge tracing: answers so far -> chance that the next exercise is solved.
Wavy penalty on the change of the predictions between neighbouring exercises, as in DKT+."""
import numpy as np


def forward(th, skill, correct, mask, lam):
    S, T = skill.shape
    n_skill = th["Wk"].shape[1]
    token = skill + n_skill * correct
    h = np.empty((S, T + 1, th["b"].size))
    h[:, 0] = th["h0"]
    for t in range(T):
        h[:, t + 1] = np.tanh(th["In"][token[:, t]] + h[:, t] @ th["Wr"] + th["b"])
    know = 1 / (1 + np.exp(-(h[:, 1:] @ th["Wk"] + th["bk"])))
    rows, cols = np.ogrid[:S, : T - 1]
    p_next = know[rows, cols, skill[:, 1:]]
    y, m = correct[:, 1:], mask[:, 1:]
    bce = -np.sum(m * (y * np.log(p_next) + (1 - y) * np.log(1 - p_next))) / m.sum()
    step = know[:, 1:] - know[:, :-1]
    wavy = np.sum(m[:, :, None] * step ** 2) / (m.sum() * n_skill)
    return bce + lam * wavy, dict(token=token, h=h, know=know, step=step, p_next=p_next)


def bptt(th, skill, correct, mask, lam):
    _, k = forward(th, skill, correct, mask, lam)
    S, T = skill.shape
    h, know, n_skill = k["h"], k["know"], th["Wk"].shape[1]
    y, m = correct[:, 1:], mask[:, 1:]
    rows, cols = np.ogrid[:S, : T - 1]

    d_logit = np.zeros_like(know)
    d_logit[rows, cols, skill[:, 1:]] = m * (k["p_next"] - y) / m.sum()
    d_step = 2 * lam * m[:, :, None] * k["step"] / (m.sum() * n_skill)
    d_know = np.zeros_like(know)
    d_know[:, 1:] += d_step
    d_know[:, :-1] -= d_step
    d_logit += d_know * know * (1 - know)

    grads = {name: np.zeros_like(arr) for name, arr in th.items()}
    grads["Wk"] = np.einsum("sth,stk->hk", h[:, 1:], d_logit)
    grads["bk"] = d_logit.sum(axis=(0, 1))
    d_out = d_logit @ th["Wk"].T
    d_pre = np.zeros_like(d_out)
    flow = np.zeros((S, th["b"].size))
    for t in range(T)[::-1]:
        d_pre[:, t] = (d_out[:, t] + flow) * (1 - h[:, t + 1] ** 2)
        flow = d_pre[:, t] @ th["Wr"].T
    grads["Wr"] = np.tensordot(h[:, :-1], d_pre, axes=([0, 1], [0, 1]))
    grads["b"] = d_pre.sum(axis=(0, 1))
    for s in range(S):
        for t in range(T):
            grads["In"][k["token"][s, t]] += d_pre[s, t]
    grads["h0"] = flow.sum(axis=0)
    return grads


def loss(params, inputs):
    return float(forward(params, inputs["skill"], inputs["correct"], inputs["mask"], inputs["lam"])[0])


def backward(params, inputs):
    return bptt(params, inputs["skill"], inputs["correct"], inputs["mask"], inputs["lam"])


def example(rng):
    S, T, K, H = 3, 5, int(rng.integers(2, 4)), int(rng.integers(4, 6))
    r = rng.standard_normal
    th = {"In": r((2 * K, H)), "Wr": r((H, H)), "b": r(H), "h0": r(H), "Wk": r((H, K)), "bk": r(K)}
    mask = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 1, 0], [1, 1, 1, 0, 0]])
    correct = rng.integers(0, 2, (S, T))
    skill = rng.integers(0, K, (S, T))
    skill[1], correct[1] = skill[0], correct[0]
    return th, {"skill": skill, "correct": correct, "mask": mask, "lam": np.array(0.7)}
