"""The update gate RNN: a plain RNN whose units decide how much of themselves they keep.

Collins, Sohl-Dickstein and Sussillo 2017. One step takes the input x (B, D) and the state h_prev
(B, H) to the state h::

    z  = x W_x + h_prev W_h + b            (B, 2H), blocks z_u, z_n
    u  = σ(z_u)                            update gate, called g in the paper
    n  = tanh(z_n)                         candidate, called c in the paper
    h  = u ⊙ h_prev + (1 - u) ⊙ n          output

Everything in it is dimensionless. TensorFlow 1 adds 1 to z_u within the forward; here the bias of
u starts at 1 instead. `manual_lstm.cells.gru` tells what ``update_gate`` means.

References
----------
J. Collins, J. Sohl-Dickstein, D. Sussillo, "Capacity and Trainability in Recurrent Neural
Networks", arXiv 1611.09913, 2017.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from manual_lstm import checks
from manual_lstm.activations import sigmoid
from manual_lstm.cells.description import Description
from manual_lstm.cells.gru import UPDATE_GATES
from manual_lstm.cells.hidden_state import HiddenState
from manual_lstm.checks import Array
from manual_lstm.gate_blocks import join_gates, split_gates
from manual_lstm.input_product import input_product, input_product_backward


class UGRNNParams(NamedTuple):
    """Weights of a UGRNN; also their gradients. Blocks of 2H in the order u, n.

    W_x is (D, 2H), W_h is (H, 2H), b is (2H,).
    """

    W_x: Any
    W_h: Any
    b: Any


class UGRNNCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    u: Array
    n: Array


@dataclass(frozen=True)
class UGRNN(Description[UGRNNParams, HiddenState]):
    """Describe an update gate RNN; it holds no weights.

    Parameters
    ----------
    input_size : int
        D, the size of one input, or the number of indices for index inputs.
    hidden_size : int
        H, the number of units.
    update_gate : {"keeps", "replaces"}, default "keeps"
        What an update gate of one does with the old state.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> ml.UGRNN(input_size=8, hidden_size=2).init_params(np.random.default_rng(0)).b
    array([1., 1., 0., 0.])
    """

    update_gate: str = "keeps"

    gates: ClassVar[str] = "un"
    bias_starts: ClassVar[Mapping[str, float]] = {"u": 1.0}
    state_shapes: ClassVar[HiddenState] = HiddenState(h=("B", "H"))

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.one_of("update_gate", self.update_gate, UPDATE_GATES)

    @property
    def param_shapes(self) -> UGRNNParams:
        """The shapes of the parameters, in letters."""
        return UGRNNParams(W_x=("D", "2H"), W_h=("H", "2H"), b=("2H",))

    def step(
        self, params: UGRNNParams, state: HiddenState, x: Array
    ) -> tuple[HiddenState, UGRNNCache]:
        """Return the next state, h (B, H), and the cache for `step_backward`."""
        W_x, W_h, b = params
        (h_prev,) = state

        z = input_product(x, W_x) + h_prev @ W_h + b  # (B, 2H)
        z_u, z_n = split_gates(z, 2)  # (B, H) each
        u = sigmoid(z_u)
        n = np.tanh(z_n)
        keep, replace = (u, 1 - u) if self.update_gate == "keeps" else (1 - u, u)
        h = keep * h_prev + replace * n
        return HiddenState(h), UGRNNCache(x, h_prev, u, n)

    def step_backward(
        self, params: UGRNNParams, cache: UGRNNCache, dstate: HiddenState
    ) -> tuple[UGRNNParams, HiddenState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, W_h, _ = params
        x, h_prev, u, n = cache
        (dh,) = dstate
        keep, replace = (u, 1 - u) if self.update_gate == "keeps" else (1 - u, u)

        # forward: h = keep * h_prev + replace * n
        dkeep = dh * h_prev
        dh_prev_from_h = dh * keep
        dreplace = dh * n
        dn = dh * replace
        # forward: keep, replace = (u, 1 - u), or (1 - u, u)
        du = dkeep - dreplace if self.update_gate == "keeps" else dreplace - dkeep
        # forward: n = tanh(z_n)
        dz_n = dn * (1 - n**2)
        # forward: u = sigmoid(z_u)
        dz_u = du * u * (1 - u)
        # forward: z_u, z_n = split_gates(z, 2)
        dz = join_gates(dz_u, dz_n)  # (B, 2H)
        # forward: z = x W_x + h_prev W_h + b
        db = dz.sum(axis=0)
        dW_h = h_prev.T @ dz
        dh_prev_from_z = dz @ W_h.T
        dx, dW_x = input_product_backward(x, W_x, dz)
        # h_prev is read in two places
        dh_prev = dh_prev_from_h + dh_prev_from_z
        return UGRNNParams(dW_x, dW_h, db), HiddenState(dh_prev), dx
