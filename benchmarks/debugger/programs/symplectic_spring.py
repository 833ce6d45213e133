"""Learned potential U(q) = sum_k a_k log cosh(W q + b)_k, damped symplectic Euler, fit to a path.

    p[n+1] = (1 - gamma) p[n] + dt (force(q[n]) + push[n])
    q[n+1] = q[n] + dt p[n+1] / mass
"""
import numpy as np

DT = 0.4


def trajectory(par, push):
    N, dof = push.shape
    q = np.empty((N + 1, dof))
    p = np.empty((N + 1, dof))
    q[0], p[0] = par["q0"], par["p0"]
    mass = np.exp(par["log_mass"])
    for n in range(N):
        force = -par["W"].T @ (par["a"] * np.tanh(par["W"] @ q[n] + par["b"]))
        p[n + 1] = (1.0 - par["gamma"]) * p[n] + DT * (force + push[n])
        q[n + 1] = q[n] + DT * p[n + 1] / mass
    return q, p, mass


def misfit(q, p, path, mass):
    """Mean squared distance to the path plus the kinetic energy at the end."""
    return 0.5 * np.mean(np.sum((q[1:] - path) ** 2, axis=1)) + 0.5 * np.sum(p[-1] ** 2 / mass)


def force_vjp(par, q, lam, grads):
    """Add lam . d force / d parameters to grads, give lam . d force / d q."""
    W, a = par["W"], par["a"]
    s = np.tanh(W @ q + par["b"])
    Wlam = W @ lam
    grads["a"] -= Wlam * s
    dz = -Wlam * a * (1.0 - s**2)
    grads["b"] += dz
    grads["W"] += np.outer(dz, q) - np.outer(a * s, lam)
    return W.T @ dz


def adjoint(par, push, path):
    q, p, mass = trajectory(par, push)
    N = len(push)
    grads = {key: np.zeros_like(val) for key, val in par.items()}
    grads["push"] = np.zeros_like(push)
    source = (q[1:] - path) / N
    grads["path"] = -source
    lam_q = np.zeros_like(q[0])
    lam_p = p[-1] / mass
    grads["log_mass"] -= 0.5 * p[-1] ** 2 / mass
    for n in range(N - 1, -1, -1):
        lam_q = lam_q + source[n]
        lam_p = lam_p + DT * lam_q / mass
        grads["log_mass"] -= lam_q * DT * p[n + 1] / mass
        grads["push"][n] = DT * lam_p
        grads["gamma"] -= lam_p @ p[n]
        lam_q = lam_q + force_vjp(par, q[n], DT * lam_p, grads)
        lam_p = (1.0 - par["gamma"]) * lam_p
    grads["q0"], grads["p0"] = lam_q, lam_p
    return grads


def loss(params, inputs):
    q, p, mass = trajectory(params, inputs["push"])
    return float(misfit(q, p, inputs["path"], mass))


def backward(params, inputs):
    return adjoint(params, inputs["push"], inputs["path"])


def example(rng):
    N, dof, K = int(rng.integers(3, 6)), int(rng.integers(2, 4)), 4
    par = {"W": rng.normal(size=(K, dof)), "a": rng.normal(size=K), "b": rng.normal(size=K)}
    par |= {"gamma": np.array(rng.uniform(0.1, 0.4)), "log_mass": 0.4 * rng.normal(size=dof)}
    par |= {"q0": rng.normal(size=dof), "p0": rng.normal(size=dof)}
    return par, {"push": rng.normal(size=(N, dof)), "path": rng.normal(size=(N, dof))}
