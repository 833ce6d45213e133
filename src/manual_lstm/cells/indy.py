"""The IndyLSTM: independently recurrent units, each of which sees no output but its own.

An LSTM whose recurrent matrices are diagonal. One step takes x (B, D) and h_prev, c_prev (B, H)
to h, c::

    z  = x W_x + u ⊙ [h_prev, h_prev, h_prev, h_prev] + b
                                           (B, 4H), blocks z_i, z_f, z_g, z_o
    i  = σ(z_i)                            input gate
    f  = σ(z_f)                            forget gate
    g  = tanh(z_g)                         candidate
    o  = σ(z_o)                            output gate
    c  = f ⊙ c_prev + i ⊙ g                cell state
    h  = o ⊙ tanh(c)                       output

References
----------
P. Gonnet, T. Deselaers, "IndyLSTMs: Independently Recurrent LSTMs", arXiv:1903.08023, 2019.
S. Li, W. Li, C. Cook, C. Zhu, Y. Gao, "Independently Recurrent Neural Network (IndRNN)", CVPR
2018.
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


class IndyLSTMParams(NamedTuple):
    """Weights of an IndyLSTM; also their gradients. Blocks of 4H in the order i, f, g, o.

    W_x is (D, 4H), the recurrent weights u are (4H,), b is (4H,).
    """

    W_x: Any
    u: Any
    b: Any


class IndyLSTMCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_four: Array
    c_prev: Array
    i: Array
    f: Array
    g: Array
    o: Array
    tanh_c: Array


@dataclass(frozen=True)
class IndyLSTM(Description[IndyLSTMParams, LSTMState]):
    """Describe an IndyLSTM; it holds no weights.

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
    >>> cell = ml.IndyLSTM(input_size=8, hidden_size=16)
    >>> cell.init_params(np.random.default_rng(0)).u.shape
    (64,)
    """

    gates: ClassVar[str] = "ifgo"
    bias_starts: ClassVar[Mapping[str, float]] = {"f": 1.0}
    state_shapes: ClassVar[LSTMState] = LSTMState(h=("B", "H"), c=("B", "H"))

    @property
    def param_shapes(self) -> IndyLSTMParams:
        """The shapes of the parameters, in letters."""
        return IndyLSTMParams(W_x=("D", "4H"), u=("4H",), b=("4H",))

    def step(
        self, params: IndyLSTMParams, state: LSTMState, x: Array
    ) -> tuple[LSTMState, IndyLSTMCache]:
        """Return the next state, h and c (B, H), and the cache for `step_backward`."""
        W_x, u, b = params
        h_prev, c_prev = state

        h_four = join_gates(h_prev, h_prev, h_prev, h_prev)  # (B, 4H)
        z = input_product(x, W_x) + u * h_four + b  # (B, 4H)
        z_i, z_f, z_g, z_o = split_gates(z, 4)  # (B, H) each
        i = sigmoid(z_i)
        f = sigmoid(z_f)
        g = np.tanh(z_g)
        o = sigmoid(z_o)
        c = f * c_prev + i * g
        tanh_c = np.tanh(c)
        h = o * tanh_c
        return LSTMState(h, c), IndyLSTMCache(x, h_four, c_prev, i, f, g, o, tanh_c)

    def step_backward(
        self, params: IndyLSTMParams, cache: IndyLSTMCache, dstate: LSTMState
    ) -> tuple[IndyLSTMParams, LSTMState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, u, _ = params
        x, h_four, c_prev, i, f, g, o, tanh_c = cache
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
        # forward: z = x W_x + u * h_four + b
        db = dz.sum(axis=0)
        du = (dz * h_four).sum(axis=0)
        dh_four = dz * u
        dx, dW_x = input_product_backward(x, W_x, dz)
        # forward: h_four = join_gates(h_prev, h_prev, h_prev, h_prev)
        dh_prev = sum(split_gates(dh_four, 4))  # (B, H)
        return IndyLSTMParams(dW_x, du, db), LSTMState(dh_prev, dc_prev), dx
