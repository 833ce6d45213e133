# encoder-decoder with dot attention, ONE sentence pair, all vectors are columns (n x 1)
import numpy as np


def col_softmax(a):
    a = np.exp(a - a.max())
    return a / a.sum()


def encoder(th, X):
    Tx = X.shape[1]
    H = np.zeros((th["We"].shape[0], Tx))
    h = th["e0"]
    for j in range(Tx):
        h = np.tanh(th["We"] @ X[:, j:j + 1] + th["Ue"] @ h + th["be"])
        H[:, j:j + 1] = h
    return H


def decoder(th, H, Y):
    s = th["s0"]
    tape = []
    J = 0.0
    for i in range(Y.shape[1]):
        q = th["Wq"] @ s
        alpha = col_softmax(H.T @ q)
        ctx = H @ alpha
        u = np.vstack((s, ctx))
        s_new = np.tanh(th["Ws"] @ u + th["bs"])
        yhat = th["Wy"] @ np.vstack((s_new, ctx))
        r = yhat - Y[:, i:i + 1]
        J += np.sum(r ** 2) / 2
        tape.append((s, q, alpha, ctx, u, s_new, r))
        s = s_new
    return J, tape


def decoder_back(th, H, tape, g):
    ns = th["s0"].shape[0]
    dH = np.zeros_like(H)
    ds = np.zeros((ns, 1))
    for s, q, alpha, ctx, u, s_new, r in tape[::-1]:
        g["Wy"] += r @ np.vstack((s_new, ctx)).T
        dv = th["Wy"].T @ r
        ds = ds + dv[:ns]
        dpre = ds * (1 - s_new * s_new)
        g["Ws"] += dpre @ u.T
        g["bs"] += dpre
        du = th["Ws"].T @ dpre
        dctx = dv[ns:] + du[ns:]
        dalpha = H.T @ dctx
        dscore = alpha * (dalpha - np.sum(alpha * dalpha))
        dH += dctx @ alpha.T + q @ dscore.T
        dq = H @ dscore
        g["Wq"] += dq @ s.T
        ds = du[:ns] + th["Wq"].T @ dq
    g["s0"] += ds
    return dH


def encoder_back(th, X, H, dH, g):
    dX = np.zeros_like(X)
    dh = np.zeros((H.shape[0], 1))
    for j in range(X.shape[1] - 1, -1, -1):
        dh = dh + dH[:, j:j + 1]
        da = dh * (1 - H[:, j:j + 1] ** 2)
        before = H[:, j - 1:j] if j > 0 else th["e0"]
        g["We"] += da @ X[:, j:j + 1].T
        g["Ue"] += da @ before.T
        g["be"] += da
        dX[:, j:j + 1] = th["We"].T @ da
        dh = th["Ue"].T @ da
    g["e0"] += dh
    return dX


def loss(params, inputs):
    return decoder(params, encoder(params, inputs["X"]), inputs["Y"])[0]


def backward(params, inputs):
    g = {k: np.zeros(v.shape) for k, v in params.items()}
    H = encoder(params, inputs["X"])
    J, tape = decoder(params, H, inputs["Y"])
    dH = decoder_back(params, H, tape, g)
    g["X"] = encoder_back(params, inputs["X"], H, dH, g)
    return g


def example(rng):
    nx, nh, ns, ny = int(rng.integers(2, 4)), int(rng.integers(4, 6)), 3, 2
    Tx, Ty = int(rng.integers(3, 5)), int(rng.integers(3, 6))
    R = rng.standard_normal
    th = {"We": R((nh, nx)), "Ue": R((nh, nh)), "be": R((nh, 1)), "e0": R((nh, 1)), "Wq": R((nh, ns)),
          "s0": R((ns, 1)), "Ws": R((ns, ns + nh)), "bs": R((ns, 1)), "Wy": R((ny, ns + nh))}
    return th, {"X": R((nx, Tx)), "Y": R((ny, Ty))}
