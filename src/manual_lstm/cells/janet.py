"""JANET: an LSTM with just one gate, the forget gate.

What is forgotten is replaced, a little less than that by β. One step takes x (B, D) and h_prev
(B, H) to h, which is the cell state as well::

    z  = x W_x + h_prev W_h + b            (B, 2H), blocks z_f, z_g
    f  = σ(z_f)                            forget gate
    u  = 1 - σ(z_f - β)                    how much of the candidate is written
    g  = tanh(z_g)                         candidate
    h  = f ⊙ h_prev + u ⊙ g                cell state and output

β = 1 is the paper's choice; with β = 0 the cell is the MGU without its reset.

References
----------
J. van der Westhuizen, J. Lasenby, "The unreasonable effectiveness of the forget gate",
arXiv:1804.04849, 2018, section 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from manual_lstm import checks
from manual_lstm.activations import sigmoid
from manual_lstm.cells.description import Description
from manual_lstm.cells.hidden_state import HiddenState
from manual_lstm.checks import Array
from manual_lstm.gate_blocks import join_gates, split_gates
from manual_lstm.input_product import input_product, input_product_backward


class JANETParams(NamedTuple):
    """Weights of a JANET; also their gradients. Blocks of 2H in the order f, g.

    W_x is (D, 2H), W_h is (H, 2H), b is (2H,).
    """

    W_x: Any
    W_h: Any
    b: Any


class JANETCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    f: Array
    u: Array
    g: Array


@dataclass(frozen=True)
class JANET(Description[JANETParams, HiddenState]):
    """Describe a JANET; it holds no weights.

    Parameters
    ----------
    input_size : int
        D, the size of one input, or the number of indices for index inputs.
    hidden_size : int
        H, the number of units.
    beta : float, default 1.0
        β, by which the forget gate's pre-activation is lowered where it serves for writing.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> cell = ml.JANET(input_size=8, hidden_size=16)
    >>> cell.init_params(np.random.default_rng(0)).W_x.shape
    (8, 32)
    """

    beta: float = 1.0

    gates: ClassVar[str] = "fg"
    bias_starts: ClassVar[Mapping[str, float]] = {"f": 1.0}
    state_shapes: ClassVar[HiddenState] = HiddenState(h=("B", "H"))

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.is_real("beta", self.beta)

    @property
    def param_shapes(self) -> JANETParams:
        """The shapes of the parameters, in letters."""
        return JANETParams(W_x=("D", "2H"), W_h=("H", "2H"), b=("2H",))

    def step(
        self, params: JANETParams, state: HiddenState, x: Array
    ) -> tuple[HiddenState, JANETCache]:
        """Return the next state, h (B, H), and the cache for `step_backward`."""
        W_x, W_h, b = params
        (h_prev,) = state

        z = input_product(x, W_x) + h_prev @ W_h + b  # (B, 2H)
        z_f, z_g = split_gates(z, 2)  # (B, H) each
        f = sigmoid(z_f)
        u = sigmoid(float(self.beta) - z_f)  # 1 - sigmoid(z_f - beta), without cancellation
        g = np.tanh(z_g)
        h = f * h_prev + u * g
        return HiddenState(h), JANETCache(x, h_prev, f, u, g)

    def step_backward(
        self, params: JANETParams, cache: JANETCache, dstate: HiddenState
    ) -> tuple[JANETParams, HiddenState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, W_h, _ = params
        x, h_prev, f, u, g = cache
        (dh,) = dstate

        # forward: h = f * h_prev + u * g
        df = dh * h_prev
        dh_prev_from_h = dh * f
        du = dh * g
        dg = dh * u
        # forward: g = tanh(z_g)
        dz_g = dg * (1 - g**2)
        # forward: u = sigmoid(beta - z_f)
        dz_f_from_u = -du * u * (1 - u)
        # forward: f = sigmoid(z_f)
        dz_f_from_f = df * f * (1 - f)
        dz_f = dz_f_from_f + dz_f_from_u
        # forward: z_f, z_g = split_gates(z, 2)
        dz = join_gates(dz_f, dz_g)  # (B, 2H)
        # forward: z = x W_x + h_prev W_h + b
        db = dz.sum(axis=0)
        dW_h = h_prev.T @ dz
        dh_prev = dz @ W_h.T + dh_prev_from_h
        dx, dW_x = input_product_backward(x, W_x, dz)
        return JANETParams(dW_x, dW_h, db), HiddenState(dh_prev), dx
