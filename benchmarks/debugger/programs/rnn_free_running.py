# Exported from a notebook: a small RNN that continues a curve.
# For the first WARM steps it reads the curve, afterwards it reads its own output.

# In[1]:
import numpy as np

WARM = 2
P = {}      # weights
G = {}      # their gradients
H = {}      # hidden states by time, H[-1] is the first one
I = {}      # what went in
Y = {}      # what came out


# In[2]: forward
def run(curve, h0):
    H.clear(), I.clear(), Y.clear()
    H[-1] = h0
    for t in range(len(curve)):
        I[t] = curve[t] if t < WARM else Y[t - 1]
        H[t] = np.tanh(P["Win"] @ I[t] + P["Wrec"] @ H[t - 1] + P["b"])
        Y[t] = P["Wout"] @ H[t] + P["c"]


def cost(target):
    return sum(np.sum((Y[t] - target[t]) ** 2) for t in Y) / len(Y)


# In[3]: backward
def add(name, value):
    G[name] = G.get(name, 0) + value


def bptt(target):
    G.clear()
    T = len(Y)
    gcurve = np.zeros((T,) + Y[0].shape)
    gh = np.zeros_like(H[-1])       # from H[t] via Wrec
    gi = np.zeros_like(Y[0])        # from I[t + 1]
    for t in range(T - 1, -1, -1):
        gy = 2 * (Y[t] - target[t]) / T
        if t + 1 >= WARM:
            gy = gy + gi
        add("Wout", np.outer(gy, H[t]))
        add("c", gy)
        gh = gh + P["Wout"].T @ gy
        ga = gh * (1 - H[t] * H[t])
        add("Win", np.outer(ga, I[t]))
        add("Wrec", np.outer(ga, H[t - 1]))
        add("b", ga)
        gi = P["Win"].T @ ga
        if t < WARM:
            gcurve[t] = gi
        gh = P["Wrec"].T @ ga
    G["h0"] = gh
    G["curve"] = gcurve
    return G


# In[4]: for the gradient check
def loss(params, inputs):
    P.update(params)
    run(inputs["curve"], inputs["h0"])
    return cost(inputs["target"])


def backward(params, inputs):
    P.update(params)
    run(inputs["curve"], inputs["h0"])
    return dict(bptt(inputs["target"]))


def example(rng):
    T, D, N = (int(n) for n in rng.permutation([4, 5, 6]))
    params = {
        "Win": rng.normal(size=(N, D)),
        "Wrec": rng.normal(size=(N, N)),
        "b": rng.normal(size=N),
        "Wout": rng.normal(size=(D, N)) / 2,
        "c": rng.normal(size=D),
    }
    inputs = {
        "curve": rng.normal(size=(T, D)),
        "target": rng.normal(size=(T, D)),
        "h0": rng.normal(size=N),
    }
    return params, inputs
