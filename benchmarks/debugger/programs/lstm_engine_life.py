"""Remaining useful life of engines from their sensors, one value per cycle.

The projections of all cycles are computed before the loop and the weight gradients after it; in
the loop there is only what is recurrent. The state arrays are one row too long, so that index -1
is the state before the first cycle. The first WARMUP cycles are not scored; log-cosh error.
"""
import numpy as np

WARMUP = 1
IN, FORGET, OUT, CAND = 0, 1, 2, 3


class LifeRegressor:
    def __init__(self, n_sensors, n_units):
        self.n_units = n_units
        self.params = {
            "kernel": np.zeros((n_sensors, 4, n_units)),
            "recurrent": np.zeros((n_units, 4, n_units)),
            "bias": np.zeros((4, n_units)),
            "h_start": np.zeros(n_units),
            "c_start": np.zeros(n_units),
            "slope": np.zeros(n_units),
            "offset": np.zeros(()),
        }

    def load(self, values):
        for name, value in values.items():
            assert value.shape == self.params[name].shape, name
            self.params[name] = value
        return self

    def predict(self, sensors):
        """sensors: (cycles, engines, sensors) -> (cycles, engines)"""
        p = self.params
        n_cycles, n_engines, _ = sensors.shape
        self.sensors = sensors
        self.gates = np.tensordot(sensors, p["kernel"], axes=1) + p["bias"]
        self.h = np.empty((n_cycles + 1, n_engines, self.n_units))
        self.c = np.empty((n_cycles + 1, n_engines, self.n_units))
        self.h[-1] = p["h_start"]
        self.c[-1] = p["c_start"]
        for t in range(n_cycles):
            a = self.gates[t]
            a += np.tensordot(self.h[t - 1], p["recurrent"], axes=1)
            a[:, :CAND] = 1 / (1 + np.exp(-a[:, :CAND]))
            a[:, CAND] = np.tanh(a[:, CAND])
            self.c[t] = a[:, FORGET] * self.c[t - 1] + a[:, IN] * a[:, CAND]
            self.h[t] = a[:, OUT] * np.tanh(self.c[t])
        return self.h[:-1] @ p["slope"] + p["offset"]

    def score(self, sensors, life, weight):
        self.weight = weight / weight.sum()
        self.error = self.predict(sensors)[WARMUP:] - life[WARMUP:]
        return np.mean(np.log(np.cosh(self.error)) @ self.weight)

    def gradients(self):
        p = self.params
        n_cycles, n_engines, _ = self.sensors.shape
        d_pred = np.zeros((n_cycles, n_engines))
        d_pred[WARMUP:] = np.tanh(self.error) * self.weight / len(self.error)

        d_h = d_pred[:, :, None] * p["slope"]
        d_gates = np.empty_like(self.gates)
        d_c = np.zeros((n_engines, self.n_units))
        d_h_before = np.zeros((n_engines, self.n_units))
        for t in range(n_cycles - 1, -1, -1):
            gate = self.gates[t]
            squashed = np.tanh(self.c[t])
            d_h[t] += d_h_before
            d_c += d_h[t] * gate[:, OUT] * (1 - squashed ** 2)
            d = d_gates[t]
            d[:, IN] = d_c * gate[:, CAND]
            d[:, FORGET] = d_c * self.c[t - 1]
            d[:, OUT] = d_h[t] * squashed
            d[:, CAND] = d_c * gate[:, IN]
            d[:, :CAND] *= gate[:, :CAND] * (1 - gate[:, :CAND])
            d[:, CAND] *= 1 - gate[:, CAND] ** 2
            d_h_before = np.tensordot(d, p["recurrent"], axes=([1, 2], [1, 2]))
            d_c *= gate[:, FORGET]

        before = np.arange(n_cycles) - 1
        return {
            "kernel": np.tensordot(self.sensors, d_gates, axes=([0, 1], [0, 1])),
            "recurrent": np.tensordot(self.h[before], d_gates, axes=([0, 1], [0, 1])),
            "bias": d_gates.sum(axis=(0, 1)),
            "h_start": d_h_before.sum(axis=0),
            "c_start": d_c.sum(axis=0),
            "slope": np.tensordot(d_pred, self.h[:-1], axes=2),
            "offset": d_pred.sum(),
            "sensors": np.tensordot(d_gates, p["kernel"], axes=([2, 3], [1, 2])),
        }


def model(params):
    n_sensors, _, n_units = params["kernel"].shape
    return LifeRegressor(n_sensors, n_units).load(params)


def loss(params, inputs):
    return model(params).score(inputs["sensors"], inputs["life"], inputs["weight"])


def backward(params, inputs):
    net = model(params)
    net.score(inputs["sensors"], inputs["life"], inputs["weight"])
    return net.gradients()


def example(rng):
    T, B, D, H = (int(n) for n in rng.permutation([3, 4, 5, 6]))
    params = {
        "kernel": rng.normal(size=(D, 4, H)) * 0.8, "recurrent": rng.normal(size=(H, 4, H)) * 0.8,
        "bias": rng.normal(size=(4, H)),
        "h_start": rng.normal(size=H), "c_start": rng.normal(size=H),
        "slope": rng.normal(size=H), "offset": rng.normal(size=()),
    }
    return params, {"sensors": rng.normal(size=(T, B, D)), "life": rng.normal(size=(T, B)) * 2,
                    "weight": rng.integers(1, 5, size=B)}
