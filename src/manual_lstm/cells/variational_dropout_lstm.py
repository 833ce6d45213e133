"""The LSTM with variational dropout: the same units of x and h are dropped at every step.

Gal and Ghahramani 2016. The equations of `manual_lstm.cells.lstm` with two masks that stay the
same along the sequence, m_x (B, D) on the input and m_h (B, H) on what the gates read of h_prev::

    z  = (m_x ⊙ x) W_x + (m_h ⊙ h_prev) W_h + b     (B, 4H), blocks z_i, z_f, z_g, z_o
    i  = σ(z_i)                                     input gate
    f  = σ(z_f)                                     forget gate
    g  = tanh(z_g)                                  candidate
    o  = σ(z_o)                                     output gate
    c  = f ⊙ c_prev + i ⊙ g                         cell state
    h  = o ⊙ tanh(c)                                output

Everything in it is dimensionless. The masks are part of the state, handed on from step to step
unchanged: all steps then see the same, the next segment of a long text goes on with it, and the
gradient of a mask is summed over the steps like any other. All four gates share them, as with
Keras's ``dropout`` and ``recurrent_dropout``. Entries are 0 and 1/(1 - p) for a dropout
probability p, and 1 in evaluation, which is what `init_state` gives.

References
----------
Y. Gal, Z. Ghahramani, "A Theoretically Grounded Application of Dropout in Recurrent Neural
Networks", NIPS 2016, arXiv 1512.05287, equation 7 (there called tied weights).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from manual_lstm import checks
from manual_lstm.activations import sigmoid
from manual_lstm.cells.description import Description
from manual_lstm.cells.lstm import LSTMParams
from manual_lstm.checks import Array
from manual_lstm.gate_blocks import join_gates, split_gates


class VariationalDropoutLSTMState(NamedTuple):
    """Output h and cell state c (B, H), masks m_x (B, D) and m_h (B, H); also their cotangents."""

    h: Any
    c: Any
    m_x: Any
    m_h: Any


class VariationalDropoutLSTMCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    c_prev: Array
    m_x: Array
    m_h: Array
    dropped_x: Array
    dropped_h: Array
    i: Array
    f: Array
    g: Array
    o: Array
    tanh_c: Array


@dataclass(frozen=True)
class VariationalDropoutLSTM(Description[LSTMParams, VariationalDropoutLSTMState]):
    """Describe an LSTM with one mask on x and one on h for all steps; it holds no weights.

    Parameters
    ----------
    input_size : int
        D, the size of one input; dense inputs only, for an index has nothing to weigh.
    hidden_size : int
        H, the number of units.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> rng = np.random.default_rng(0)
    >>> cell = ml.VariationalDropoutLSTM(input_size=3, hidden_size=4)
    >>> params, xs = cell.init_params(rng), rng.normal(size=(5, 2, 3))
    >>> state0 = cell.init_state(2)._replace(m_h=(rng.random((2, 4)) >= 0.25) / 0.75)
    >>> ml.forward(cell, params, xs, state0).hs.shape
    (5, 2, 4)
    """

    gates: ClassVar[str] = "ifgo"
    bias_starts: ClassVar[Mapping[str, float]] = {"f": 1.0}
    state_shapes: ClassVar[VariationalDropoutLSTMState] = VariationalDropoutLSTMState(
        h=("B", "H"), c=("B", "H"), m_x=("B", "D"), m_h=("B", "H")
    )

    @property
    def param_shapes(self) -> LSTMParams:
        """The shapes of the parameters, in letters."""
        return LSTMParams(W_x=("D", "4H"), W_h=("H", "4H"), b=("4H",))

    def init_state(
        self, batch_size: int, dtype: DTypeLike = np.float64
    ) -> VariationalDropoutLSTMState:
        """Return h and c zero, and masks of ones, which drop nothing."""
        zeros = super().init_state(batch_size, dtype)
        return zeros._replace(m_x=np.ones_like(zeros.m_x), m_h=np.ones_like(zeros.m_h))

    def step(
        self, params: LSTMParams, state: VariationalDropoutLSTMState, x: Array
    ) -> tuple[VariationalDropoutLSTMState, VariationalDropoutLSTMCache]:
        """Return the next state, h and c (B, H) with the masks, and the cache."""
        if x.ndim != 2:
            because = "the mask weighs the entries of an input, and an index has none"
            checks.fail("x", f"dtype {x.dtype}", "dense (B, D)", because, error=TypeError)
        W_x, W_h, b = params
        h_prev, c_prev, m_x, m_h = state

        dropped_x = m_x * x
        dropped_h = m_h * h_prev
        z = dropped_x @ W_x + dropped_h @ W_h + b  # (B, 4H)
        z_i, z_f, z_g, z_o = split_gates(z, 4)  # (B, H) each
        i = sigmoid(z_i)
        f = sigmoid(z_f)
        g = np.tanh(z_g)
        o = sigmoid(z_o)
        c = f * c_prev + i * g
        tanh_c = np.tanh(c)
        h = o * tanh_c
        cache = VariationalDropoutLSTMCache(
            x, h_prev, c_prev, m_x, m_h, dropped_x, dropped_h, i, f, g, o, tanh_c
        )
        return VariationalDropoutLSTMState(h, c, m_x.copy(), m_h.copy()), cache

    def step_backward(
        self,
        params: LSTMParams,
        cache: VariationalDropoutLSTMCache,
        dstate: VariationalDropoutLSTMState,
    ) -> tuple[LSTMParams, VariationalDropoutLSTMState, Array]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, W_h, _ = params
        x, h_prev, c_prev, m_x, m_h, dropped_x, dropped_h, i, f, g, o, tanh_c = cache
        dh, dc_from_next, dm_x_from_next, dm_h_from_next = dstate

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
        # forward: z = dropped_x W_x + dropped_h W_h + b
        db = dz.sum(axis=0)
        dW_h = dropped_h.T @ dz
        ddropped_h = dz @ W_h.T
        dW_x = dropped_x.T @ dz
        ddropped_x = dz @ W_x.T
        # forward: dropped_h = m_h * h_prev; and step t+1 reads m_h again
        dh_prev = ddropped_h * m_h
        dm_h = ddropped_h * h_prev + dm_h_from_next
        # forward: dropped_x = m_x * x; and step t+1 reads m_x again
        dx = ddropped_x * m_x
        dm_x = ddropped_x * x + dm_x_from_next
        dstate_prev = VariationalDropoutLSTMState(dh_prev, dc_prev, dm_x, dm_h)
        return LSTMParams(dW_x, dW_h, db), dstate_prev, dx
