"""Saturating recursive filter s[n] = tanh(A s[n-1] + B u[n] + b), y[n] = C s[n] + D u[n].

Identified from several records at once (last axis).  The error is pre-emphasised,
p[n] = e[n] - ALPHA e[n-1], and weighted by a window before its energy is taken.
"""
import numpy as np

ALPHA = 0.6


def run_filter(A, B, C, D, b, s_init, u):
    num = len(u)
    s = np.empty((num + 1, A.shape[0], u.shape[2]))  # s[0] is the state before the first sample
    y = np.empty((num, C.shape[0], u.shape[2]))
    s[0] = s_init[:, None]
    for n in range(num):
        s[n + 1] = np.tanh(A @ s[n] + B @ u[n] + b[:, None])
        y[n] = C @ s[n + 1] + D @ u[n]
    return s, y


def preemphasis(e):
    p = e.copy()
    p[1:] -= ALPHA * e[:-1]
    return p


def preemphasis_adjoint(p):
    e = p.copy()
    e[:-1] -= ALPHA * p[1:]
    return e


def adjoint_filter(A, C, s, e):
    """The transposed filter, driven by the error from the last sample to the first."""
    num = len(e)
    lam = np.empty_like(s[1:])
    carry = np.zeros_like(s[0])
    for n in range(num - 1, -1, -1):
        q = C.T @ e[n] + carry
        lam[n] = (1.0 - s[n + 1] ** 2) * q
        carry = A.T @ lam[n]
    return lam, carry


def xcorr(p, q):
    return np.einsum("nir,njr->ij", p, q)


def loss(params, inputs):
    _, y = run_filter(*(params[k] for k in "ABCDb"), params["s_init"], inputs["u"])
    p = preemphasis(y - inputs["d"])
    return float(np.sum(inputs["window"][:, None, None] * p**2) / (2 * y.shape[2]))


def backward(params, inputs):
    u, w = inputs["u"], inputs["window"][:, None, None]
    s, y = run_filter(*(params[k] for k in "ABCDb"), params["s_init"], u)
    e = preemphasis_adjoint(w * preemphasis(y - inputs["d"]) / y.shape[2])
    lam, first = adjoint_filter(params["A"], params["C"], s, e)
    return {
        "A": xcorr(lam, s[:-1]),
        "B": xcorr(lam, u),
        "C": xcorr(e, s[1:]),
        "D": xcorr(e, u),
        "b": lam.sum(axis=(0, 2)),
        "s_init": first.sum(axis=1),
    }


def example(rng):
    num, records, m = rng.integers(4, 6), rng.integers(2, 4), 2
    order, outs = rng.integers(4, 6), 3
    g = rng.standard_normal
    params = {
        "A": g((order, order)) * 0.7, "B": g((order, m)), "C": g((outs, order)), "D": g((outs, m)),
        "b": g(order), "s_init": g(order),
    }
    window = 0.5 + 0.5 * rng.random(num)
    return params, {"u": g((num, m, records)), "d": g((num, outs, records)), "window": window}
