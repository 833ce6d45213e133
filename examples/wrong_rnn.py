"""A plain RNN whose backward has one mistake.

What does the check say? Run ``manual-lstm check examples/wrong_rnn.py:WrongRNN``.
"""

from typing import Any, NamedTuple

import numpy as np


class Params(NamedTuple):
    """W (D, H), U (H, H), b (H,); also their gradients."""

    W: Any
    U: Any
    b: Any


class State(NamedTuple):
    """The output h (B, H); also its cotangent."""

    h: Any


class WrongRNN:
    """h = tanh(x W + h_prev U + b), and its backward, which is not quite right."""

    def __init__(self, input_size, hidden_size):
        self.input_size, self.hidden_size = input_size, hidden_size

    def init_params(self, rng, dtype=np.float64):
        """Draw W, U and b."""
        D, H = self.input_size, self.hidden_size
        return Params(*(rng.normal(size=shape).astype(dtype) for shape in ((D, H), (H, H), (H,))))

    def init_state(self, batch_size, dtype=np.float64):
        """Return h = 0."""
        return State(np.zeros((batch_size, self.hidden_size), dtype))

    def step(self, params, state, x):
        """Return the next state, and what the backward needs."""
        h = np.tanh(x @ params.W + state.h @ params.U + params.b)
        return State(h), (x, state.h, h)

    def step_backward(self, params, cache, dstate):
        """Return the gradients of this step."""
        x, h_prev, h = cache
        dz = dstate.h * (1 - h**2)
        dparams = Params(x.T @ dz, h_prev.T @ dz, dz.mean(axis=0))
        return dparams, State(dz @ params.U.T), dz @ params.W.T
