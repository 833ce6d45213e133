"""The LSTM without input gate, NIG: every candidate is added to the cell state in full.

One step takes x (B, D) and h_prev, c_prev (B, H) to h, c::

    z  = x W_x + h_prev W_h + b            (B, 3H), blocks z_f, z_g, z_o
    f  = σ(z_f + p_f ⊙ c_prev)             forget gate
    g  = tanh(z_g)                         candidate
    c  = f ⊙ c_prev + g                    cell state: as if i were 1
    o  = σ(z_o + p_o ⊙ c)                  output gate
    h  = o ⊙ tanh(c)                       output

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


class NoInputGateLSTMParams(NamedTuple):
    """Weights of an LSTM without input gate; also their gradients.

    Blocks of 3H stand in the order f, g, o. W_x is (D, 3H), W_h is (H, 3H), b is
    (3H,), and the peepholes p_f and p_o are (H,).
    """

    W_x: Any
    W_h: Any
    b: Any
    p_f: Any
    p_o: Any


class NoInputGateLSTMCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    c_prev: Array
    f: Array
    g: Array
    c: Array
    o: Array
    tanh_c: Array


@dataclass(frozen=True)
class NoInputGateLSTM(Description[NoInputGateLSTMParams, LSTMState]):
    """Describe an LSTM without input gate; it holds no weights.

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
    >>> cell = ml.NoInputGateLSTM(input_size=8, hidden_size=16)
    >>> cell.init_params(np.random.default_rng(0)).p_f.shape
    (16,)
    """

    gates: ClassVar[str] = "fgo"
    bias_starts: ClassVar[Mapping[str, float]] = {"f": 1.0}
    state_shapes: ClassVar[LSTMState] = LSTMState(h=("B", "H"), c=("B", "H"))

    @property
    def param_shapes(self) -> NoInputGateLSTMParams:
        """The shapes of the parameters, in letters."""
        return NoInputGateLSTMParams(
            W_x=("D", "3H"), W_h=("H", "3H"), b=("3H",), p_f=("H",), p_o=("H",)
        )

    def step(
        self, params: NoInputGateLSTMParams, state: LSTMState, x: Array
    ) -> tuple[LSTMState, NoInputGateLSTMCache]:
        """Return the next state, h and c (B, H), and the cache for `step_backward`."""
        W_x, W_h, b, p_f, p_o = params
        h_prev, c_prev = state

        z = input_product(x, W_x) + h_prev @ W_h + b  # (B, 3H)
        z_f, z_g, z_o = split_gates(z, 3)  # (B, H) each
        f = sigmoid(z_f + p_f * c_prev)
        g = np.tanh(z_g)
        c = f * c_prev + g
        o = sigmoid(z_o + p_o * c)
        tanh_c = np.tanh(c)
        h = o * tanh_c
        return LSTMState(h, c), NoInputGateLSTMCache(x, h_prev, c_prev, f, g, c, o, tanh_c)

    def step_backward(
        self, params: NoInputGateLSTMParams, cache: NoInputGateLSTMCache, dstate: LSTMState
    ) -> tuple[NoInputGateLSTMParams, LSTMState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, W_h, _, p_f, p_o = params
        x, h_prev, c_prev, f, g, c, o, tanh_c = cache
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
        # forward: c = f * c_prev + g
        df = dc * c_prev
        dc_prev_from_c = dc * f
        dg = dc
        # forward: g = tanh(z_g)
        dz_g = dg * (1 - g**2)
        # forward: f = sigmoid(z_f + p_f * c_prev)
        dz_f = df * f * (1 - f)
        dp_f = (dz_f * c_prev).sum(axis=0)
        dc_prev_from_f = dz_f * p_f
        dc_prev = dc_prev_from_c + dc_prev_from_f
        # forward: z_f, z_g, z_o = split_gates(z, 3)
        dz = join_gates(dz_f, dz_g, dz_o)  # (B, 3H)
        # forward: z = x W_x + h_prev W_h + b
        db = dz.sum(axis=0)
        dW_h = h_prev.T @ dz
        dh_prev = dz @ W_h.T
        dx, dW_x = input_product_backward(x, W_x, dz)
        return (
            NoInputGateLSTMParams(dW_x, dW_h, db, dp_f, dp_o),
            LSTMState(dh_prev, dc_prev),
            dx,
        )
