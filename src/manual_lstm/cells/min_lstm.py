"""The minLSTM: gates that do not see the past, so that the recurrence is linear in the state.

One step takes x (B, D) and h_prev (B, H) to h, which is the cell state as well::

    z  = x W_x + b                         (B, 3H), blocks z_i, z_f, z_g
    r  = log σ(z_f) - log σ(z_i)           how far f is ahead of i
    f  = σ(r)                              forget gate
    i  = σ(-r)                             input gate
    g  = z_g                               candidate
    h  = f ⊙ h_prev + i ⊙ g                cell state and output

The paper writes f = σ(z_f) / (σ(z_f) + σ(z_i)) and i = σ(z_i) / (σ(z_f) + σ(z_i)): the same, but
0/0 where both are closed beyond the smallest float. The two add up to one. Its variant in log
space, which replaces z_g by a positive function of it, is another cell.

References
----------
L. Feng, F. Tung, M. O. Ahmed, Y. Bengio, H. Hajimirsadeghi, "Were RNNs All We Needed?",
arXiv:2410.01201, 2024, section 3.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from manual_lstm.activations import log_sigmoid, sigmoid
from manual_lstm.cells.description import Description
from manual_lstm.cells.hidden_state import HiddenState
from manual_lstm.checks import Array
from manual_lstm.gate_blocks import join_gates, split_gates
from manual_lstm.input_product import input_product, input_product_backward


class MinLSTMParams(NamedTuple):
    """Weights of a minLSTM; also their gradients. Blocks of 3H in the order i, f, g.

    W_x is (D, 3H), b is (3H,).
    """

    W_x: Any
    b: Any


class MinLSTMCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    z_f: Array
    z_i: Array
    f: Array
    i: Array
    g: Array


@dataclass(frozen=True)
class MinLSTM(Description[MinLSTMParams, HiddenState]):
    """Describe a minLSTM; it holds no weights.

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
    >>> cell = ml.MinLSTM(input_size=8, hidden_size=16)
    >>> cell.init_params(np.random.default_rng(0)).W_x.shape
    (8, 48)
    """

    gates: ClassVar[str] = "ifg"
    bias_starts: ClassVar[Mapping[str, float]] = {"f": 1.0}
    state_shapes: ClassVar[HiddenState] = HiddenState(h=("B", "H"))

    @property
    def param_shapes(self) -> MinLSTMParams:
        """The shapes of the parameters, in letters."""
        return MinLSTMParams(W_x=("D", "3H"), b=("3H",))

    def step(
        self, params: MinLSTMParams, state: HiddenState, x: Array
    ) -> tuple[HiddenState, MinLSTMCache]:
        """Return the next state, h (B, H), and the cache for `step_backward`."""
        W_x, b = params
        (h_prev,) = state

        z = input_product(x, W_x) + b  # (B, 3H)
        z_i, z_f, z_g = split_gates(z, 3)  # (B, H) each
        r = log_sigmoid(z_f) - log_sigmoid(z_i)
        f = sigmoid(r)
        i = sigmoid(-r)
        g = z_g
        h = f * h_prev + i * g
        return HiddenState(h), MinLSTMCache(x, h_prev, z_f, z_i, f, i, g)

    def step_backward(
        self, params: MinLSTMParams, cache: MinLSTMCache, dstate: HiddenState
    ) -> tuple[MinLSTMParams, HiddenState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, _ = params
        x, h_prev, z_f, z_i, f, i, g = cache
        (dh,) = dstate

        # forward: h = f * h_prev + i * g
        df = dh * h_prev
        dh_prev = dh * f
        di = dh * g
        dg = dh * i
        # forward: g = z_g
        dz_g = dg
        # forward: i = sigmoid(-r)
        dr_from_i = -di * i * (1 - i)
        # forward: f = sigmoid(r)
        dr_from_f = df * f * (1 - f)
        # forward: r = log_sigmoid(z_f) - log_sigmoid(z_i)
        dr = dr_from_f + dr_from_i
        dz_f = dr * sigmoid(-z_f)
        dz_i = -dr * sigmoid(-z_i)
        # forward: z_i, z_f, z_g = split_gates(z, 3)
        dz = join_gates(dz_i, dz_f, dz_g)  # (B, 3H)
        # forward: z = x W_x + b
        db = dz.sum(axis=0)
        dx, dW_x = input_product_backward(x, W_x, dz)
        return MinLSTMParams(dW_x, db), HiddenState(dh_prev), dx
