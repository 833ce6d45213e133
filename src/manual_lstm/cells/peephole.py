"""The LSTM with peephole connections, called V(anilla) by Greff et al.

The gates see the cell state itself: the input and the forget gate that of step t-1, the output
gate that of step t. One step takes x (B, D) and h_prev, c_prev (B, H) to h, c::

    z  = x W_x + h_prev W_h + b            (B, 4H), blocks z_i, z_f, z_g, z_o
    i  = σ(z_i + p_i ⊙ c_prev)             input gate
    f  = σ(z_f + p_f ⊙ c_prev)             forget gate
    g  = tanh(z_g)                         candidate
    c  = f ⊙ c_prev + i ⊙ g                cell state
    o  = σ(z_o + p_o ⊙ c)                  output gate
    h  = o ⊙ tanh(c)                       output

The gradient is the full one: errors flow back through the peepholes into the cell state. (Gers
and Schmidhuber cut them off there; Graves and Greff et al. do not.)

References
----------
F. Gers, J. Schmidhuber, "Recurrent Nets that Time and Count", IJCNN 2000.
K. Greff, R. Srivastava, J. Koutník, B. Steunebrink, J. Schmidhuber, "LSTM: A Search Space
Odyssey", IEEE Transactions on Neural Networks and Learning Systems 28(10), 2017, "Vanilla LSTM".
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


class PeepholeLSTMParams(NamedTuple):
    """Weights of a peephole LSTM; also their gradients. Blocks of 4H in the order i, f, g, o.

    W_x is (D, 4H), W_h is (H, 4H), b is (4H,), and the peepholes p_i, p_f, p_o are (H,).
    """

    W_x: Any
    W_h: Any
    b: Any
    p_i: Any
    p_f: Any
    p_o: Any


class PeepholeLSTMCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    c_prev: Array
    i: Array
    f: Array
    g: Array
    c: Array
    o: Array
    tanh_c: Array


@dataclass(frozen=True)
class PeepholeLSTM(Description[PeepholeLSTMParams, LSTMState]):
    """Describe an LSTM with peepholes; it holds no weights.

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
    >>> cell = ml.PeepholeLSTM(input_size=8, hidden_size=16)
    >>> cell.init_params(np.random.default_rng(0)).p_i.shape
    (16,)
    """

    gates: ClassVar[str] = "ifgo"
    bias_starts: ClassVar[Mapping[str, float]] = {"f": 1.0}
    state_shapes: ClassVar[LSTMState] = LSTMState(h=("B", "H"), c=("B", "H"))

    @property
    def param_shapes(self) -> PeepholeLSTMParams:
        """The shapes of the parameters, in letters."""
        return PeepholeLSTMParams(
            W_x=("D", "4H"), W_h=("H", "4H"), b=("4H",), p_i=("H",), p_f=("H",), p_o=("H",)
        )

    def step(
        self, params: PeepholeLSTMParams, state: LSTMState, x: Array
    ) -> tuple[LSTMState, PeepholeLSTMCache]:
        """Return the next state, h and c (B, H), and the cache for `step_backward`."""
        W_x, W_h, b, p_i, p_f, p_o = params
        h_prev, c_prev = state

        z = input_product(x, W_x) + h_prev @ W_h + b  # (B, 4H)
        z_i, z_f, z_g, z_o = split_gates(z, 4)  # (B, H) each
        i = sigmoid(z_i + p_i * c_prev)
        f = sigmoid(z_f + p_f * c_prev)
        g = np.tanh(z_g)
        c = f * c_prev + i * g
        o = sigmoid(z_o + p_o * c)
        tanh_c = np.tanh(c)
        h = o * tanh_c
        return LSTMState(h, c), PeepholeLSTMCache(x, h_prev, c_prev, i, f, g, c, o, tanh_c)

    def step_backward(
        self, params: PeepholeLSTMParams, cache: PeepholeLSTMCache, dstate: LSTMState
    ) -> tuple[PeepholeLSTMParams, LSTMState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, W_h, _, p_i, p_f, p_o = params
        x, h_prev, c_prev, i, f, g, c, o, tanh_c = cache
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
        # forward: z_i, z_f, z_g, z_o = split_gates(z, 4)
        dz = join_gates(dz_i, dz_f, dz_g, dz_o)  # (B, 4H)
        # forward: z = x W_x + h_prev W_h + b
        db = dz.sum(axis=0)
        dW_h = h_prev.T @ dz
        dh_prev = dz @ W_h.T
        dx, dW_x = input_product_backward(x, W_x, dz)
        return (
            PeepholeLSTMParams(dW_x, dW_h, db, dp_i, dp_f, dp_o),
            LSTMState(dh_prev, dc_prev),
            dx,
        )
