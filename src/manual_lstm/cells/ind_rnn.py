"""The independently recurrent network: each unit remembers itself and nobody else.

Li et al. 2018. One step takes the input x (B, D) and the state h_prev (B, H) to the state h::

    z  = x W_x + w_h ⊙ h_prev + b          (B, H)
    h  = φ(z)                              output, φ = ReLU unless told otherwise

Everything in it is dimensionless. The recurrent weight is a vector w_h (H,): units meet only
through a layer on top. Along T steps the gradient of a unit is multiplied by w_h^T and slopes, so
the paper keeps ``|w_h|`` below γ^(1/T), which is the business of whoever trains. ReLU has a kink at
z = 0, where the slope is taken to be 0; see `manual_lstm.activations`.

References
----------
S. Li, W. Li, C. Cook, C. Zhu, Y. Gao, "Independently Recurrent Neural Network (IndRNN): Building
A Longer and Deeper RNN", CVPR 2018, arXiv 1803.04831, equation 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from manual_lstm.activations import RELU, Activation, is_activation
from manual_lstm.cells.description import Description
from manual_lstm.cells.hidden_state import HiddenState
from manual_lstm.checks import Array
from manual_lstm.input_product import input_product, input_product_backward


class IndRNNParams(NamedTuple):
    """Weights of an IndRNN; also their gradients. W_x is (D, H), w_h and b are (H,)."""

    W_x: Any
    w_h: Any
    b: Any


class IndRNNCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    h: Array


@dataclass(frozen=True)
class IndRNN(Description[IndRNNParams, HiddenState]):
    """Describe an independently recurrent network; it holds no weights.

    Parameters
    ----------
    input_size : int
        D, the size of one input, or the number of indices for index inputs.
    hidden_size : int
        H, the number of units.
    activation : Activation, default ReLU()
        φ; see `manual_lstm.activations`.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> cell = ml.IndRNN(input_size=8, hidden_size=16)
    >>> cell.init_params(np.random.default_rng(0)).w_h.shape
    (16,)
    """

    activation: Activation = RELU

    state_shapes: ClassVar[HiddenState] = HiddenState(h=("B", "H"))

    def __post_init__(self) -> None:
        super().__post_init__()
        is_activation("activation", self.activation)

    @property
    def param_shapes(self) -> IndRNNParams:
        """The shapes of the parameters, in letters."""
        return IndRNNParams(W_x=("D", "H"), w_h=("H",), b=("H",))

    def step(
        self, params: IndRNNParams, state: HiddenState, x: Array
    ) -> tuple[HiddenState, IndRNNCache]:
        """Return the next state, h (B, H), and the cache for `step_backward`."""
        W_x, w_h, b = params
        (h_prev,) = state

        z = input_product(x, W_x) + w_h * h_prev + b  # (B, H)
        h = self.activation(z)
        return HiddenState(h), IndRNNCache(x, h_prev, h)

    def step_backward(
        self, params: IndRNNParams, cache: IndRNNCache, dstate: HiddenState
    ) -> tuple[IndRNNParams, HiddenState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, w_h, _ = params
        x, h_prev, h = cache
        (dh,) = dstate

        # forward: h = φ(z)
        dz = dh * self.activation.slope(h)
        # forward: z = x W_x + w_h * h_prev + b
        db = dz.sum(axis=0)
        dw_h = (dz * h_prev).sum(axis=0)
        dh_prev = dz * w_h
        dx, dW_x = input_product_backward(x, W_x, dz)
        return IndRNNParams(dW_x, dw_h, db), HiddenState(dh_prev), dx
