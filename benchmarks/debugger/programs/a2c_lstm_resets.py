"""Actor-critic agent with an LSTM.  Frames are (time, env, ...); an env whose episode was over starts
from the learned state again.  The action before is an input, through an embedding (index n_actions: none)."""
import numpy as np

def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))

class Agent:
    VALUE_COEF, ENTROPY_COEF = 0.5, 0.1

    def __init__(self, weights):
        self.w = weights

    def rollout(self, frames, last_action, reset):
        w, self.memory = self.w, []
        n_env = frames.shape[1]
        h, c = np.tile(w["h_reset"], (n_env, 1)), np.tile(w["c_reset"], (n_env, 1))
        for frame, act, over in zip(frames, last_action, reset):
            over = over[:, None]
            h = np.where(over, w["h_reset"], h)
            c = np.where(over, w["c_reset"], c)
            x = np.hstack([frame, w["emb"][act]])
            f, i, g, o = np.split(x @ w["Wx"] + h @ w["Wh"] + w["b"], 4, axis=1)
            f, i, g, o = sigmoid(f), sigmoid(i), np.tanh(g), sigmoid(o)
            c_new = f * c + i * g
            tc = np.tanh(c_new)
            h_new = o * tc
            logits = h_new @ w["W_pi"] + w["b_pi"]
            z = np.exp(logits - logits.max(axis=1, keepdims=True))
            pi = z / z.sum(axis=1, keepdims=True)
            value = h_new @ w["w_v"] + w["b_v"]
            self.memory.append(dict(x=x, act=act, over=over, h=h, c=c, f=f, i=i, g=g, o=o, tc=tc, h_new=h_new,
                                    pi=pi, value=value))
            h, c = h_new, c_new
        return self.memory

    def objective(self, chosen, advantage, returns):
        total = 0.0
        for m, a, adv, ret in zip(self.memory, chosen, advantage, returns):
            logp = np.log(m["pi"])
            entropy = -(m["pi"] * logp).sum(axis=1)
            policy = -adv * logp[np.arange(len(a)), a]
            total += np.sum(policy + self.VALUE_COEF * (m["value"] - ret) ** 2 - self.ENTROPY_COEF * entropy)
        return total / chosen.size

    def gradients(self, chosen, advantage, returns):
        w = self.w
        grad = {name: np.zeros_like(value) for name, value in w.items()}
        n_frame = w["Wx"].shape[0] - w["emb"].shape[1]
        dh_next = np.zeros_like(self.memory[0]["h"])
        dc_next = np.zeros_like(dh_next)
        for t in range(len(self.memory) - 1, -1, -1):
            m, adv = self.memory[t], advantage[t][:, None]
            onehot = np.eye(len(w["b_pi"]))[chosen[t]]
            logp = np.log(m["pi"])
            mean_logp = (m["pi"] * logp).sum(axis=1, keepdims=True)
            d_logits = adv * (m["pi"] - onehot) + self.ENTROPY_COEF * m["pi"] * (logp - mean_logp)
            d_logits /= chosen.size
            d_value = 2 * self.VALUE_COEF * (m["value"] - returns[t]) / chosen.size
            grad["W_pi"] += m["h_new"].T @ d_logits
            grad["b_pi"] += d_logits.sum(axis=0)
            grad["w_v"] += m["h_new"].T @ d_value
            grad["b_v"] += d_value.sum()
            dh = dh_next + d_logits @ w["W_pi"].T + np.outer(d_value, w["w_v"])
            dc = dc_next + dh * m["o"] * (1 - m["tc"] ** 2)
            df = dc * m["c"] * m["f"] * (1 - m["f"])
            di = dc * m["g"] * m["i"] * (1 - m["i"])
            dg = dc * m["i"] * (1 - m["g"] ** 2)
            do = dh * m["tc"] * m["o"] * (1 - m["o"])
            d_gates = np.hstack([df, di, dg, do])
            grad["Wx"] += m["x"].T @ d_gates
            grad["Wh"] += m["h"].T @ d_gates
            grad["b"] += d_gates.sum(axis=0)
            np.add.at(grad["emb"], m["act"], (d_gates @ w["Wx"].T)[:, n_frame:])
            dh, dc = d_gates @ w["Wh"].T, dc * m["f"]
            grad["h_reset"] += (dh * m["over"]).sum(axis=0)
            grad["c_reset"] += (dc * m["over"]).sum(axis=0)
            dh_next, dc_next = dh * ~m["over"], dc * ~m["over"]
        grad["h_reset"] += dh_next.sum(axis=0)
        grad["c_reset"] += dc_next.sum(axis=0)
        return grad

def loss(params, inputs):
    agent = Agent(params)
    agent.rollout(inputs["frames"], inputs["last_action"], inputs["reset"].astype(bool))
    return float(agent.objective(inputs["chosen"], inputs["advantage"], inputs["returns"]))

def backward(params, inputs):
    agent = Agent(params)
    agent.rollout(inputs["frames"], inputs["last_action"], inputs["reset"].astype(bool))
    return agent.gradients(inputs["chosen"], inputs["advantage"], inputs["returns"])

def example(rng):
    T, E, D, A, K, N = int(rng.integers(4, 6)), int(rng.integers(3, 5)), 4, 3, 2, int(rng.integers(4, 6))
    g = rng.standard_normal
    params = {"emb": g((A + 1, K)), "Wx": g((D + K, 4 * N)), "Wh": g((N, 4 * N)) * 0.7, "b": g(4 * N),
              "h_reset": g(N), "c_reset": g(N), "W_pi": g((N, A)), "b_pi": g(A), "w_v": g(N), "b_v": g(1)}
    reset = np.zeros((T, E), dtype=int)
    reset[2, 0] = reset[1, 2] = 1
    chosen = rng.integers(0, A, (T, E))
    last = np.vstack([np.full((1, E), A), chosen[:-1]])
    return params, {"frames": g((T, E, D)), "last_action": last, "reset": reset, "chosen": chosen,
                    "advantage": g((T, E)), "returns": g((T, E))}
