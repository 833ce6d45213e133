"""The LSTM with full gate recurrence, FGR: each gate also sees all three gates of the step before.

So the gates of a step are part of its state. One step takes x (B, D) and h_prev, c_prev, i_prev,
f_prev, o_prev (B, H) to h, c, i, f, o::

    r  = [i_prev, f_prev, o_prev]          (B, 3H)
    z  = x W_x + h_prev W_h + b            (B, 4H), blocks z_i, z_f, z_g, z_o
    y  = r W_r                             (B, 3H), blocks y_i, y_f, y_o
    i  = σ(z_i + y_i + p_i ⊙ c_prev)       input gate
    f  = σ(z_f + y_f + p_f ⊙ c_prev)       forget gate
    g  = tanh(z_g)                         candidate
    c  = f ⊙ c_prev + i ⊙ g                cell state
    o  = σ(z_o + y_o + p_o ⊙ c)            output gate
    h  = o ⊙ tanh(c)                       output

W_r holds the paper's nine matrices R_ii, R_fi, ... side by side. Before the first step the gates
are zero. Hochreiter and Schmidhuber's cell of 1997 had this recurrence.

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
from manual_lstm.checks import Array
from manual_lstm.gate_blocks import join_gates, split_gates
from manual_lstm.input_product import input_product, input_product_backward


class FullGateLSTMParams(NamedTuple):
    """Weights of an LSTM with full gate recurrence; also their gradients.

    W_x is (D, 4H), W_h is (H, 4H), b is (4H,), blocks of H columns in the order i, f, g, o;
    W_r is (3H, 3H), blocks of rows and of columns in the order i, f, o; the peepholes p_i, p_f,
    p_o are (H,).
    """

    W_x: Any
    W_h: Any
    b: Any
    W_r: Any
    p_i: Any
    p_f: Any
    p_o: Any


class FullGateLSTMState(NamedTuple):
    """Output h, cell state c and gates i, f, o, (B, H) each; also their cotangents."""

    h: Any
    c: Any
    i: Any
    f: Any
    o: Any


class FullGateLSTMCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    c_prev: Array
    r: Array
    i: Array
    f: Array
    g: Array
    c: Array
    o: Array
    tanh_c: Array


@dataclass(frozen=True)
class FullGateLSTM(Description[FullGateLSTMParams, FullGateLSTMState]):
    """Describe an LSTM with full gate recurrence; it holds no weights.

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
    >>> cell = ml.FullGateLSTM(input_size=8, hidden_size=16)
    >>> cell.init_params(np.random.default_rng(0)).W_r.shape
    (48, 48)
    """

    gates: ClassVar[str] = "ifgo"
    bias_starts: ClassVar[Mapping[str, float]] = {"f": 1.0}
    state_shapes: ClassVar[FullGateLSTMState] = FullGateLSTMState(
        h=("B", "H"), c=("B", "H"), i=("B", "H"), f=("B", "H"), o=("B", "H")
    )

    @property
    def param_shapes(self) -> FullGateLSTMParams:
        """The shapes of the parameters, in letters."""
        return FullGateLSTMParams(
            W_x=("D", "4H"), W_h=("H", "4H"), b=("4H",), W_r=("3H", "3H"),
            p_i=("H",), p_f=("H",), p_o=("H",),
        )  # fmt: skip

    def step(
        self, params: FullGateLSTMParams, state: FullGateLSTMState, x: Array
    ) -> tuple[FullGateLSTMState, FullGateLSTMCache]:
        """Return the next state, (B, H) each, and the cache for `step_backward`."""
        W_x, W_h, b, W_r, p_i, p_f, p_o = params
        h_prev, c_prev, i_prev, f_prev, o_prev = state

        r = join_gates(i_prev, f_prev, o_prev)  # (B, 3H)
        z = input_product(x, W_x) + h_prev @ W_h + b  # (B, 4H)
        z_i, z_f, z_g, z_o = split_gates(z, 4)  # (B, H) each
        y_i, y_f, y_o = split_gates(r @ W_r, 3)  # (B, H) each
        i = sigmoid(z_i + y_i + p_i * c_prev)
        f = sigmoid(z_f + y_f + p_f * c_prev)
        g = np.tanh(z_g)
        c = f * c_prev + i * g
        o = sigmoid(z_o + y_o + p_o * c)
        tanh_c = np.tanh(c)
        h = o * tanh_c
        cache = FullGateLSTMCache(x, h_prev, c_prev, r, i, f, g, c, o, tanh_c)
        return FullGateLSTMState(h, c, i, f, o), cache

    def step_backward(
        self, params: FullGateLSTMParams, cache: FullGateLSTMCache, dstate: FullGateLSTMState
    ) -> tuple[FullGateLSTMParams, FullGateLSTMState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, W_h, _, W_r, p_i, p_f, p_o = params
        x, h_prev, c_prev, r, i, f, g, c, o, tanh_c = cache
        dh, dc_from_next, di_from_next, df_from_next, do_from_next = dstate

        # forward: h = o * tanh_c; and step t+1 reads o as its o_prev
        do = dh * tanh_c + do_from_next
        dtanh_c = dh * o
        # forward: o = sigmoid(z_o + y_o + p_o * c)
        dz_o = do * o * (1 - o)
        dp_o = (dz_o * c).sum(axis=0)
        dc_from_o = dz_o * p_o
        # forward: tanh_c = tanh(c); and step t+1 reads c as its c_prev
        dc_from_h = dtanh_c * (1 - tanh_c**2)
        dc = dc_from_h + dc_from_o + dc_from_next
        # forward: c = f * c_prev + i * g; and step t+1 reads f and i as its f_prev and i_prev
        df = dc * c_prev + df_from_next
        dc_prev_from_c = dc * f
        di = dc * g + di_from_next
        dg = dc * i
        # forward: g = tanh(z_g)
        dz_g = dg * (1 - g**2)
        # forward: f = sigmoid(z_f + y_f + p_f * c_prev)
        dz_f = df * f * (1 - f)
        dp_f = (dz_f * c_prev).sum(axis=0)
        dc_prev_from_f = dz_f * p_f
        # forward: i = sigmoid(z_i + y_i + p_i * c_prev)
        dz_i = di * i * (1 - i)
        dp_i = (dz_i * c_prev).sum(axis=0)
        dc_prev_from_i = dz_i * p_i
        dc_prev = dc_prev_from_c + dc_prev_from_f + dc_prev_from_i
        # forward: y_i, y_f, y_o = split_gates(r @ W_r, 3)
        dy = join_gates(dz_i, dz_f, dz_o)  # (B, 3H)
        dW_r = r.T @ dy
        dr = dy @ W_r.T
        # forward: z_i, z_f, z_g, z_o = split_gates(z, 4)
        dz = join_gates(dz_i, dz_f, dz_g, dz_o)  # (B, 4H)
        # forward: z = x W_x + h_prev W_h + b
        db = dz.sum(axis=0)
        dW_h = h_prev.T @ dz
        dh_prev = dz @ W_h.T
        dx, dW_x = input_product_backward(x, W_x, dz)
        # forward: r = join_gates(i_prev, f_prev, o_prev)
        di_prev, df_prev, do_prev = split_gates(dr, 3)
        return (
            FullGateLSTMParams(dW_x, dW_h, db, dW_r, dp_i, dp_f, dp_o),
            FullGateLSTMState(dh_prev, dc_prev, di_prev, df_prev, do_prev),
            dx,
        )
