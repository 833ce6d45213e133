"""The LSTM with a projected output, LSTMP.

The output of the H units is projected to P numbers, and the gates see the projection: fewer
recurrent weights for the same number of units. One step takes x (B, D), h_prev (B, P) and
c_prev (B, H) to h, c::

    z  = x W_x + h_prev W_h + b            (B, 4H), blocks z_i, z_f, z_g, z_o
    i  = σ(z_i)                            input gate
    f  = σ(z_f)                            forget gate
    g  = tanh(z_g)                         candidate
    o  = σ(z_o)                            output gate
    c  = f ⊙ c_prev + i ⊙ g                cell state, (B, H)
    m  = o ⊙ tanh(c)                       output of the units, (B, H)
    h  = m W_p                             recurrent projection, (B, P): the output

This is the layer without peepholes and without a second, non-recurrent projection, as in PyTorch
(``proj_size``), cuDNN and oneDNN.

References
----------
H. Sak, A. Senior, F. Beaufays, "Long Short-Term Memory Based Recurrent Neural Network
Architectures for Large Vocabulary Speech Recognition", arXiv:1402.1128, 2014, section 2.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from manual_lstm import checks
from manual_lstm.activations import sigmoid
from manual_lstm.cells.description import Description
from manual_lstm.cells.lstm import LSTMState
from manual_lstm.checks import Array
from manual_lstm.gate_blocks import join_gates, split_gates
from manual_lstm.input_product import input_product, input_product_backward


class LSTMPParams(NamedTuple):
    """Weights of an LSTMP; also their gradients. Blocks of 4H in the order i, f, g, o.

    W_x is (D, 4H), W_h is (P, 4H), b is (4H,), W_p is (H, P).
    """

    W_x: Any
    W_h: Any
    b: Any
    W_p: Any


class LSTMPCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    c_prev: Array
    i: Array
    f: Array
    g: Array
    o: Array
    tanh_c: Array
    m: Array


@dataclass(frozen=True)
class LSTMP(Description[LSTMPParams, LSTMState]):
    """Describe an LSTM with a projected output; it holds no weights.

    Parameters
    ----------
    input_size : int
        D, the size of one input, or the number of indices for index inputs.
    hidden_size : int
        H, the number of units.
    projection_size : int, optional
        P, the size of the output; half of H, rounded up, if not given.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> cell = ml.LSTMP(input_size=8, hidden_size=16, projection_size=5)
    >>> cell.init_params(np.random.default_rng(0)).W_h.shape
    (5, 64)
    """

    projection_size: int | None = None

    gates: ClassVar[str] = "ifgo"
    bias_starts: ClassVar[Mapping[str, float]] = {"f": 1.0}
    state_shapes: ClassVar[LSTMState] = LSTMState(h=("B", "P"), c=("B", "H"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.projection_size is not None:
            checks.positive_int("projection_size", self.projection_size)

    @property
    def sizes(self) -> dict[str, int]:
        """The numbers behind the letters of the shapes."""
        H = int(self.hidden_size)
        P = (H + 1) // 2 if self.projection_size is None else int(self.projection_size)
        return {"D": int(self.input_size), "H": H, "P": P}

    @property
    def param_shapes(self) -> LSTMPParams:
        """The shapes of the parameters, in letters."""
        return LSTMPParams(W_x=("D", "4H"), W_h=("P", "4H"), b=("4H",), W_p=("H", "P"))

    def step(self, params: LSTMPParams, state: LSTMState, x: Array) -> tuple[LSTMState, LSTMPCache]:
        """Return the next state, h (B, P) and c (B, H), and the cache for `step_backward`."""
        W_x, W_h, b, W_p = params
        h_prev, c_prev = state

        z = input_product(x, W_x) + h_prev @ W_h + b  # (B, 4H)
        z_i, z_f, z_g, z_o = split_gates(z, 4)  # (B, H) each
        i = sigmoid(z_i)
        f = sigmoid(z_f)
        g = np.tanh(z_g)
        o = sigmoid(z_o)
        c = f * c_prev + i * g
        tanh_c = np.tanh(c)
        m = o * tanh_c
        h = m @ W_p  # (B, P)
        return LSTMState(h, c), LSTMPCache(x, h_prev, c_prev, i, f, g, o, tanh_c, m)

    def step_backward(
        self, params: LSTMPParams, cache: LSTMPCache, dstate: LSTMState
    ) -> tuple[LSTMPParams, LSTMState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, W_h, _, W_p = params
        x, h_prev, c_prev, i, f, g, o, tanh_c, m = cache
        dh, dc_from_next = dstate

        # forward: h = m @ W_p
        dm = dh @ W_p.T  # (B, H)
        dW_p = m.T @ dh
        # forward: m = o * tanh_c
        do = dm * tanh_c
        dtanh_c = dm * o
        # forward: tanh_c = tanh(c); and step t+1 reads c as its c_prev
        dc_from_m = dtanh_c * (1 - tanh_c**2)
        dc = dc_from_m + dc_from_next
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
        # forward: z = x W_x + h_prev W_h + b
        db = dz.sum(axis=0)
        dW_h = h_prev.T @ dz
        dh_prev = dz @ W_h.T
        dx, dW_x = input_product_backward(x, W_x, dz)
        return LSTMPParams(dW_x, dW_h, db, dW_p), LSTMState(dh_prev, dc_prev), dx
