# spikes.c -> python. Leaky rate units, Poisson read-out; buffers are allocated once and filled in place.
import math

import numpy as np

def alloc(*dims):
    return np.zeros(dims)

def forward_pass(p, stim, v, q, rate):
    T, N = stim.shape[0], len(p["bias"])
    M, K = stim.shape[1], len(p["offset"])
    for i in range(N):
        v[0][i] = p["v_init"][i]
    for t in range(T):
        for i in range(N):
            acc = p["bias"][i]
            for j in range(N):
                acc += p["J"][i][j] * v[t][j]
            for m in range(M):
                acc += p["K"][i][m] * stim[t][m]
            leak = 1.0 / (1.0 + math.exp(-p["leak"][i]))
            q[t][i] = math.tanh(acc)
            v[t + 1][i] = leak * v[t][i] + (1.0 - leak) * q[t][i]
        for k in range(K):
            acc = p["offset"][k]
            for i in range(N):
                acc += p["C"][k][i] * v[t + 1][i]
            rate[t][k] = math.exp(acc)

def backward_pass(p, stim, counts, dt, v, q, rate, g):
    T, M = stim.shape
    N, K = len(p["bias"]), len(p["offset"])
    dv = alloc(N)
    dv_prev = alloc(N)
    t = T
    while t > 0:
        t -= 1
        for k in range(K):
            d = rate[t][k] * dt - counts[t][k]
            g["offset"][k] += d
            for i in range(N):
                g["C"][k][i] += d * v[t + 1][i]
                dv[i] += d * p["C"][k][i]
        for i in range(N):
            leak = 1.0 / (1.0 + math.exp(-p["leak"][i]))
            dv_prev[i] = dv[i] * leak
            g["leak"][i] += dv[i] * (v[t][i] - q[t][i]) * leak * (1.0 - leak)
        for i in range(N):
            leak = 1.0 / (1.0 + math.exp(-p["leak"][i]))
            da = dv[i] * (1.0 - leak) * (1.0 - q[t][i] * q[t][i])
            g["bias"][i] += da
            for j in range(N):
                g["J"][i][j] += da * v[t][j]
                dv_prev[j] += da * p["J"][i][j]
            for m in range(M):
                g["K"][i][m] += da * stim[t][m]
        dv, dv_prev = dv_prev, dv
    g["v_init"][:] = dv

def buffers(params, inputs):
    T, N, K = len(inputs["stim"]), len(params["bias"]), len(params["offset"])
    return alloc(T + 1, N), alloc(T, N), alloc(T, K)

def loss(params, inputs):
    v, q, rate = buffers(params, inputs)
    forward_pass(params, inputs["stim"], v, q, rate)
    return float(np.sum(rate * inputs["dt"] - inputs["counts"] * np.log(rate)))

def backward(params, inputs):
    v, q, rate = buffers(params, inputs)
    forward_pass(params, inputs["stim"], v, q, rate)
    g = {name: alloc(*np.shape(value)) for name, value in params.items()}
    backward_pass(params, inputs["stim"], inputs["counts"], int(inputs["dt"]), v, q, rate, g)
    return g

def example(rng):
    T, N = rng.permutation([4, 5])
    M, K = rng.permutation([2, 3])
    r = rng.normal
    params = {"J": r(size=(N, N)), "K": r(size=(N, M)), "bias": r(size=N), "leak": r(size=N), "C": 0.7 * r(size=(K, N)),
              "offset": 0.5 * r(size=K), "v_init": r(size=N)}
    return params, {"stim": r(size=(T, M)), "counts": rng.integers(0, 4, (T, K)), "dt": np.array(2)}
