"""The long short-term memory cell with a forget gate.

Hochreiter and Schmidhuber 1997 with the forget gate of Gers, Schmidhuber and Cummins 2000. One
step takes the input x (B, D) and the state h_prev, c_prev (B, H) to the state h, c::

    z  = x W_x + h_prev W_h + b            (B, 4H), blocks z_i, z_f, z_g, z_o
    i  = σ(z_i)                            input gate
    f  = σ(z_f)                            forget gate
    g  = tanh(z_g)                         candidate
    o  = σ(z_o)                            output gate
    c  = f ⊙ c_prev + i ⊙ g                cell state
    h  = o ⊙ tanh(c)                       output

Everything in it is dimensionless. docs/derivation.md derives the backward line by line.

References
----------
S. Hochreiter, J. Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1997.
F. Gers, J. Schmidhuber, F. Cummins, "Learning to Forget: Continual Prediction with LSTM",
Neural Computation 12(10), 2000.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from manual_lstm import checks
from manual_lstm.activations import sigmoid
from manual_lstm.cells.description import Description
from manual_lstm.checks import Array
from manual_lstm.gate_blocks import join_gates, split_gates
from manual_lstm.input_product import input_product, input_product_backward


class LSTMParams(NamedTuple):
    """Weights of an LSTM; also their gradients. Blocks of 4H in the order i, f, g, o.

    W_x is (D, 4H), W_h is (H, 4H), b is (4H,), or None in an LSTM without bias.
    """

    W_x: Any
    W_h: Any
    b: Any


class LSTMState(NamedTuple):
    """Output h (B, H) and cell state c (B, H); also their cotangents."""

    h: Any
    c: Any


class LSTMCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    c_prev: Array
    i: Array
    f: Array
    g: Array
    o: Array
    tanh_c: Array


@dataclass(frozen=True)
class LSTM(Description[LSTMParams, LSTMState]):
    """Describe an LSTM; it holds no weights.

    Parameters
    ----------
    input_size : int
        D, the size of one input, or the number of indices for index inputs.
    hidden_size : int
        H, the number of units.
    bias : bool, default True
        Whether z has a bias; without it ``params.b`` is None.

    Notes
    -----
    The bias of the forget gate starts at 1: a gate that starts open lets the gradient through
    from the first step on (Gers et al. 2000; Jozefowicz, Zaremba and Sutskever 2015).

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> cell = ml.LSTM(input_size=8, hidden_size=16)
    >>> cell.init_params(np.random.default_rng(0)).W_x.shape
    (8, 64)
    """

    bias: bool = True

    gates: ClassVar[str] = "ifgo"
    bias_starts: ClassVar[Mapping[str, float]] = {"f": 1.0}
    state_shapes: ClassVar[LSTMState] = LSTMState(h=("B", "H"), c=("B", "H"))

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.is_bool("bias", self.bias)

    @property
    def param_shapes(self) -> LSTMParams:
        """The shapes of the parameters, in letters."""
        return LSTMParams(W_x=("D", "4H"), W_h=("H", "4H"), b=("4H",) if self.bias else None)

    def step(self, params: LSTMParams, state: LSTMState, x: Array) -> tuple[LSTMState, LSTMCache]:
        """Return the next state and the cache for `step_backward`.

        Parameters
        ----------
        params : LSTMParams
        state : LSTMState
            h and c of step t-1, (B, H).
        x : ndarray, (B, D) numbers or (B,) integers in [0, D)

        Returns
        -------
        state : LSTMState
            h and c of step t, (B, H), dtype of the parameters.
        cache : LSTMCache
        """
        W_x, W_h, b = params
        h_prev, c_prev = state

        z = input_product(x, W_x) + h_prev @ W_h  # (B, 4H)
        if b is not None:
            z = z + b
        z_i, z_f, z_g, z_o = split_gates(z, 4)  # (B, H) each
        i = sigmoid(z_i)
        f = sigmoid(z_f)
        g = np.tanh(z_g)
        o = sigmoid(z_o)
        c = f * c_prev + i * g
        tanh_c = np.tanh(c)
        h = o * tanh_c
        return LSTMState(h, c), LSTMCache(x, h_prev, c_prev, i, f, g, o, tanh_c)

    def step_backward(
        self, params: LSTMParams, cache: LSTMCache, dstate: LSTMState
    ) -> tuple[LSTMParams, LSTMState, Array | None]:
        """Return the vector-Jacobian product of `step`.

        Parameters
        ----------
        params : LSTMParams
            As given to `step`.
        cache : LSTMCache
            As returned by `step`.
        dstate : LSTMState
            Cotangents of h and c of step t, (B, H): all that later steps and the loss
            contribute.

        Returns
        -------
        dparams : LSTMParams
            Gradients of this step alone, summed over the batch.
        dstate_prev : LSTMState
            Cotangents of h and c of step t-1, (B, H).
        dx : ndarray (B, D), or None for index inputs
        """
        W_x, W_h, b = params
        x, h_prev, c_prev, i, f, g, o, tanh_c = cache
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
        # forward: z = x W_x + h_prev W_h + b
        db = None if b is None else dz.sum(axis=0)
        dW_h = h_prev.T @ dz
        dh_prev = dz @ W_h.T
        dx, dW_x = input_product_backward(x, W_x, dz)
        return LSTMParams(dW_x, dW_h, db), LSTMState(dh_prev, dc_prev), dx
