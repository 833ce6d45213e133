# %% return model: Elman net -> mean and log-variance per asset, Gaussian NLL, half-life weights
# columns are days in the batch of windows: everything is (features, windows)
import numpy as np


class VolNet:
    def __init__(self, theta):
        self.__dict__.update(theta)

    def fit_pass(self, R, halflife):
        """R: (T+1, K, N) returns. Predict R[t+1] from R[0..t]."""
        T = R.shape[0] - 1
        age = np.arange(T)[::-1]
        self.wts = 0.5 ** (age / halflife)
        self.wts = self.wts / self.wts.sum()
        N = R.shape[2]
        self.s = [np.repeat(self.s_init[:, None], N, axis=1)]
        self.feat, self.mu, self.lv, self.err = [], [], [], []
        total = 0.0
        for t in range(T):
            x = np.vstack([R[t], R[t] ** 2])
            s = np.tanh(self.A @ self.s[-1] + self.B @ x + self.c[:, None])
            mu = self.Cm @ s + self.dm[:, None]
            lv = self.Cv @ s + self.dv[:, None] + self.phi[:, None] * np.log(R[t] ** 2 + 0.1)
            e = R[t + 1] - mu
            total += self.wts[t] * np.sum(0.5 * lv + 0.5 * e ** 2 * np.exp(-lv)) / N
            self.s.append(s)
            self.feat.append(x)
            self.mu.append(mu)
            self.lv.append(lv)
            self.err.append(e)
        return total

    def back_pass(self, R, halflife):
        self.fit_pass(R, halflife)
        T, N = len(self.feat), R.shape[2]
        out = {k: 0.0 for k in ("A", "B", "c", "Cm", "dm", "Cv", "dv", "phi")}
        ds_next = np.zeros_like(self.s[0])
        for t in range(T - 1, -1, -1):
            s, s_prev = self.s[t + 1], self.s[t]
            e, prec = self.err[t], np.exp(-self.lv[t])
            k = self.wts[t] / N
            dmu = -k * e * prec
            dlv = k * 0.5 * (1 - e ** 2 * prec)
            out["Cm"] += dmu @ s.T
            out["dm"] += dmu.sum(1)
            out["Cv"] += dlv @ s.T
            out["dv"] += dlv.sum(1)
            out["phi"] += (dlv * np.log(R[t] ** 2 + 0.1)).sum(1)
            ds = self.Cm.T @ dmu + self.Cv.T @ dlv + ds_next
            da = ds * (1 - s * s)
            out["A"] += da @ s_prev.T
            out["B"] += da @ self.feat[t].T
            out["c"] += da.sum(1)
            ds_next = self.A.T @ da
        out["s_init"] = ds_next.sum(1)
        return out


# %% adapters
def loss(params, inputs):
    return float(VolNet(params).fit_pass(inputs["R"], inputs["halflife"]))


def backward(params, inputs):
    return VolNet(params).back_pass(inputs["R"], inputs["halflife"])


def example(rng):
    T, K, N, H = (int(v) for v in (rng.integers(3, 6), 2, 3, rng.integers(4, 6)))
    r = rng.standard_normal
    params = {"A": r((H, H)), "B": r((H, 2 * K)) * .6, "c": r(H), "Cm": r((K, H)), "dm": r(K),
              "Cv": r((K, H)) * .6, "dv": r(K), "phi": r(K) * .5, "s_init": r(H)}
    return params, {"R": r((T + 1, K, N)), "halflife": np.array(1.5 + rng.random())}
