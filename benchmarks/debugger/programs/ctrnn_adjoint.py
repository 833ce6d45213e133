"""Continuous-time recurrent network, explicit Euler, M sub-steps between two samples.

    tau_i dy_i/dt = -y_i + sum_j w_ij s(y_j + theta_j) + I_i(t),     tau_i = exp(lt_i)

The misfit to observations of c . y is differentiated by the adjoint of the discrete model,
statement by statement in reverse; ad_v belongs to v.
"""
import numpy as np

M = 3


def s(v):
    return 1.0 / (1.0 + np.exp(-v))


def integrate(y0, w, theta, lt, drive, dt):
    n_samples, n = drive.shape
    y = np.zeros((M * n_samples + 1, n))
    y[0] = y0
    k = 0
    for it in range(n_samples):
        h = dt[it] / M
        for _ in range(M):
            for i in range(n):
                total = drive[it, i]
                for j in range(n):
                    total += w[i, j] * s(y[k, j] + theta[j])
                y[k + 1, i] = y[k, i] + h * np.exp(-lt[i]) * (total - y[k, i])
            k += 1
    return y


def observe(y, c):
    return y[M::M] @ c


def adjoint(ad_y, y, w, theta, lt, drive, dt):
    """Integrate backward; ad_y holds the forcing by the observations and is used up."""
    n_samples, n = drive.shape
    ad_w = np.zeros((n, n))
    ad_theta = np.zeros(n)
    ad_lt = np.zeros(n)
    ad_drive = np.zeros((n_samples, n))
    k = M * n_samples
    for it in range(n_samples - 1, -1, -1):
        h = dt[it] / M
        for _ in range(M):
            k -= 1
            r = s(y[k] + theta)
            for i in range(n):
                rate = h * np.exp(-lt[i])
                step = y[k + 1, i] - y[k, i]
                ad_total = rate * ad_y[k + 1, i]
                ad_lt[i] -= step * ad_y[k + 1, i]
                ad_y[k, i] += (1.0 - rate) * ad_y[k + 1, i]
                for j in range(n):
                    ad_w[i, j] += ad_total * r[j]
                    ad_arg = ad_total * w[i, j] * r[j] * (1.0 - r[j])
                    ad_theta[j] += ad_arg
                    ad_y[k, j] += ad_arg
                ad_drive[it, i] += ad_total
    return ad_w, ad_theta, ad_lt, ad_drive, ad_y[0]


def misfit(y, c, obs, precision):
    return 0.5 * np.sum(precision * (observe(y, c) - obs) ** 2)


def loss(params, inputs):
    y = integrate(inputs["y0"], params["w"], params["theta"], params["lt"],
                  inputs["drive"], inputs["dt"])
    return misfit(y, params["c"], inputs["obs"], inputs["precision"])


def backward(params, inputs):
    w, theta, lt, c = (params[k] for k in ("w", "theta", "lt", "c"))
    drive, dt = inputs["drive"], inputs["dt"]
    y = integrate(inputs["y0"], w, theta, lt, drive, dt)
    ad_z = inputs["precision"] * (observe(y, c) - inputs["obs"])
    ad_c = ad_z @ y[M::M]
    ad_y = np.zeros_like(y)
    ad_y[M::M] = np.outer(ad_z, c)
    ad_w, ad_theta, ad_lt, ad_drive, ad_y0 = adjoint(ad_y, y, w, theta, lt, drive, dt)
    return {"w": ad_w, "theta": ad_theta, "lt": ad_lt, "c": ad_c,
            "drive": ad_drive, "y0": ad_y0, "obs": -ad_z}


def example(rng):
    n_samples, n = (int(v) for v in rng.permutation([3, 4, 5])[:2])
    params = {
        "w": rng.normal(size=(n, n)),
        "theta": rng.normal(size=n),
        "lt": rng.uniform(-0.5, 0.5, size=n),
        "c": rng.normal(size=n),
    }
    inputs = {
        "drive": rng.normal(size=(n_samples, n)),
        "dt": rng.uniform(0.5, 1.5, size=n_samples),
        "y0": rng.normal(size=n),
        "obs": rng.normal(size=n_samples),
        "precision": rng.uniform(0.5, 2.0, size=n_samples),
    }
    return params, inputs
