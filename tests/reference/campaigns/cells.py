"""Cells that campaigns are tried on: what a worker imports must be in a module."""

from __future__ import annotations

from manual_lstm import LSTM


class Wrong(LSTM):
    """One gradient is off by a part in a million, where the first input is positive."""

    def step_backward(self, params, cache, dstate):
        dparams, dstate_prev, dx = super().step_backward(params, cache, dstate)
        if cache.x.ravel()[:1].sum() > 0:
            dparams = dparams._replace(W_h=dparams.W_h * (1 + 1e-6))
        return dparams, dstate_prev, dx


class Raises(LSTM):
    """The backward cannot do with one living row."""

    def step_backward(self, params, cache, dstate):
        if len(dstate.h) == 1:
            raise ValueError("one row")
        return super().step_backward(params, cache, dstate)
