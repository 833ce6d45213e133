import numpy as np

# recurrent batch norm, first try: a = BN(x Wx + h Wh), h = tanh(a), many-to-one regression,
# own gamma/beta, statistics of each time step over the batch

EPS = 0.1


def batchnorm(z, gamma, beta):
    mean = z.mean(axis=0)
    std = np.sqrt(np.mean((z - mean) ** 2, axis=0) + EPS)
    zhat = (z - mean) / std
    return gamma * zhat + beta, zhat, std


def batchnorm_grad(dout, gamma, zhat, std):
    dgamma = np.sum(dout * zhat, axis=0)
    dbeta = np.sum(dout, axis=0)
    dzhat = dout * gamma
    dz = dzhat - dzhat.mean(axis=0) - zhat * np.mean(dzhat * zhat, axis=0)
    return dz / std, dgamma, dbeta


def forward(x, theta):
    Wx, Wh, gamma, beta, Wy, by, h0 = theta
    B, T, D = x.shape
    H = Wh.shape[0]
    hs = {-1: h0}
    zhats, stds = {}, {}
    for t in range(T):
        z = np.dot(x[:, t, :], Wx) + np.dot(hs[t - 1], Wh)
        out, zhats[t], stds[t] = batchnorm(z, gamma, beta)
        hs[t] = np.tanh(out)
    summary = sum(hs[t] for t in range(T)) / T
    y = np.dot(summary, Wy) + by
    return y, summary, hs, zhats, stds


def cost(y, target):
    return 0.5 * np.sum((y - target) ** 2) / len(target)


def backprop_through_time(x, target, theta):
    Wx, Wh, gamma, beta, Wy, by, h0 = theta
    y, summary, hs, zhats, stds = forward(x, theta)
    B, T, D = x.shape
    dWx, dWh, dgamma, dbeta = [np.zeros_like(w) for w in (Wx, Wh, gamma, beta)]
    dy = (y - target) / B
    dWy = np.dot(summary.T, dy)
    dby = np.sum(dy, axis=0)
    dpool = np.dot(dy, Wy.T) / T
    dx = np.zeros_like(x)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(T)):
        dh = dpool + dhnext
        dout = (1 - hs[t] * hs[t]) * dh
        dz, dg, dbt = batchnorm_grad(dout, gamma, zhats[t], stds[t])
        dgamma += dg
        dbeta += dbt
        dWx += np.dot(x[:, t, :].T, dz)
        dWh += np.dot(hs[t - 1].T, dz)
        dx[:, t, :] = np.dot(dz, Wx.T)
        dhnext = np.dot(dz, Wh.T)
    dh0 = dhnext
    return [dWx, dWh, dgamma, dbeta, dWy, dby, dh0, dx]


KEYS = ["Wx", "Wh", "gamma", "beta", "Wy", "by", "h0"]


def loss(params, inputs):
    y = forward(inputs["x"], [params[k] for k in KEYS])[0]
    return float(cost(y, inputs["target"]))


def backward(params, inputs):
    grads = backprop_through_time(inputs["x"], inputs["target"], [params[k] for k in KEYS])
    return dict(zip(KEYS + ["x"], grads))


def example(rng):
    B, T = rng.integers(3, 5), rng.integers(3, 6)
    D, H, O = rng.permutation([2, 3, 4])
    shapes = [(D, H), (H, H), (H,), (H,), (H, O), (O,), (B, H)]
    params = {k: rng.normal(size=s) for k, s in zip(KEYS, shapes)}
    return params, {"x": rng.normal(size=(B, T, D)), "target": rng.normal(size=(B, O))}
