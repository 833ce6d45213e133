# translated from my lstm_fprop.m / lstm_bprop.m, columns are examples, third index is time
import numpy as np
from numpy import zeros, tanh, exp


def sigm(A):
    return 1 / (1 + exp(-A))


def lstm_fprop(net, X, H0, C0):
    D, M, T = X.shape
    n = H0.shape[0]
    A = zeros((4 * n, M, T))
    H = zeros((n, M, T + 1))
    C = zeros((n, M, T + 1))
    H[:, :, 0] = H0
    C[:, :, 0] = C0
    for t in range(T):
        A[:, :, t] = net["W"] @ X[:, :, t] + net["R"] @ H[:, :, t] + net["b"]
        A[:3 * n, :, t] = sigm(A[:3 * n, :, t])
        A[3 * n:, :, t] = tanh(A[3 * n:, :, t])
        C[:, :, t + 1] = A[n:2 * n, :, t] * C[:, :, t] + A[:n, :, t] * A[3 * n:, :, t]
        H[:, :, t + 1] = A[2 * n:3 * n, :, t] * tanh(C[:, :, t + 1])
    return A, H, C


def cost(net, X, Y, H0, C0):
    A, H, C = lstm_fprop(net, X, H0, C0)
    T = X.shape[2]
    J = 0.0
    for t in range(T):
        E = net["V"] @ H[:, :, t + 1] + net["c"] - Y[:, :, t]
        J = J + 0.5 * np.sum(E * E)
    return J / (X.shape[1] * T)


def lstm_bprop(net, X, Y, H0, C0):
    A, H, C = lstm_fprop(net, X, H0, C0)
    D, M, T = X.shape
    n = H0.shape[0]
    gW = zeros(net["W"].shape)
    gR = zeros(net["R"].shape)
    gb = zeros(net["b"].shape)
    gV = zeros(net["V"].shape)
    gc = zeros(net["c"].shape)
    gX = zeros(X.shape)
    gH = zeros((n, M))
    gC = zeros((n, M))
    t = T - 1
    while t >= 0:
        I, F = A[:n, :, t], A[n:2 * n, :, t]
        O, G = A[2 * n:3 * n, :, t], A[3 * n:, :, t]
        E = (net["V"] @ H[:, :, t + 1] + net["c"] - Y[:, :, t]) / (M * T)
        gV = gV + E @ H[:, :, t + 1].T
        gc = gc + np.sum(E, axis=1, keepdims=True)
        gH = gH + net["V"].T @ E
        S = tanh(C[:, :, t + 1])
        gC = gC + gH * O * (1 - S ** 2)
        gA = zeros((4 * n, M))
        gA[:n] = gC * G * I * (1 - I)
        gA[n:2 * n] = gC * C[:, :, t] * F * (1 - F)
        gA[2 * n:3 * n] = gH * S * O * (1 - O)
        gA[3 * n:] = gC * I * (1 - G ** 2)
        gW = gW + gA @ X[:, :, t].T
        gR = gR + gA @ H[:, :, t].T
        gb = gb + np.sum(gA, axis=1, keepdims=True)
        gX[:, :, t] = net["W"].T @ gA
        gH = net["R"].T @ gA
        gC = gC * F
        t = t - 1
    return {"W": gW, "R": gR, "b": gb, "V": gV, "c": gc, "X": gX, "H0": gH, "C0": gC}


def loss(params, inputs):
    return float(cost(params, **inputs))


def backward(params, inputs):
    return lstm_bprop(params, **inputs)


def example(rng):
    D, M, T, n = (int(rng.integers(*b)) for b in ((5, 7), (2, 4), (4, 6), (3, 5)))
    q = 2
    N = lambda *s: rng.normal(size=s)
    return ({"W": N(4 * n, D), "R": N(4 * n, n), "b": N(4 * n, 1), "V": N(q, n), "c": N(q, 1)},
            {"X": N(D, M, T), "Y": N(q, M, T), "H0": N(n, M), "C0": N(n, M)})
