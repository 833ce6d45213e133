"""Speech toy: recurrent net, softmax per frame, CTC by the alpha recursion and its hand-made reverse."""
import numpy as np

BLANK = 0

def extend(label):
    states = np.full(2 * len(label) + 1, BLANK, dtype=int)
    states[1::2] = label
    return states

def moves(states):
    """M[s, r] = 1 where the path may come from state r to state s."""
    S = len(states)
    M = np.eye(S) + np.eye(S, k=-1)
    for s in range(2, S):
        if states[s] != BLANK and states[s] != states[s - 2]:
            M[s, s - 2] = 1.0
    return M

def acoustic(net, x):
    hs, probs = [net["h0"]], []
    for frame in x:
        hs.append(np.tanh(net["W"] @ frame + net["U"] @ hs[-1] + net["b"]))
        z = net["V"] @ hs[-1] + net["c"]
        e = np.exp(z - z.max())
        probs.append(e / e.sum())
    return hs, np.array(probs)

def ctc_forward(probs, states):
    M, alphas = moves(states), np.zeros((len(probs), len(states)))
    alphas[0, :2] = probs[0, states[:2]]
    for t in range(1, len(probs)):
        alphas[t] = (M @ alphas[t - 1]) * probs[t, states]
    return M, alphas

def ctc_reverse(probs, states, M, alphas):
    dprobs = np.zeros_like(probs)
    dalpha = np.zeros(len(states))
    dalpha[-2:] = -1.0 / alphas[-1, -2:].sum()
    for t in range(len(probs) - 1, 0, -1):
        np.add.at(dprobs[t], states, dalpha * (M @ alphas[t - 1]))
        dalpha = M.T @ (dalpha * probs[t, states])
    dprobs[0, states[:2]] += dalpha[:2]
    return dprobs

def acoustic_reverse(net, x, hs, probs, dprobs, grads):
    dh = np.zeros_like(net["h0"])
    for t in reversed(range(len(x))):
        dz = probs[t] * (dprobs[t] - probs[t] @ dprobs[t])
        grads["V"] += np.outer(dz, hs[t + 1])
        grads["c"] += dz
        da = (dh + net["V"].T @ dz) * (1 - hs[t + 1] ** 2)
        grads["W"] += np.outer(da, x[t])
        grads["U"] += np.outer(da, hs[t])
        grads["b"] += da
        dh = net["U"].T @ da
    grads["h0"] += dh

def loss(params, inputs):
    total = 0.0
    for x, label, n in zip(inputs["x"], inputs["labels"], inputs["frames"]):
        _, alphas = ctc_forward(acoustic(params, x[:n])[1], extend(label))
        total -= np.log(alphas[-1, -2:].sum())
    return float(total)

def backward(params, inputs):
    grads = {k: np.zeros_like(v) for k, v in params.items()}
    for x, label, n in zip(inputs["x"], inputs["labels"], inputs["frames"]):
        hs, probs = acoustic(params, x[:n])
        states = extend(label)
        M, alphas = ctc_forward(probs, states)
        acoustic_reverse(params, x[:n], hs, probs, ctc_reverse(probs, states, M, alphas), grads)
    return grads

def example(rng):
    H, D = (5, 2) if rng.random() < 0.5 else (2, 3)
    B, T, K = 3, 5, 4
    r = rng.normal
    params = {"W": r(size=(H, D)), "U": r(size=(H, H)), "b": r(size=H), "V": r(size=(K, H)), "c": r(size=K), "h0": r(size=H)}
    a, b = rng.permutation([1, 2, 3])[:2]
    labels = np.array([[a, b], [b, b], [b, a]])
    return params, {"x": r(size=(B, T, D)), "labels": labels, "frames": rng.permutation([T, T, T - 1])}
