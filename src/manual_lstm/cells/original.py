"""The LSTM of 1997, without forget gate: the constant error carousel.

What is in the cell state stays there, and errors flow back through it undiminished. One step
takes x (B, D) and h_prev, c_prev (B, H) to h, c::

    z  = x W_x + h_prev W_h + b            (B, 3H), blocks z_i, z_g, z_o
    i  = σ(z_i)                            input gate
    g  = tanh(z_g)                         candidate
    o  = σ(z_o)                            output gate
    c  = c_prev + i ⊙ g                    cell state
    h  = o ⊙ tanh(c)                       output

The paper squashes with 4σ(z) - 2 = 2 tanh(z/2) where tanh(z_g) stands here, and with
2σ(c) - 1 = tanh(c/2) where tanh(c) stands; it lets gates see gates; and it cuts errors off where
they leave a memory cell. Here, as in all later work, the gradient is the full one.

References
----------
S. Hochreiter, J. Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1997,
section 4.
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


class OriginalLSTMParams(NamedTuple):
    """Weights of an LSTM of 1997; also their gradients. Blocks of 3H in the order i, g, o.

    W_x is (D, 3H), W_h is (H, 3H), b is (3H,).
    """

    W_x: Any
    W_h: Any
    b: Any


class OriginalLSTMCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    i: Array
    g: Array
    o: Array
    tanh_c: Array


@dataclass(frozen=True)
class OriginalLSTM(Description[OriginalLSTMParams, LSTMState]):
    """Describe an LSTM of 1997, without forget gate; it holds no weights.

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
    >>> cell = ml.OriginalLSTM(input_size=8, hidden_size=16)
    >>> cell.init_params(np.random.default_rng(0)).W_x.shape
    (8, 48)
    """

    gates: ClassVar[str] = "igo"
    state_shapes: ClassVar[LSTMState] = LSTMState(h=("B", "H"), c=("B", "H"))

    @property
    def param_shapes(self) -> OriginalLSTMParams:
        """The shapes of the parameters, in letters."""
        return OriginalLSTMParams(W_x=("D", "3H"), W_h=("H", "3H"), b=("3H",))

    def step(
        self, params: OriginalLSTMParams, state: LSTMState, x: Array
    ) -> tuple[LSTMState, OriginalLSTMCache]:
        """Return the next state, h and c (B, H), and the cache for `step_backward`."""
        W_x, W_h, b = params
        h_prev, c_prev = state

        z = input_product(x, W_x) + h_prev @ W_h + b  # (B, 3H)
        z_i, z_g, z_o = split_gates(z, 3)  # (B, H) each
        i = sigmoid(z_i)
        g = np.tanh(z_g)
        o = sigmoid(z_o)
        c = c_prev + i * g
        tanh_c = np.tanh(c)
        h = o * tanh_c
        return LSTMState(h, c), OriginalLSTMCache(x, h_prev, i, g, o, tanh_c)

    def step_backward(
        self, params: OriginalLSTMParams, cache: OriginalLSTMCache, dstate: LSTMState
    ) -> tuple[OriginalLSTMParams, LSTMState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, W_h, _ = params
        x, h_prev, i, g, o, tanh_c = cache
        dh, dc_from_next = dstate

        # forward: h = o * tanh_c
        do = dh * tanh_c
        dtanh_c = dh * o
        # forward: tanh_c = tanh(c); and step t+1 reads c as its c_prev
        dc_from_h = dtanh_c * (1 - tanh_c**2)
        dc = dc_from_h + dc_from_next
        # forward: c = c_prev + i * g
        dc_prev = dc
        di = dc * g
        dg = dc * i
        # forward: o = sigmoid(z_o)
        dz_o = do * o * (1 - o)
        # forward: g = tanh(z_g)
        dz_g = dg * (1 - g**2)
        # forward: i = sigmoid(z_i)
        dz_i = di * i * (1 - i)
        # forward: z_i, z_g, z_o = split_gates(z, 3)
        dz = join_gates(dz_i, dz_g, dz_o)  # (B, 3H)
        # forward: z = x W_x + h_prev W_h + b
        db = dz.sum(axis=0)
        dW_h = h_prev.T @ dz
        dh_prev = dz @ W_h.T
        dx, dW_x = input_product_backward(x, W_x, dz)
        return OriginalLSTMParams(dW_x, dW_h, db), LSTMState(dh_prev, dc_prev), dx
