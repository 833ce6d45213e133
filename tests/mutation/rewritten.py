"""The LSTM written in other ways, every one right: a check must not accuse them.

Each has its own forward and its own backward, with another order of sums, other formulas for the
same function, and other numbers kept between the two. They round differently, and that is all.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from manual_lstm import LSTM, LSTMParams, LSTMState
from manual_lstm.checks import Array


def one_hot(x: Array, D: int, dtype: Any) -> Array:
    """Return dense inputs as they are, and indices (B,) as rows of zeros and a one."""
    return np.eye(D, dtype=dtype)[x] if x.dtype.kind in "iu" else x


def dx_or_none(x: Array, dx: Array) -> Array | None:
    """Return None in place of the gradient of indices."""
    return None if x.dtype.kind in "iu" else dx


class MatrixPerGate(LSTM):
    """Eight matrices, multiplied one by one; σ by tanh, derivatives from the gate's value."""

    def step(self, params, state, x):
        dense = one_hot(x, self.input_size, params.W_x.dtype)
        pairs = zip(np.split(params.W_x, 4, axis=1), np.split(params.W_h, 4, axis=1), strict=True)
        nets = [state.h @ W_h + dense @ W_x for W_x, W_h in pairs]
        if params.b is not None:
            nets = [net + b for net, b in zip(nets, np.split(params.b, 4), strict=True)]
        i, f, o = ((1 + np.tanh(nets[k] / 2)) / 2 for k in (0, 1, 3))
        g = np.tanh(nets[2])
        c = i * g + f * state.c
        return LSTMState(o * np.tanh(c), c), (x, state, i, f, g, o, c)

    def step_backward(self, params, cache, dstate):
        x, before, i, f, g, o, c = cache
        dense = one_hot(x, self.input_size, params.W_x.dtype)
        dc = dstate.c + dstate.h * o / np.cosh(np.clip(c, -80, 80)) ** 2
        dnets = (
            dc * g * (i - i * i),
            dc * before.c * (f - f * f),
            dc * i * ((1 - g) * (1 + g)),
            dstate.h * np.tanh(c) * (o - o * o),
        )
        dx = sum(d @ W.T for d, W in zip(dnets, np.split(params.W_x, 4, axis=1), strict=True))
        dh = sum(d @ W.T for d, W in zip(dnets, np.split(params.W_h, 4, axis=1), strict=True))
        dparams = LSTMParams(
            np.concatenate([dense.T @ d for d in dnets], axis=1),
            np.concatenate([before.h.T @ d for d in dnets], axis=1),
            None if params.b is None else np.concatenate([d.sum(axis=0) for d in dnets]),
        )
        return dparams, LSTMState(dh, f * dc), dx_or_none(x, dx)


class Einsums(LSTM):
    """Weights as (D, 4, H), products by einsum, derivatives from z: σ′ = σ(z) σ(-z)."""

    def step(self, params, state, x):
        z = self._z(params, state, x)
        i, f, o = (self._sigmoid(z[:, k]) for k in (0, 1, 3))
        c = f * state.c + i * np.tanh(z[:, 2])
        return LSTMState(o * np.tanh(c), c), (x, state, z, c)

    def step_backward(self, params, cache, dstate):
        x, before, z, c = cache
        dense = one_hot(x, self.input_size, z.dtype)
        i, f, o = (self._sigmoid(z[:, k]) for k in (0, 1, 3))
        not_i, not_f, not_o = (self._sigmoid(-z[:, k]) for k in (0, 1, 3))
        dc = dstate.h * o * self._dtanh(c) + dstate.c
        dz = np.stack(
            [
                dc * np.tanh(z[:, 2]) * i * not_i,
                dc * before.c * f * not_f,
                dc * i * self._dtanh(z[:, 2]),
                dstate.h * np.tanh(c) * o * not_o,
            ],
            axis=1,
        )
        W_x, W_h = self._blocks(params.W_x), self._blocks(params.W_h)
        dparams = LSTMParams(
            np.einsum("bd,bkh->dkh", dense, dz).reshape(params.W_x.shape),
            np.einsum("bj,bkh->jkh", before.h, dz).reshape(params.W_h.shape),
            None if params.b is None else np.einsum("bkh->kh", dz).ravel(),
        )
        dh, dx = (np.einsum("bkh,jkh->bj", dz, W) for W in (W_h, W_x))
        return dparams, LSTMState(dh, dc * f), dx_or_none(x, dx)

    def _blocks(self, W):
        return W.reshape(-1, 4, self.hidden_size)

    def _z(self, params, state, x):
        dense = one_hot(x, self.input_size, params.W_x.dtype)
        z = np.einsum("bd,dkh->bkh", dense, self._blocks(params.W_x))
        z = z + np.einsum("bj,jkh->bkh", state.h, self._blocks(params.W_h))
        return z if params.b is None else z + params.b.reshape(4, -1)

    @staticmethod
    def _sigmoid(z):
        return np.exp(-np.logaddexp(np.zeros_like(z), -z))

    @classmethod
    def _dtanh(cls, z):
        return 4 * cls._sigmoid(2 * z) * cls._sigmoid(-2 * z)


class OuterProducts(LSTM):
    """One row at a time, from the last to the first; weight gradients by 1-d outer products."""

    def step(self, params, state, x):
        dense = one_hot(x, self.input_size, params.W_x.dtype)
        rows = [self._row(params, *row) for row in zip(dense, *state, strict=True)]
        h, c = (
            np.array([row[k] for row in rows], state.h.dtype).reshape(state.h.shape) for k in (0, 1)
        )
        return LSTMState(h, c), (x, dense, state, [row[2] for row in rows])

    def _row(self, params, x, h, c_prev):
        z = np.zeros_like(params.W_h[0]) if params.b is None else params.b.copy()
        for weight, W in ((h, params.W_h), (x, params.W_x)):
            for number, row in zip(weight, W, strict=True):
                z += number * row
        z_i, z_f, z_g, z_o = z.reshape(4, -1)
        i, f, o = (0.5 + 0.5 * np.tanh(0.5 * net) for net in (z_i, z_f, z_o))
        g = np.tanh(z_g)
        c = f * c_prev + i * g
        return o * np.tanh(c), c, (i, f, g, o, np.tanh(c))

    def step_backward(self, params, cache, dstate):
        x, dense, before, kept = cache
        dW_x, dW_h = np.zeros_like(params.W_x), np.zeros_like(params.W_h)
        db = np.zeros_like(params.W_h[0])
        dh_prev, dc_prev, dx = (np.zeros_like(a) for a in (before.h, before.c, dense))
        for n in reversed(range(len(dense))):
            i, f, g, o, squashed = kept[n]
            dh = dstate.h[n]
            dc = dstate.c[n] + dh * o - dh * o * squashed * squashed
            dz = np.concatenate(
                [
                    (1 - i) * i * g * dc,
                    (1 - f) * f * before.c[n] * dc,
                    dc * i - dc * i * g * g,
                    (1 - o) * o * squashed * dh,
                ]
            )
            dW_x += np.outer(dense[n], dz)
            dW_h += np.outer(before.h[n], dz)
            db += dz
            dh_prev[n] = params.W_h @ dz
            dc_prev[n] = f * dc
            dx[n] = params.W_x @ dz
        dparams = LSTMParams(dW_x, dW_h, None if params.b is None else db)
        return dparams, LSTMState(dh_prev, dc_prev), dx_or_none(x, dx)


class OneMatrix(LSTM):
    """One product of [1, h, x] with all weights stacked, as columns; gates in another order."""

    def step(self, params, state, x):
        W, v = self._stacked(params, state, x)
        z_i, z_f, z_g, z_o = np.split(W @ v, 4)  # (H, B) each
        e_i, e_f, e_o = (np.exp(-np.abs(z)) for z in (z_i, z_f, z_o))
        i, f, o = (
            np.where(z > 0, 1 / (1 + e), e / (1 + e))
            for z, e in ((z_i, e_i), (z_f, e_f), (z_o, e_o))
        )
        g = np.tanh(z_g)
        c = state.c.T * f + g * i
        squashed = np.tanh(c)
        h = squashed * o
        # Derivatives are kept in place of what they are derivatives of.
        slopes = (e / (1 + e) ** 2 for e in (e_i, e_f, e_o))
        cache = (x, state, i, f, g, o, squashed, *slopes)
        return LSTMState(h.T.copy(), c.T.copy()), cache

    def step_backward(self, params, cache, dstate):
        x, before, i, f, g, o, squashed, slope_i, slope_f, slope_o = cache
        W, v = self._stacked(params, before, x)
        dh, dc_next = dstate.h.T, dstate.c.T
        dc = dc_next + dh * o * (1 + squashed) * (1 - squashed)
        dz_o, dz_g = slope_o * squashed * dh, (1 + g) * (1 - g) * i * dc
        dz_f, dz_i = slope_f * before.c.T * dc, slope_i * g * dc
        dz = np.concatenate([dz_i, dz_f, dz_g, dz_o])  # (4H, B)
        dW, dv = dz @ v.T, W.T @ dz
        H = self.hidden_size
        db, dW_h, dW_x = dW[:, 0], dW[:, 1 : 1 + H].T, dW[:, 1 + H :].T
        dparams = LSTMParams(dW_x.copy(), dW_h.copy(), None if params.b is None else db.copy())
        dh_prev, dx = dv[1 : 1 + H].T.copy(), dv[1 + H :].T.copy()
        return dparams, LSTMState(dh_prev, (dc * f).T.copy()), dx_or_none(x, dx)

    def _stacked(self, params, state, x):
        dtype = params.W_x.dtype
        dense = one_hot(x, self.input_size, dtype)
        b = np.zeros_like(params.W_h[:1]) if params.b is None else params.b[None]
        ones = np.ones((1, len(dense)), dtype)
        W = np.concatenate([b, params.W_h, params.W_x]).T  # (4H, 1 + H + D)
        return W, np.concatenate([ones, state.h.T, dense.T])


REWRITTEN = (MatrixPerGate, Einsums, OuterProducts, OneMatrix)
