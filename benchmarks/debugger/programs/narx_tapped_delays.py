import numpy as np

# NARX net, ported from my MATLAB script: y(t) = W2 tanh(W1 [u(t); y(t-1); y(t-2)] + b1) + b2
# one column per time step, the first two columns of Y are the initial delays


def narx_sim(W1, b1, W2, b2, U, Yinit):
    nT = U.shape[1]
    nY = Yinit.shape[0]
    Y = np.zeros((nY, nT + 2))
    Y[:, 0:2] = Yinit
    P = np.zeros((W1.shape[1], nT))
    A1 = np.zeros((W1.shape[0], nT))
    for k in range(nT):
        P[:, k] = np.concatenate((U[:, k], Y[:, k + 1], Y[:, k]))
        A1[:, k] = np.tanh(W1 @ P[:, k] + b1[:, 0])
        Y[:, k + 2] = W2 @ A1[:, k] + b2[:, 0]
    return Y, P, A1


def narx_bptt(W1, b1, W2, b2, U, Yinit, Target):
    nU, nT = U.shape
    nY = Yinit.shape[0]
    Y, P, A1 = narx_sim(W1, b1, W2, b2, U, Yinit)
    dY = np.zeros((nY, nT + 2))
    dY[:, 2:] = 2 * (Y[:, 2:] - Target) / nT
    D1 = np.zeros(A1.shape)
    dU = np.zeros(U.shape)
    k = nT - 1
    while k >= 0:
        dA1 = W2.T @ dY[:, k + 2]
        D1[:, k] = dA1 * (1 - A1[:, k] ** 2)
        dP = W1.T @ D1[:, k]
        dU[:, k] = dP[:nU]
        dY[:, k + 1] += dP[nU:nU + nY]
        dY[:, k] += dP[nU + nY:]
        k = k - 1
    # all weights at once
    dW1 = D1 @ P.T
    db1 = np.sum(D1, axis=1, keepdims=True)
    dW2 = dY[:, 2:] @ A1.T
    db2 = np.sum(dY[:, 2:], axis=1, keepdims=True)
    dYinit = dY[:, :2]
    return dW1, db1, dW2, db2, dU, dYinit


def loss(params, inputs):
    p = params
    Y, _, _ = narx_sim(p["W1"], p["b1"], p["W2"], p["b2"], inputs["U"], p["Yinit"])
    return float(np.sum((Y[:, 2:] - inputs["Target"]) ** 2) / inputs["U"].shape[1])


def backward(params, inputs):
    p = params
    dW1, db1, dW2, db2, dU, dYinit = narx_bptt(
        p["W1"], p["b1"], p["W2"], p["b2"], inputs["U"], p["Yinit"], inputs["Target"]
    )
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2, "U": dU, "Yinit": dYinit}


def example(rng):
    nU, nY, nH = rng.permutation([2, 3, 4])
    nT = rng.integers(4, 6)
    params = {
        "W1": 0.7 * rng.normal(size=(nH, nU + 2 * nY)),
        "b1": rng.normal(size=(nH, 1)),
        "W2": rng.normal(size=(nY, nH)),
        "b2": rng.normal(size=(nY, 1)),
        "Yinit": rng.normal(size=(nY, 2)),
    }
    return params, {"U": rng.normal(size=(nU, nT)), "Target": rng.normal(size=(nY, nT))}
