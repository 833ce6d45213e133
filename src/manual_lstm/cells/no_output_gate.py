"""The LSTM without output gate, NOG: the cell state is always shown in full.

One step takes x (B, D) and h_prev, c_prev (B, H) to h, c::

    z  = x W_x + h_prev W_h + b            (B, 3H), blocks z_i, z_f, z_g
    i  = σ(z_i + p_i ⊙ c_prev)             input gate
    f  = σ(z_f + p_f ⊙ c_prev)             forget gate
    g  = tanh(z_g)                         candidate
    c  = f ⊙ c_prev + i ⊙ g                cell state
    h  = tanh(c)                           output: as if o were 1

References
----------
K. Greff, R. Srivastava, J. Koutník, B. Steunebrink, J. Schmidhuber, "LSTM: A Search Space
Odyssey", IEEE Transactions on Neural Networks and Learning Systems 28(10), 2017, "LSTM variants".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from manual_lstm.activations import sigmoid
from manual_lstm.cells.description import Description
from manual_lstm.cells.lstm import LSTMState
from manual_lstm.checks import Array
from manual_lstm.gate_blocks import join_gates, split_gates
from manual_lstm.input_product import input_product, input_product_backward


class NoOutputGateLSTMParams(NamedTuple):
    """Weights of an LSTM without output gate; also their gradients.

    Blocks of 3H stand in the order i, f, g. W_x is (D, 3H), W_h is (H, 3H), b is
    (3H,), and the peepholes p_i and p_f are (H,).
    """

    W_x: Any
    W_h: Any
    b: Any
    p_i: Any
    p_f: Any


class NoOutputGateLSTMCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    c_prev: Array
    i: Array
    f: Array
    g: Array
    h: Array


@dataclass(frozen=True)
class NoOutputGateLSTM(Description[NoOutputGateLSTMParams, LSTMState]):
    """Describe an LSTM without output gate; it holds no weights.

    Parameters
    ----------
    input_size : int
        D, the size of one input, or the number of indices for index inputs.
    hidden_size : int
        H, the number of units.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> cell = ml.NoOutputGateLSTM(input_size=8, hidden_size=16)
    >>> cell.init_params(np.random.default_rng(0)).p_i.shape
    (16,)
    """

    gates: ClassVar[str] = "ifg"
    bias_starts: ClassVar[Mapping[str, float]] = {"f": 1.0}
    state_shapes: ClassVar[LSTMState] = LSTMState(h=("B", "H"), c=("B", "H"))

    @property
    def param_shapes(self) -> NoOutputGateLSTMParams:
        """The shapes of the parameters, in letters."""
        return NoOutputGateLSTMParams(
            W_x=("D", "3H"), W_h=("H", "3H"), b=("3H",), p_i=("H",), p_f=("H",)
        )

    def step(
        self, params: NoOutputGateLSTMParams, state: LSTMState, x: Array
    ) -> tuple[LSTMState, NoOutputGateLSTMCache]:
        """Return the next state, h and c (B, H), and the cache for `step_backward`."""
        W_x, W_h, b, p_i, p_f = params
        h_prev, c_prev = state

        z = input_product(x, W_x) + h_prev @ W_h + b  # (B, 3H)
        z_i, z_f, z_g = split_gates(z, 3)  # (B, H) each
        i = sigmoid(z_i + p_i * c_prev)
        f = sigmoid(z_f + p_f * c_prev)
        g = np.tanh(z_g)
        c = f * c_prev + i * g
        h = np.tanh(c)
        return LSTMState(h, c), NoOutputGateLSTMCache(x, h_prev, c_prev, i, f, g, h)

    def step_backward(
        self, params: NoOutputGateLSTMParams, cache: NoOutputGateLSTMCache, dstate: LSTMState
    ) -> tuple[NoOutputGateLSTMParams, LSTMState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, W_h, _, p_i, p_f = params
        x, h_prev, c_prev, i, f, g, h = cache
        dh, dc_from_next = dstate

        # forward: h = tanh(c); and step t+1 reads c as its c_prev
        dc_from_h = dh * (1 - h**2)
        dc = dc_from_h + dc_from_next
        # forward: c = f * c_prev + i * g
        df = dc * c_prev
        di = dc * g
        dg = dc * i
        dc_prev_from_c = dc * f
        # forward: g = tanh(z_g)
        dz_g = dg * (1 - g**2)
        # forward: f = sigmoid(z_f + p_f * c_prev)
        dz_f = df * f * (1 - f)
        dp_f = (dz_f * c_prev).sum(axis=0)
        dc_prev_from_f = dz_f * p_f
        # forward: i = sigmoid(z_i + p_i * c_prev)
        dz_i = di * i * (1 - i)
        dp_i = (dz_i * c_prev).sum(axis=0)
        dc_prev_from_i = dz_i * p_i
        dc_prev = dc_prev_from_c + dc_prev_from_f + dc_prev_from_i
        # forward: z_i, z_f, z_g = split_gates(z, 3)
        dz = join_gates(dz_i, dz_f, dz_g)  # (B, 3H)
        # forward: z = x W_x + h_prev W_h + b
        db = dz.sum(axis=0)
        dW_h = h_prev.T @ dz
        dh_prev = dz @ W_h.T
        dx, dW_x = input_product_backward(x, W_x, dz)
        return (
            NoOutputGateLSTMParams(dW_x, dW_h, db, dp_i, dp_f),
            LSTMState(dh_prev, dc_prev),
            dx,
        )
