"""GRU forecaster of log variance.  The last forecast is a feature of the next day (GARCH-like)."""
from dataclasses import asdict, make_dataclass

import numpy as np

def logistic(a):
    return 1.0 / (1.0 + np.exp(-a))

NAMES = "w_upd w_rst w_cand b_upd b_rst b_cand w_var b_var state var0".split()
Book = make_dataclass("Book", NAMES)  # weights, or their sensitivities; w_*: (features + 1 + hidden, hidden)

class Desk:
    def __init__(self, book, burn_in=1):
        self.book, self.burn_in, self.days = book, burn_in, []

    def forecast(self, feats):
        k, self.days = self.book, []
        n_assets, n_days, _ = feats.shape
        h, lv = np.tile(k.state, (n_assets, 1)), np.repeat(k.var0, n_assets)
        curve = np.empty((n_assets, n_days))
        for day in range(n_days):
            xh = np.concatenate([feats[:, day], lv[:, None], h], axis=1)
            z = logistic(xh @ k.w_upd + k.b_upd)
            r = logistic(xh @ k.w_rst + k.b_rst)
            xrh = np.concatenate([feats[:, day], lv[:, None], r * h], axis=1)
            cand = np.tanh(xrh @ k.w_cand + k.b_cand)
            self.days.append((xh, z, r, xrh, cand, h))
            h = z * h + (1 - z) * cand
            lv = h @ k.w_var + k.b_var[0]
            curve[:, day] = lv
        self.final = h
        return curve

    def nll(self, curve, rets):
        live = slice(self.burn_in, None)
        c, r2 = curve[:, live], rets[:, live] ** 2
        return 0.5 * np.mean(c + r2 * np.exp(-c))

    def sensitivities(self, curve, rets):
        k = self.book
        g = Book(*(np.zeros_like(getattr(k, name)) for name in NAMES))
        n_hid = len(k.state)
        count = curve[:, self.burn_in :].size
        d_curve = 0.5 * (1 - rets**2 * np.exp(-curve)) / count
        d_curve[:, : self.burn_in] = 0.0
        dh_next, dlv_next = np.zeros_like(self.final), np.zeros(len(curve))
        h_new = self.final
        for day in reversed(range(curve.shape[1])):
            xh, z, r, xrh, cand, h = self.days[day]
            dlv = d_curve[:, day] + dlv_next
            g.w_var += h_new.T @ dlv
            g.b_var += dlv.sum()
            dh = dh_next + np.outer(dlv, k.w_var)
            d_cand = dh * (1 - z) * (1 - cand**2)
            d_xrh = d_cand @ k.w_cand.T
            d_rh = d_xrh[:, -n_hid:]
            d_upd = dh * (h - cand) * z * (1 - z)
            d_rst = d_rh * h * r * (1 - r)
            d_xh = d_upd @ k.w_upd.T + d_rst @ k.w_rst.T
            for name, x, d in (("upd", xh, d_upd), ("rst", xh, d_rst), ("cand", xrh, d_cand)):
                getattr(g, "w_" + name)[...] += x.T @ d
                getattr(g, "b_" + name)[...] += d.sum(axis=0)
            dh_next = dh * z + d_rh * r + d_xh[:, -n_hid:]
            dlv_next = d_xrh[:, -n_hid - 1] + d_xh[:, -n_hid - 1]
            h_new = h
        g.state += dh_next.sum(axis=0)
        g.var0 += dlv_next.sum()
        return g

def loss(params, inputs):
    desk = Desk(Book(**params))
    return float(desk.nll(desk.forecast(inputs["feats"]), inputs["rets"]))

def backward(params, inputs):
    desk = Desk(Book(**params))
    return asdict(desk.sensitivities(desk.forecast(inputs["feats"]), inputs["rets"]))

def example(rng):
    n_assets, n_days, n_feat, n_hid = int(rng.integers(2, 4)), int(rng.integers(4, 6)), 2, int(rng.integers(3, 6))
    n = rng.standard_normal
    params = {"w_" + k: n((n_feat + 1 + n_hid, n_hid)) * 0.8 for k in ("upd", "rst", "cand")}
    params |= {"b_" + k: n(n_hid) for k in ("upd", "rst", "cand")}
    params |= {"w_var": n(n_hid), "b_var": n(1), "state": n(n_hid), "var0": n(1)}
    return params, {"feats": n((n_assets, n_days, n_feat)), "rets": n((n_assets, n_days))}
