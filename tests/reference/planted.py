"""Cells for testing the checker: right ones in other people's styles, and wrong ones."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import manual_lstm as ml
from manual_lstm.activations import sigmoid


class RNNParams(NamedTuple):
    W: Any
    U: Any
    b: Any


class RNNState(NamedTuple):
    h: Any


class RNN:
    """A plain tanh RNN by somebody who knows nothing of this project but the contract."""

    def __init__(self, input_size, hidden_size):
        self.input_size, self.hidden_size = input_size, hidden_size

    def init_params(self, rng, dtype=np.float64):
        D, H = self.input_size, self.hidden_size
        shapes = ((D, H), (H, H), (H,))
        return RNNParams(*(rng.normal(size=shape).astype(dtype) for shape in shapes))

    def init_state(self, batch_size, dtype=np.float64):
        return RNNState(np.zeros((batch_size, self.hidden_size), dtype))

    def step(self, params, state, x):
        h = np.tanh(x @ params.W + state.h @ params.U + params.b)
        return RNNState(h), (x, state.h, h)

    def step_backward(self, params, cache, dstate):
        x, h_prev, h = cache
        dz = dstate.h * (1 - h**2)
        dparams = RNNParams(x.T @ dz, h_prev.T @ dz, dz.sum(axis=0))
        return dparams, RNNState(dz @ params.U.T), dz @ params.W.T


class InPlaceRNN(RNN):
    """Writes into a buffer, which JAX cannot trace."""

    def step(self, params, state, x):
        h = np.empty_like(state.h)
        for k in range(h.shape[1]):
            h[:, k] = np.tanh(x @ params.W[:, k] + state.h @ params.U[:, k] + params.b[k])
        return RNNState(h), (x, state.h, h)


class LeakyRNN(RNN):
    """Has a kink, and a float buffer: neither JAX nor the complex step can run through it."""

    def step(self, params, state, x):
        z = x @ params.W + state.h @ params.U + params.b
        h = np.empty(z.shape)
        h[...] = np.maximum(z, 0.1 * z)
        return RNNState(h.astype(z.dtype)), (x, state.h, z)

    def step_backward(self, params, cache, dstate):
        x, h_prev, z = cache
        dz = dstate.h * np.where(z > 0, 1, 0.1).astype(z.dtype)
        dparams = RNNParams(x.T @ dz, h_prev.T @ dz, dz.sum(axis=0))
        return dparams, RNNState(dz @ params.U.T), dz @ params.W.T


class DictGRU:
    """A gated cell with dicts for parameters and state."""

    def __init__(self, input_size, hidden_size):
        self.input_size, self.hidden_size = input_size, hidden_size

    def init_params(self, rng, dtype=np.float64):
        D, H = self.input_size, self.hidden_size
        shapes = {"Wz": (D + H, H), "bz": (H,), "Wn": (D + H, H), "bn": (H,)}
        return {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}

    def init_state(self, batch_size, dtype=np.float64):
        return {"h": np.zeros((batch_size, self.hidden_size), dtype)}

    def step(self, params, state, x):
        xh = np.hstack([x, state["h"]])
        z = sigmoid(xh @ params["Wz"] + params["bz"])
        n = np.tanh(xh @ params["Wn"] + params["bn"])
        return {"h": z * state["h"] + (1 - z) * n}, (xh, z, n, state["h"])

    def step_backward(self, params, cache, dstate):
        xh, z, n, h_prev = cache
        dh, D = dstate["h"], xh.shape[1] - h_prev.shape[1]
        daz = dh * (h_prev - n) * z * (1 - z)
        dan = dh * (1 - z) * (1 - n * n)
        dxh = daz @ params["Wz"].T + dan @ params["Wn"].T
        dparams = {"Wz": xh.T @ daz, "bz": daz.sum(0), "Wn": xh.T @ dan, "bn": dan.sum(0)}
        return dparams, {"h": dxh[:, D:] + dh * z}, dxh[:, :D].copy()


class WrongDerivative(RNN):
    def step_backward(self, params, cache, dstate):
        x, h_prev, h = cache
        return super().step_backward(params, (x, h_prev, np.tanh(h)), dstate)


class MeanForSum(RNN):
    def step_backward(self, params, cache, dstate):
        dparams, dstate_prev, dx = super().step_backward(params, cache, dstate)
        return dparams._replace(b=dparams.b / max(1, len(dx))), dstate_prev, dx


class NotTransposed(RNN):
    def step_backward(self, params, cache, dstate):
        dz = dstate.h * (1 - cache[2] ** 2)
        dparams, _, dx = super().step_backward(params, cache, dstate)
        return dparams, RNNState(dz @ params.U), dx


class TwiceWhereOneRowLives(RNN):
    """Wrong only where one row of the batch is alive, so that lengths alone may show it."""

    def step_backward(self, params, cache, dstate):
        dparams, dstate_prev, dx = super().step_backward(params, cache, dstate)
        if len(dx) == 1:
            dparams = dparams._replace(b=2 * dparams.b)
        return dparams, dstate_prev, dx


class TwiceWhereOneInput(RNN):
    """Wrong only where the input size is 1."""

    def step_backward(self, params, cache, dstate):
        dparams, dstate_prev, dx = super().step_backward(params, cache, dstate)
        if dx.shape[1] == 1:
            dx = 2 * dx
        return dparams, dstate_prev, dx


class RaisesWhereOneRowLives(RNN):
    """Raises where one row of the batch is alive: a squeeze takes the batch away."""

    def step_backward(self, params, cache, dstate):
        x, h_prev, h = cache
        dz = np.squeeze(dstate.h * (1 - h**2))
        dparams = RNNParams(x.T @ dz, h_prev.T @ dz, dz.sum(axis=0))
        return dparams, RNNState(dz @ params.U.T), dz @ params.W.T


class PaddingHasAGradient(ml.Residual):
    """A layer that is wrong where rows end early."""

    def run_backward(self, cache, dhs, dstate_T):
        tape, _ = cache
        dparams, dxs, dstate0 = ml.backward(tape, dhs, dstate_T)
        return dparams, dxs + dhs, dstate0


class ChangesItsArgument(RNN):
    def step_backward(self, params, cache, dstate):
        answer = super().step_backward(params, cache, dstate)
        dstate.h[...] = 0
        return answer


class RemembersGradients(RNN):
    """Adds up parameter gradients over calls, which the sequence does already."""

    total = 0.0

    def step_backward(self, params, cache, dstate):
        dparams, dstate_prev, dx = super().step_backward(params, cache, dstate)
        self.total = self.total + dparams.b
        return dparams._replace(b=self.total), dstate_prev, dx


class OverwritesItsCache(RNN):
    """Keeps one buffer for h, so that every step's cache holds the last h."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.buffer = None

    def step(self, params, state, x):
        h = np.tanh(x @ params.W + state.h @ params.U + params.b)
        if self.buffer is None or self.buffer.shape != h.shape or self.buffer.dtype != h.dtype:
            self.buffer = np.empty_like(h)
        self.buffer[...] = h
        return RNNState(h), (x, state.h, self.buffer)


class Raises(RNN):
    def step_backward(self, params, cache, dstate):
        return super().step_backward(params, cache[:2], dstate)


class GradientOfNothing(ml.LSTM):
    """Returns the gradient of a bias that is not there."""

    def step_backward(self, params, cache, dstate):
        dparams, dstate_prev, dx = super().step_backward(params, cache, dstate)
        return dparams._replace(b=np.zeros(4 * self.hidden_size, dx.dtype)), dstate_prev, dx


class OneUlpOff(ml.LSTM):
    """Wrong by one unit in the last place of one carry: no comparison in floats can see it."""

    def step_backward(self, params, cache, dstate):
        dparams, dstate_prev, dx = super().step_backward(params, cache, dstate)
        return dparams, dstate_prev._replace(c=dstate_prev.c * 1.0000000000000002), dx
