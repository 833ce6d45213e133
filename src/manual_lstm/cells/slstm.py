"""The sLSTM of xLSTM: exponential gates, a normaliser, and a stabiliser that keeps them finite.

One step takes x (B, D) and h_prev, c_prev, n_prev, m_prev (B, H) to h, c, n, m::

    z  = x W_x + h_prev W_h + b            (B, 4H), blocks z_i, z_f, z_g, z_o
    k  = log σ(z_f) + m_prev               what is kept, in logarithms
    m  = max(k, z_i)                       stabiliser
    i  = exp(z_i - m)                      input gate
    f  = exp(k - m)                        forget gate
    g  = tanh(z_g)                         candidate
    o  = σ(z_o)                            output gate
    c  = f ⊙ c_prev + i ⊙ g                cell state
    n  = f ⊙ n_prev + i                    normaliser
    y  = c / n
    h  = o ⊙ y                             output

This is one head with the forget gate σ; the paper has exp for σ as its other choice, and
recurrent weights in blocks, one for each head, which is W_h with zeros between the heads.

What the state means
--------------------
The equations without stabiliser are those with m = 0 throughout: i = exp(z_i), f = σ(z_f). Their
cell state and normaliser are c exp(m) and n exp(m) of this state, and h is a ratio in which the
factor cancels. Two things follow.

A loss that reads h alone has the same gradients with and without stabiliser. It sees the initial
state only through c_0 exp(m_0) and n_0 exp(m_0), so that dm_0 = c_0 ⊙ dc_0 + n_0 ⊙ dn_0.

A loss that reads the returned c, n or m reads what the stabiliser happened to choose, and so do
its gradients: here they are the derivatives of the equations above, through m as well. To read
the state for what it means, read c exp(m) and n exp(m), or c / n.

In use n > 0. From the zero state, n is exp(z_i - m) after one step: it is zero, and h NaN, only
where that underflows, for z_i below -745 (float64) or -103 (float32) at the first step.

At k = z_i the maximum has a kink. There the derivative for the side of k is taken; JAX takes the
mean of both. For a loss that reads h alone it makes no difference.

References
----------
M. Beck et al., "xLSTM: Extended Long Short-Term Memory", arXiv:2405.04517, 2024, section
2.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from manual_lstm.activations import log_sigmoid, sigmoid
from manual_lstm.cells.description import Description
from manual_lstm.checks import Array
from manual_lstm.gate_blocks import join_gates, split_gates
from manual_lstm.input_product import input_product, input_product_backward


class SLSTMParams(NamedTuple):
    """Weights of an sLSTM; also their gradients. Blocks of 4H in the order i, f, g, o.

    W_x is (D, 4H), W_h is (H, 4H), b is (4H,).
    """

    W_x: Any
    W_h: Any
    b: Any


class SLSTMState(NamedTuple):
    """Output h, cell state c, normaliser n, stabiliser m, (B, H) each; also their cotangents."""

    h: Any
    c: Any
    n: Any
    m: Any


class SLSTMCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    c_prev: Array
    n_prev: Array
    z_f: Array
    keeps: Array
    i: Array
    f: Array
    g: Array
    o: Array
    n: Array
    y: Array


@dataclass(frozen=True)
class SLSTM(Description[SLSTMParams, SLSTMState]):
    """Describe an sLSTM of one head; it holds no weights.

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
    >>> cell = ml.SLSTM(input_size=8, hidden_size=16)
    >>> cell.init_params(np.random.default_rng(0)).W_x.shape
    (8, 64)
    """

    gates: ClassVar[str] = "ifgo"
    bias_starts: ClassVar[Mapping[str, float]] = {"f": 1.0}
    state_shapes: ClassVar[SLSTMState] = SLSTMState(
        h=("B", "H"), c=("B", "H"), n=("B", "H"), m=("B", "H")
    )

    @property
    def param_shapes(self) -> SLSTMParams:
        """The shapes of the parameters, in letters."""
        return SLSTMParams(W_x=("D", "4H"), W_h=("H", "4H"), b=("4H",))

    def step(
        self, params: SLSTMParams, state: SLSTMState, x: Array
    ) -> tuple[SLSTMState, SLSTMCache]:
        """Return the next state, h, c, n and m (B, H), and the cache for `step_backward`."""
        W_x, W_h, b = params
        h_prev, c_prev, n_prev, m_prev = state

        z = input_product(x, W_x) + h_prev @ W_h + b  # (B, 4H)
        z_i, z_f, z_g, z_o = split_gates(z, 4)  # (B, H) each
        k = log_sigmoid(z_f) + m_prev
        keeps = k.real >= z_i.real
        m = np.where(keeps, k, z_i)
        i = np.exp(z_i - m)
        f = np.exp(k - m)
        g = np.tanh(z_g)
        o = sigmoid(z_o)
        c = f * c_prev + i * g
        n = f * n_prev + i
        y = c / n
        h = o * y
        cache = SLSTMCache(x, h_prev, c_prev, n_prev, z_f, keeps, i, f, g, o, n, y)
        return SLSTMState(h, c, n, m), cache

    def step_backward(
        self, params: SLSTMParams, cache: SLSTMCache, dstate: SLSTMState
    ) -> tuple[SLSTMParams, SLSTMState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, W_h, _ = params
        x, h_prev, c_prev, n_prev, z_f, keeps, i, f, g, o, n, y = cache
        dh, dc_from_next, dn_from_next, dm_from_next = dstate

        # forward: h = o * y
        do = dh * y
        dy = dh * o
        # forward: y = c / n; and step t+1 reads c and n as its c_prev and n_prev
        dc = dy / n + dc_from_next
        dn = -dy * y / n + dn_from_next
        # forward: n = f * n_prev + i
        df_from_n = dn * n_prev
        dn_prev = dn * f
        di_from_n = dn
        # forward: c = f * c_prev + i * g
        df_from_c = dc * c_prev
        dc_prev = dc * f
        di_from_c = dc * g
        dg = dc * i
        # forward: o = sigmoid(z_o)
        dz_o = do * o * (1 - o)
        # forward: g = tanh(z_g)
        dz_g = dg * (1 - g**2)
        # forward: f = exp(k - m)
        dk_from_f = (df_from_c + df_from_n) * f
        dm_from_f = -dk_from_f
        # forward: i = exp(z_i - m)
        dz_i_from_i = (di_from_c + di_from_n) * i
        dm_from_i = -dz_i_from_i
        # forward: m = max(k, z_i); and step t+1 reads m as its m_prev
        dm = dm_from_f + dm_from_i + dm_from_next
        dk = dk_from_f + np.where(keeps, dm, 0)
        dz_i = dz_i_from_i + np.where(keeps, 0, dm)
        # forward: k = log_sigmoid(z_f) + m_prev
        dz_f = dk * sigmoid(-z_f)
        dm_prev = dk
        # forward: z_i, z_f, z_g, z_o = split_gates(z, 4)
        dz = join_gates(dz_i, dz_f, dz_g, dz_o)  # (B, 4H)
        # forward: z = x W_x + h_prev W_h + b
        db = dz.sum(axis=0)
        dW_h = h_prev.T @ dz
        dh_prev = dz @ W_h.T
        dx, dW_x = input_product_backward(x, W_x, dz)
        return (
            SLSTMParams(dW_x, dW_h, db),
            SLSTMState(dh_prev, dc_prev, dn_prev, dm_prev),
            dx,
        )
