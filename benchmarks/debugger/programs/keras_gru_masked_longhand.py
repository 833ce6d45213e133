"""keras.layers.GRU(reset_after=True, recurrent_dropout=...) + Dense(1), implementation=1, in NumPy."""
import numpy as np


def stable_sigmoid(x):
    return np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))


class GRU:
    def __init__(self, units, weights):
        self.units = units
        self.kernel, self.recurrent_kernel, self.bias = weights

    def split(self, w):
        u = self.units
        return w[..., :u], w[..., u:u * 2], w[..., u * 2:]

    def call(self, inputs, mask, states, rec_dp_mask):
        kz, kr, kh = self.split(self.kernel)
        rz, rr, rh = self.split(self.recurrent_kernel)
        input_bias, recurrent_bias = self.bias
        bz, br, bh = self.split(input_bias)
        cz, cr, ch = self.split(recurrent_bias)
        self.inputs, self.mask, self.rec_dp_mask = inputs, mask, rec_dp_mask
        self.tape = []
        h_tm1 = states
        for t in range(inputs.shape[1]):
            x = inputs[:, t]
            h_tm1_z = h_tm1 * rec_dp_mask[0]
            h_tm1_r = h_tm1 * rec_dp_mask[1]
            h_tm1_h = h_tm1 * rec_dp_mask[2]
            z = stable_sigmoid(x @ kz + bz + h_tm1_z @ rz + cz)
            r = stable_sigmoid(x @ kr + br + h_tm1_r @ rr + cr)
            recurrent_h = h_tm1_h @ rh + ch
            hh = np.tanh(x @ kh + bh + r * recurrent_h)
            h = z * h_tm1 + (1 - z) * hh
            m = mask[:, t, None]
            self.tape.append((h_tm1, h_tm1_z, h_tm1_r, h_tm1_h, z, r, recurrent_h, hh))
            h_tm1 = np.where(m, h, h_tm1)
        return h_tm1

    def gradients(self, d_last):
        kz, kr, kh = self.split(self.kernel)
        rz, rr, rh = self.split(self.recurrent_kernel)
        d_kernel = np.zeros_like(self.kernel)
        d_recurrent = np.zeros_like(self.recurrent_kernel)
        d_bias = np.zeros_like(self.bias)
        d_inputs = np.zeros_like(self.inputs)
        # views, so that the writes below land in the big arrays
        dkz, dkr, dkh = self.split(d_kernel)
        drz, drr, drh = self.split(d_recurrent)
        dh = d_last
        for t in range(self.inputs.shape[1] - 1, -1, -1):
            x = self.inputs[:, t]
            h_tm1, h_tm1_z, h_tm1_r, h_tm1_h, z, r, recurrent_h, hh = self.tape[t]
            m = self.mask[:, t, None]
            d_skipped = np.where(m, 0.0, dh)
            d_new = np.where(m, dh, 0.0)
            d_z = d_new * (h_tm1 - hh) * z * (1 - z)
            d_hh = d_new * (1 - z) * (1 - hh ** 2)
            d_r = d_hh * recurrent_h * r * (1 - r)
            d_rec_h = d_hh * r
            dkz += x.T @ d_z
            dkr += x.T @ d_r
            dkh += x.T @ d_hh
            drz += h_tm1_z.T @ d_z
            drr += h_tm1_r.T @ d_r
            drh += h_tm1_h.T @ d_rec_h
            d_bias[0] += np.concatenate([d_z, d_r, d_hh], axis=1).sum(axis=0)
            d_bias[1] += np.concatenate([d_z, d_r, d_rec_h], axis=1).sum(axis=0)
            d_inputs[:, t] = d_z @ kz.T + d_r @ kr.T + d_hh @ kh.T
            dh = d_skipped + d_new * z
            dh = dh + (d_z @ rz.T) * self.rec_dp_mask[0]
            dh = dh + (d_r @ rr.T) * self.rec_dp_mask[1]
            dh = dh + (d_rec_h @ rh.T) * self.rec_dp_mask[2]
        return d_kernel, d_recurrent, d_bias, d_inputs, dh


def model(params, inputs):
    layer = GRU(params["gru/recurrent_kernel"].shape[0],
                (params["gru/kernel"], params["gru/recurrent_kernel"], params["gru/bias"]))
    last = layer.call(inputs["x"], inputs["mask"], inputs["initial_state"], inputs["rec_dp_mask"])
    logit = last @ params["dense/kernel"] + params["dense/bias"]
    return layer, last, logit[:, 0]


def loss(params, inputs):
    """binary_crossentropy(from_logits=True)."""
    logit, y = model(params, inputs)[2], inputs["y"]
    return float(np.mean(np.logaddexp(0.0, logit) - y * logit))


def backward(params, inputs):
    layer, last, logit = model(params, inputs)
    d_logit = ((stable_sigmoid(logit) - inputs["y"]) / len(logit))[:, None]
    g = {"dense/kernel": last.T @ d_logit, "dense/bias": d_logit.sum(axis=0)}
    d_last = d_logit @ params["dense/kernel"].T
    g["gru/kernel"], g["gru/recurrent_kernel"], g["gru/bias"], g["x"], g["initial_state"] = layer.gradients(d_last)
    return g


def example(rng):
    B, T, D, u = int(rng.integers(2, 4)), int(rng.integers(4, 6)), int(rng.integers(2, 5)), int(rng.integers(3, 5))
    mask = np.ones((B, T), dtype=bool)
    mask[0, 1] = mask[1, -1] = False
    w = rng.normal
    params = {"gru/kernel": w(size=(D, 3 * u)), "gru/recurrent_kernel": w(size=(u, 3 * u)),
              "gru/bias": w(size=(2, 3 * u)), "dense/kernel": w(size=(u, 1)), "dense/bias": w(size=1)}
    drop = (rng.random((3, B, u)) < 0.7).astype(int) * 2
    drop[:, 0, 0] = 2
    return params, {"x": w(size=(B, T, D)), "mask": mask, "initial_state": w(size=(B, u)),
                    "rec_dp_mask": drop, "y": rng.integers(0, 2, B)}
