# Delayed-response task with a leaky rate network (E/I units, learned time constants).
# State is (units, trials).  x: currents, r: rates.
import numpy as np

N = 128          # units
N_EXC = 102
N_IN = 6
N_OUT = 3
T = 75
TRIALS = 20
DT = 10.0        # ms
TAU_MIN, TAU_MAX = 20.0, 200.0
LAM_RATE = 0.02

DALE = np.ones(N)
DALE[N_EXC:] = -1.0


def softplus(x):
    return np.logaddexp(0.0, x)


def dsoftplus(x):
    return 1.0 / (1.0 + np.exp(-x))


def effective_weights(W, conn):
    return np.abs(W) * conn * DALE[None, :]


def leak(theta):
    s = 1.0 / (1.0 + np.exp(-theta))
    tau = TAU_MIN + (TAU_MAX - TAU_MIN) * s
    return DT / tau, tau, s


def simulate(P, I):
    Weff = effective_weights(P["W"], I["conn"])
    alpha, tau, s = leak(P["theta"])
    a = alpha[:, None]
    u = I["u"]
    X = np.zeros((T + 1, N, TRIALS))
    R = np.zeros((T + 1, N, TRIALS))
    D = np.zeros((T, N, TRIALS))
    X[0] = P["x0"][:, None]
    R[0] = softplus(X[0])
    for t in range(T):
        D[t] = Weff @ R[t] + P["Win"] @ u[t] + P["b"][:, None] + I["noise"][t]
        X[t + 1] = (1 - a) * X[t] + a * D[t]
        R[t + 1] = softplus(X[t + 1])
    Z = np.stack([P["Wout"] @ R[t + 1] + P["bout"][:, None] for t in range(T)])
    return X, R, D, Z, Weff, alpha, tau, s


def cost(Z, R, I):
    err = (Z - I["target"]) * I["mask"]
    n = I["mask"].sum() * N_OUT
    fit = 0.5 * (err ** 2).sum() / n
    reg = 0.5 * LAM_RATE * (R[1:] ** 2).mean()
    return fit + reg, err / n


def bptt(P, I):
    X, R, D, Z, Weff, alpha, tau, s = simulate(P, I)
    _, dZ = cost(Z, R, I)
    a = alpha[:, None]
    u = I["u"]

    gWeff = np.zeros((N, N))
    gWin = np.zeros((N, N_IN))
    gb = np.zeros(N)
    gWout = np.zeros((N_OUT, N))
    gbout = np.zeros(N_OUT)
    galpha = np.zeros(N)

    lam = np.zeros((N, TRIALS))      # dL/dx_{t+1} arriving from the future
    dr = np.zeros((N, TRIALS))       # dL/dr_{t+1} arriving from the future
    for t in range(T - 1, -1, -1):
        gWout += dZ[t] @ R[t + 1].T
        gbout += dZ[t].sum(axis=1)
        dr = dr + P["Wout"].T @ dZ[t]
        dr = dr + LAM_RATE * R[t + 1] / R[1:].size
        lam = lam + dr * dsoftplus(X[t + 1])
        galpha += (lam * (D[t] - X[t])).sum(axis=1)
        dd = a * lam
        gWeff += dd @ R[t].T
        gWin += dd @ u[t].T
        gb += dd.sum(axis=1)
        dr = Weff.T @ dd
        lam = (1 - a) * lam
    lam = lam + dr * dsoftplus(X[0])

    gW = gWeff * DALE[None, :] * I["conn"] * np.sign(P["W"])
    dtau = galpha * (-DT / tau ** 2)
    gtheta = dtau * (TAU_MAX - TAU_MIN) * s * (1 - s)
    return {"W": gW, "Win": gWin, "b": gb, "Wout": gWout, "bout": gbout,
            "theta": gtheta, "x0": lam.sum(axis=1)}


def setup(rng):
    W = rng.gamma(4.0, 0.25, (N, N)) / np.sqrt(N) * 0.25
    W[:, N_EXC:] *= N_EXC / (N - N_EXC)
    return {"W": W,
            "Win": 0.5 * rng.normal(size=(N, N_IN)),
            "b": 0.1 * rng.normal(size=N),
            "Wout": rng.normal(size=(N_OUT, N)) / np.sqrt(N),
            "bout": 0.1 * rng.normal(size=N_OUT),
            "theta": rng.normal(size=N) - 1.0,
            "x0": 0.3 * rng.normal(size=N)}


def trials(rng):
    conn = (rng.random((N, N)) < 0.3).astype(float)
    np.fill_diagonal(conn, 0.0)
    u = np.zeros((T, N_IN, TRIALS))
    target = np.zeros((T, N_OUT, TRIALS))
    mask = np.ones((T, 1, TRIALS))
    u[:, 0] = 1.0
    for k in range(TRIALS):
        on = rng.integers(5, 15)
        go = rng.integers(45, 55)
        ang = rng.uniform(0, 2 * np.pi)
        u[on:on + 10, 1, k] = np.cos(ang)
        u[on:on + 10, 2, k] = np.sin(ang)
        u[on:on + 10, 3, k] = rng.normal()
        u[go:, 0, k] = 0.0
        u[go:, 5, k] = 1.0
        target[go:, 0, k] = np.cos(ang)
        target[go:, 1, k] = np.sin(ang)
        target[:go, 2, k] = 1.0
        mask[go:go + 6, 0, k] = 0.0
        mask[:on, 0, k] = 0.0
    u += 0.05 * rng.normal(size=u.shape)
    noise = 0.1 * rng.normal(size=(T, N, TRIALS))
    return {"u": u, "target": target, "mask": mask, "noise": noise, "conn": conn}


def loss(params, inputs):
    X, R, D, Z, *_ = simulate(params, inputs)
    return cost(Z, R, inputs)[0]


def backward(params, inputs):
    return bptt(params, inputs)


def example(rng):
    return setup(rng), trials(rng)


if __name__ == "__main__":
    rng = np.random.default_rng(3)
    P = setup(rng)
    I = trials(rng)
    for it in range(200):
        G = bptt(P, I)
        norm = np.sqrt(sum((g ** 2).sum() for g in G.values()))
        for k in P:
            P[k] -= 0.1 * G[k] / max(1.0, norm)
        if it % 20 == 0:
            print(it, loss(P, I), norm)
