"""The LSTM with recurrent dropout: what a step writes into the cell state is dropped, never it.

Semeniuta, Severyn and Barth 2016. The equations of `manual_lstm.cells.lstm` with a mask d (B, H)
on the candidate, which is given with each input::

    z  = x W_x + h_prev W_h + b            (B, 4H), blocks z_i, z_f, z_g, z_o
    i  = σ(z_i)                            input gate
    f  = σ(z_f)                            forget gate
    g  = tanh(z_g)                         candidate
    o  = σ(z_o)                            output gate
    c  = f ⊙ c_prev + i ⊙ (d ⊙ g)          cell state
    h  = o ⊙ tanh(c)                       output

Everything in it is dimensionless. A zero in d leaves the memory of a unit as it is and adds
nothing; c_prev is not touched, so a mask drawn anew for each step loses no long memory. The entries
of d are 0 and 1/(1 - p) for a dropout probability p, and 1 in evaluation.

References
----------
S. Semeniuta, A. Severyn, E. Barth, "Recurrent Dropout without Memory Loss", COLING 2016,
arXiv 1603.05118, equation 13.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from manual_lstm.activations import sigmoid
from manual_lstm.cells.description import Description
from manual_lstm.cells.lstm import LSTMParams, LSTMState
from manual_lstm.cells.masks import join_columns, split_columns
from manual_lstm.checks import Array
from manual_lstm.gate_blocks import join_gates, split_gates


class RecurrentDropoutLSTMCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    d: Array
    h_prev: Array
    c_prev: Array
    i: Array
    f: Array
    g: Array
    o: Array
    dropped: Array
    tanh_c: Array


@dataclass(frozen=True)
class RecurrentDropoutLSTM(Description[LSTMParams, LSTMState]):
    """Describe an LSTM with a mask on its candidate; it holds no weights.

    Parameters
    ----------
    input_size : int
        The size of one input, without the mask.
    hidden_size : int
        H, the number of units.

    Notes
    -----
    The inputs of a sequence are ``with_masks(xs, d)``, d (T, B, H).

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> rng = np.random.default_rng(0)
    >>> cell = ml.RecurrentDropoutLSTM(input_size=3, hidden_size=4)
    >>> params, xs = cell.init_params(rng), rng.normal(size=(5, 2, 3))
    >>> d = (rng.random((5, 2, 4)) >= 0.25) / 0.75
    >>> ml.forward(cell, params, ml.with_masks(xs, d)).hs.shape
    (5, 2, 4)
    """

    gates: ClassVar[str] = "ifgo"
    bias_starts: ClassVar[Mapping[str, float]] = {"f": 1.0}
    state_shapes: ClassVar[LSTMState] = LSTMState(h=("B", "H"), c=("B", "H"))

    @property
    def columns(self) -> int:
        """The columns of an input with its mask."""
        return int(self.input_size) + int(self.hidden_size)

    @property
    def sizes(self) -> dict[str, int]:
        """The numbers behind the letters of the shapes; D counts the mask, X does not."""
        return {"D": self.columns, "X": int(self.input_size), "H": int(self.hidden_size)}

    @property
    def param_shapes(self) -> LSTMParams:
        """The shapes of the parameters, in letters."""
        return LSTMParams(W_x=("X", "4H"), W_h=("H", "4H"), b=("4H",))

    def step(
        self, params: LSTMParams, state: LSTMState, x: Array
    ) -> tuple[LSTMState, RecurrentDropoutLSTMCache]:
        """Return the next state, h and c (B, H), and the cache; `x` is input and mask."""
        W_x, W_h, b = params
        h_prev, c_prev = state
        x, d = split_columns(x, [self.input_size, self.hidden_size])

        z = x @ W_x + h_prev @ W_h + b  # (B, 4H)
        z_i, z_f, z_g, z_o = split_gates(z, 4)  # (B, H) each
        i = sigmoid(z_i)
        f = sigmoid(z_f)
        g = np.tanh(z_g)
        o = sigmoid(z_o)
        dropped = d * g
        c = f * c_prev + i * dropped
        tanh_c = np.tanh(c)
        h = o * tanh_c
        cache = RecurrentDropoutLSTMCache(x, d, h_prev, c_prev, i, f, g, o, dropped, tanh_c)
        return LSTMState(h, c), cache

    def step_backward(
        self, params: LSTMParams, cache: RecurrentDropoutLSTMCache, dstate: LSTMState
    ) -> tuple[LSTMParams, LSTMState, Array]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, W_h, _ = params
        x, d, h_prev, c_prev, i, f, g, o, dropped, tanh_c = cache
        dh, dc_from_next = dstate

        # forward: h = o * tanh_c
        do = dh * tanh_c
        dtanh_c = dh * o
        # forward: tanh_c = tanh(c); and step t+1 reads c as its c_prev
        dc_from_h = dtanh_c * (1 - tanh_c**2)
        dc = dc_from_h + dc_from_next
        # forward: c = f * c_prev + i * dropped
        df = dc * c_prev
        dc_prev = dc * f
        di = dc * dropped
        ddropped = dc * i
        # forward: dropped = d * g
        dd = ddropped * g
        dg = ddropped * d
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
        dW_x = x.T @ dz
        dx = dz @ W_x.T
        # forward: x, d = split_columns(x, ...)
        return LSTMParams(dW_x, dW_h, db), LSTMState(dh_prev, dc_prev), join_columns(dx, dd)
