"""REINFORCE with a recurrent policy that sees its last action; entropy bonus; episode resets."""
from collections import namedtuple

import numpy as np

Step = namedtuple("Step", "obs prev_a keep h_in h pi logp ent")


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def reward_to_go(rew, done, gamma):
    G = np.zeros_like(rew)
    acc = np.zeros(rew.shape[1])
    for t in range(len(rew) - 1, -1, -1):
        acc = rew[t] + gamma * acc * (1 - done[t])
        G[t] = acc
    return G


def rollout(w, obs, act, done, h_start):
    steps = []
    h, prev = h_start, np.zeros(obs.shape[1], int)
    keep = np.ones(obs.shape[1])
    for t in range(len(obs)):
        h_in = keep[:, None] * h
        h = np.tanh(obs[t] @ w["W_obs"] + w["E_act"][prev] + h_in @ w["W_rec"] + w["b"])
        pi = softmax(h @ w["W_pi"] + w["b_pi"])
        logp = np.log(pi)
        ent = -(pi * logp).sum(1)
        steps.append(Step(obs[t], prev, keep, h_in, h, pi, logp, ent))
        keep = 1 - done[t]
        prev = np.where(done[t] == 1, 0, act[t] + 1)
    return steps


def objective(w, obs, act, rew, done, h_start, gamma, beta):
    G = reward_to_go(rew, done, gamma)
    G = G - G.mean()
    N = obs.shape[1]
    J = 0.0
    for s, a, g in zip(rollout(w, obs, act, done, h_start), act, G):
        J += (g * s.logp[np.arange(N), a] + beta * s.ent).sum()
    return -J / G.size


def policy_gradient(w, obs, act, rew, done, h_start, gamma, beta):
    G = reward_to_go(rew, done, gamma)
    G = G - G.mean()
    N = obs.shape[1]
    steps = rollout(w, obs, act, done, h_start)
    grad = {k: np.zeros(v.shape) for k, v in w.items()}
    dh_carry = np.zeros_like(h_start)
    for s, a, g in zip(reversed(steps), act[::-1], G[::-1]):
        onehot = np.zeros_like(s.pi)
        onehot[np.arange(N), a] = 1.0
        dlogits = g[:, None] * (s.pi - onehot)
        dlogits += beta * s.pi * (s.logp + s.ent[:, None])
        dlogits /= G.size
        grad["W_pi"] += s.h.T @ dlogits
        grad["b_pi"] += dlogits.sum(0)
        dh = dlogits @ w["W_pi"].T + dh_carry
        dpre = dh * (1 - s.h ** 2)
        grad["W_obs"] += s.obs.T @ dpre
        np.add.at(grad["E_act"], s.prev_a, dpre)
        grad["W_rec"] += s.h_in.T @ dpre
        grad["b"] += dpre.sum(0)
        dh_carry = (dpre @ w["W_rec"].T) * s.keep[:, None]
    grad["h_start"] = dh_carry
    return grad


def _unpack(i):
    return (i["obs"], i["act"], i["rew"], i["done"], i["h_start"], float(i["gamma"]), float(i["beta"]))


def loss(params, inputs):
    return float(objective(params, *_unpack(inputs)))


def backward(params, inputs):
    return policy_gradient(params, *_unpack(inputs))


def example(rng):
    T, N, D, A, H = 5, 3, int(rng.integers(2, 5)), int(rng.integers(2, 4)), int(rng.integers(4, 6))
    n = rng.standard_normal
    done = np.zeros((T, N))
    done[rng.integers(1, 3), 0] = 1.0
    act = rng.integers(0, A, (T, N))
    act[:, 1] = act[:, 2]
    w = {"W_obs": n((D, H)), "E_act": n((A + 1, H)), "W_rec": n((H, H)), "b": n(H),
         "W_pi": n((H, A)), "b_pi": n(A)}
    return w, {"obs": n((T, N, D)), "act": act, "rew": n((T, N)) * 2, "done": done,
               "h_start": n((N, H)), "gamma": np.array(0.9), "beta": np.array(0.4)}
