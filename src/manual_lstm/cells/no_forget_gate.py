"""The LSTM without forget gate, NFG: the 1997 cell with peepholes.

Nothing is ever forgotten, so that errors flow through the cell state undiminished: Hochreiter and
Schmidhuber's constant error carousel. One step takes x (B, D) and h_prev, c_prev (B, H) to h, c::

    z  = x W_x + h_prev W_h + b            (B, 3H), blocks z_i, z_g, z_o
    i  = σ(z_i + p_i ⊙ c_prev)             input gate
    g  = tanh(z_g)                         candidate
    c  = c_prev + i ⊙ g                    cell state: as if f were 1
    o  = σ(z_o + p_o ⊙ c)                  output gate
    h  = o ⊙ tanh(c)                       output

References
----------
K. Greff, R. Srivastava, J. Koutník, B. Steunebrink, J. Schmidhuber, "LSTM: A Search Space
Odyssey", IEEE Transactions on Neural Networks and Learning Systems 28(10), 2017, "LSTM variants".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from manual_lstm.activations import sigmoid
from manual_lstm.cells.description import Description
from manual_lstm.cells.lstm import LSTMState
from manual_lstm.checks import Array
from manual_lstm.gate_blocks import join_gates, split_gates
from manual_lstm.input_product import input_product, input_product_backward


class NoForgetGateLSTMParams(NamedTuple):
    """Weights of an LSTM without forget gate; also their gradients.

    Blocks of 3H stand in the order i, g, o. W_x is (D, 3H), W_h is (H, 3H), b is
    (3H,), and the peepholes p_i and p_o are (H,).
    """

    W_x: Any
    W_h: Any
    b: Any
    p_i: Any
    p_o: Any


class NoForgetGateLSTMCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    c_prev: Array
    i: Array
    g: Array
    c: Array
    o: Array
    tanh_c: Array


@dataclass(frozen=True)
class NoForgetGateLSTM(Description[NoForgetGateLSTMParams, LSTMState]):
    """Describe an LSTM with peepholes and without forget gate; it holds no weights.

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
    >>> cell = ml.NoForgetGateLSTM(input_size=8, hidden_size=16)
    >>> cell.init_params(np.random.default_rng(0)).p_i.shape
    (16,)
    """

    gates: ClassVar[str] = "igo"
    state_shapes: ClassVar[LSTMState] = LSTMState(h=("B", "H"), c=("B", "H"))

    @property
    def param_shapes(self) -> NoForgetGateLSTMParams:
        """The shapes of the parameters, in letters."""
        return NoForgetGateLSTMParams(
            W_x=("D", "3H"), W_h=("H", "3H"), b=("3H",), p_i=("H",), p_o=("H",)
        )

    def step(
        self, params: NoForgetGateLSTMParams, state: LSTMState, x: Array
    ) -> tuple[LSTMState, NoForgetGateLSTMCache]:
        """Return the next state, h and c (B, H), and the cache for `step_backward`."""
        W_x, W_h, b, p_i, p_o = params
        h_prev, c_prev = state

        z = input_product(x, W_x) + h_prev @ W_h + b  # (B, 3H)
        z_i, z_g, z_o = split_gates(z, 3)  # (B, H) each
        i = sigmoid(z_i + p_i * c_prev)
        g = np.tanh(z_g)
        c = c_prev + i * g
        o = sigmoid(z_o + p_o * c)
        tanh_c = np.tanh(c)
        h = o * tanh_c
        return LSTMState(h, c), NoForgetGateLSTMCache(x, h_prev, c_prev, i, g, c, o, tanh_c)

    def step_backward(
        self, params: NoForgetGateLSTMParams, cache: NoForgetGateLSTMCache, dstate: LSTMState
    ) -> tuple[NoForgetGateLSTMParams, LSTMState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, W_h, _, p_i, p_o = params
        x, h_prev, c_prev, i, g, c, o, tanh_c = cache
        dh, dc_from_next = dstate

        # forward: h = o * tanh_c
        do = dh * tanh_c
        dtanh_c = dh * o
        # forward: o = sigmoid(z_o + p_o * c)
        dz_o = do * o * (1 - o)
        dp_o = (dz_o * c).sum(axis=0)
        dc_from_o = dz_o * p_o
        # forward: tanh_c = tanh(c); and step t+1 reads c as its c_prev
        dc_from_h = dtanh_c * (1 - tanh_c**2)
        dc = dc_from_h + dc_from_o + dc_from_next
        # forward: c = c_prev + i * g
        dc_prev_from_c = dc
        di = dc * g
        dg = dc * i
        # forward: g = tanh(z_g)
        dz_g = dg * (1 - g**2)
        # forward: i = sigmoid(z_i + p_i * c_prev)
        dz_i = di * i * (1 - i)
        dp_i = (dz_i * c_prev).sum(axis=0)
        dc_prev_from_i = dz_i * p_i
        dc_prev = dc_prev_from_c + dc_prev_from_i
        # forward: z_i, z_g, z_o = split_gates(z, 3)
        dz = join_gates(dz_i, dz_g, dz_o)  # (B, 3H)
        # forward: z = x W_x + h_prev W_h + b
        db = dz.sum(axis=0)
        dW_h = h_prev.T @ dz
        dh_prev = dz @ W_h.T
        dx, dW_x = input_product_backward(x, W_x, dz)
        return (
            NoForgetGateLSTMParams(dW_x, dW_h, db, dp_i, dp_o),
            LSTMState(dh_prev, dc_prev),
            dx,
        )
