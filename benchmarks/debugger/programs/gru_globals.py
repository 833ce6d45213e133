import numpy as np

# weights and buffers of the network, module wide
Wz = Wr = Wh = None
Uz = Ur = Uh = None
V = None
xs = None
zs, rs, hbars, hs, ys = [], [], [], [], []


def sig(v):
    return 1 / (1 + np.exp(-v))


def set_weights(params):
    global Wz, Wr, Wh, Uz, Ur, Uh, V
    Wz, Wr, Wh = params["Wz"], params["Wr"], params["Wh"]
    Uz, Ur, Uh = params["Uz"], params["Ur"], params["Uh"]
    V = params["V"]


def forward(sequence):
    global xs
    xs = sequence
    for buf in (zs, rs, hbars, hs, ys):
        buf.clear()
    hs.append(np.zeros(Uz.shape[0]))
    for t in range(len(xs)):
        zs.append(sig(Wz.dot(xs[t]) + Uz.dot(hs[t])))
        rs.append(sig(Wr.dot(xs[t]) + Ur.dot(hs[t])))
        hbars.append(np.tanh(Wh.dot(xs[t]) + Uh.dot(rs[t] * hs[t])))
        hs.append(zs[t] * hs[t] + (1 - zs[t]) * hbars[t])
        e = np.exp(V.dot(hs[t + 1]))
        ys.append(e / e.sum())


def nll(labels):
    return -sum(np.log(ys[t][labels[t]]) for t in range(len(labels)))


def backprop(labels):
    dWz, dWr, dWh = np.zeros_like(Wz), np.zeros_like(Wr), np.zeros_like(Wh)
    dUz, dUr, dUh = np.zeros_like(Uz), np.zeros_like(Ur), np.zeros_like(Uh)
    dV = np.zeros_like(V)
    dh_next = np.zeros(Uz.shape[0])
    for t in reversed(range(len(labels))):
        dy = ys[t].copy()
        dy[labels[t]] -= 1.0
        dV += np.outer(dy, hs[t + 1])
        dh = V.T.dot(dy) + dh_next
        dhbar = dh * (1 - zs[t]) * (1 - hbars[t] ** 2)
        drh = Uh.T.dot(dhbar)
        dr = drh * hs[t] * rs[t] * (1 - rs[t])
        dz = dh * (hs[t] - hbars[t]) * zs[t] * (1 - zs[t])
        dWh += np.outer(dhbar, xs[t])
        dUh += np.outer(dhbar, rs[t] * hs[t])
        dWr += np.outer(dr, xs[t])
        dUr += np.outer(dr, hs[t])
        dWz += np.outer(dz, xs[t])
        dUz += np.outer(dz, hs[t])
        dh_next = dh * zs[t] + drh * rs[t] + Ur.T.dot(dr) + Uz.T.dot(dz)
    return dWz, dWr, dWh, dUz, dUr, dUh, dV


def loss(params, inputs):
    set_weights(params)
    forward(inputs["x"])
    return nll(inputs["labels"])


def backward(params, inputs):
    set_weights(params)
    forward(inputs["x"])
    return dict(zip(["Wz", "Wr", "Wh", "Uz", "Ur", "Uh", "V"], backprop(inputs["labels"])))


def example(rng):
    T, D, H, K = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {}
    for gate in "zrh":
        params["W" + gate] = rng.normal(size=(H, D))
        params["U" + gate] = rng.normal(size=(H, H))
    params["V"] = rng.normal(size=(K, H))
    return params, {"x": rng.normal(size=(T, D)), "labels": rng.integers(K, size=T)}
