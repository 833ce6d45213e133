"""The multiplicative LSTM: the recurrent weights depend on the input.

An intermediate state m, the product of what comes from the input and what comes from the output
before, stands where h_prev stands in the LSTM. One step takes x (B, D) and h_prev, c_prev (B, H)
to h, c::

    m_x = x W_mx                           (B, H)
    m_h = h_prev W_mh                      (B, H)
    m  = m_x ⊙ m_h                         intermediate state
    z  = x W_x + m W_m + b                 (B, 4H), blocks z_i, z_f, z_g, z_o
    i  = σ(z_i)                            input gate
    f  = σ(z_f)                            forget gate
    g  = tanh(z_g)                         candidate
    o  = σ(z_o)                            output gate
    c  = f ⊙ c_prev + i ⊙ g                cell state
    h  = o ⊙ tanh(c)                       output

The paper calls it mLSTM; since 2024 that is also the name of another cell, `MLSTM` here.

References
----------
B. Krause, I. Murray, S. Renals, L. Lu, "Multiplicative LSTM for sequence modelling",
arXiv:1609.07959, 2016, section 3.
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


class MultiplicativeLSTMParams(NamedTuple):
    """Weights of a multiplicative LSTM; also their gradients.

    W_mx is (D, H), W_mh is (H, H); W_x is (D, 4H), W_m is (H, 4H), b is (4H,), blocks in the
    order i, f, g, o.
    """

    W_mx: Any
    W_mh: Any
    W_x: Any
    W_m: Any
    b: Any


class MultiplicativeLSTMCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    c_prev: Array
    m_x: Array
    m_h: Array
    m: Array
    i: Array
    f: Array
    g: Array
    o: Array
    tanh_c: Array


@dataclass(frozen=True)
class MultiplicativeLSTM(Description[MultiplicativeLSTMParams, LSTMState]):
    """Describe a multiplicative LSTM; it holds no weights.

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
    >>> cell = ml.MultiplicativeLSTM(input_size=8, hidden_size=16)
    >>> cell.init_params(np.random.default_rng(0)).W_mx.shape
    (8, 16)
    """

    gates: ClassVar[str] = "ifgo"
    bias_starts: ClassVar[Mapping[str, float]] = {"f": 1.0}
    state_shapes: ClassVar[LSTMState] = LSTMState(h=("B", "H"), c=("B", "H"))

    @property
    def param_shapes(self) -> MultiplicativeLSTMParams:
        """The shapes of the parameters, in letters."""
        return MultiplicativeLSTMParams(
            W_mx=("D", "H"), W_mh=("H", "H"), W_x=("D", "4H"), W_m=("H", "4H"), b=("4H",)
        )

    def step(
        self, params: MultiplicativeLSTMParams, state: LSTMState, x: Array
    ) -> tuple[LSTMState, MultiplicativeLSTMCache]:
        """Return the next state, h and c (B, H), and the cache for `step_backward`."""
        W_mx, W_mh, W_x, W_m, b = params
        h_prev, c_prev = state

        m_x = input_product(x, W_mx)  # (B, H)
        m_h = h_prev @ W_mh
        m = m_x * m_h
        z = input_product(x, W_x) + m @ W_m + b  # (B, 4H)
        z_i, z_f, z_g, z_o = split_gates(z, 4)  # (B, H) each
        i = sigmoid(z_i)
        f = sigmoid(z_f)
        g = np.tanh(z_g)
        o = sigmoid(z_o)
        c = f * c_prev + i * g
        tanh_c = np.tanh(c)
        h = o * tanh_c
        cache = MultiplicativeLSTMCache(x, h_prev, c_prev, m_x, m_h, m, i, f, g, o, tanh_c)
        return LSTMState(h, c), cache

    def step_backward(
        self, params: MultiplicativeLSTMParams, cache: MultiplicativeLSTMCache, dstate: LSTMState
    ) -> tuple[MultiplicativeLSTMParams, LSTMState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_mx, W_mh, W_x, W_m, _ = params
        x, h_prev, c_prev, m_x, m_h, m, i, f, g, o, tanh_c = cache
        dh, dc_from_next = dstate

        # forward: h = o * tanh_c
        do = dh * tanh_c
        dtanh_c = dh * o
        # forward: tanh_c = tanh(c); and step t+1 reads c as its c_prev
        dc_from_h = dtanh_c * (1 - tanh_c**2)
        dc = dc_from_h + dc_from_next
        # forward: c = f * c_prev + i * g
        df = dc * c_prev
        dc_prev = dc * f
        di = dc * g
        dg = dc * i
        # forward: o = sigmoid(z_o)
        dz_o = do * o * (1 - o)
        # forward: g = tanh(z_g)
        dz_g = dg * (1 - g**2)
        # forward: f = sigmoid(z_f)
        dz_f = df * f * (1 - f)
        # forward: i = sigmoid(z_i)
        dz_i = di * i * (1 - i)
        # forward: z_i, z_f, z_g, z_o = split_gates(z, 4)
        dz = join_gates(dz_i, dz_f, dz_g, dz_o)  # (B, 4H)
        # forward: z = x W_x + m W_m + b
        db = dz.sum(axis=0)
        dW_m = m.T @ dz
        dm = dz @ W_m.T  # (B, H)
        dx_from_z, dW_x = input_product_backward(x, W_x, dz)
        # forward: m = m_x * m_h
        dm_x = dm * m_h
        dm_h = dm * m_x
        # forward: m_h = h_prev @ W_mh
        dW_mh = h_prev.T @ dm_h
        dh_prev = dm_h @ W_mh.T
        # forward: m_x = x W_mx
        dx_from_m, dW_mx = input_product_backward(x, W_mx, dm_x)
        # forward: x is read twice; an index has no gradient
        dx = None if dx_from_z is None or dx_from_m is None else dx_from_z + dx_from_m
        dparams = MultiplicativeLSTMParams(dW_mx, dW_mh, dW_x, dW_m, db)
        return dparams, LSTMState(dh_prev, dc_prev), dx
