"""The plain recurrent network of Elman.

Elman 1990, equation by equation the simplest of all. One step takes the input x (B, D) and the
state h_prev (B, H) to the state h::

    z  = x W_x + h_prev W_h + b            (B, H)
    h  = φ(z)                              output, φ = tanh unless told otherwise

Everything in it is dimensionless. With φ = ReLU there is a kink at z = 0, where the slope is taken
to be 0; `manual_lstm.activations` tells why that is no mistake.

References
----------
J. L. Elman, "Finding Structure in Time", Cognitive Science 14(2), 1990.
Q. V. Le, N. Jaitly, G. E. Hinton, "A Simple Way to Initialize Recurrent Networks of Rectified
Linear Units", arXiv 1504.00941, 2015.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from manual_lstm import checks
from manual_lstm.activations import TANH, Activation, is_activation
from manual_lstm.cells.description import Description
from manual_lstm.cells.hidden_state import HiddenState
from manual_lstm.checks import Array
from manual_lstm.input_product import input_product, input_product_backward


class RNNParams(NamedTuple):
    """Weights of a plain RNN; also their gradients.

    W_x is (D, H), W_h is (H, H), b is (H,), or None in an RNN without bias.
    """

    W_x: Any
    W_h: Any
    b: Any


class RNNCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    h: Array


@dataclass(frozen=True)
class RNN(Description[RNNParams, HiddenState]):
    """Describe a plain RNN; it holds no weights.

    Parameters
    ----------
    input_size : int
        D, the size of one input, or the number of indices for index inputs.
    hidden_size : int
        H, the number of units.
    bias : bool, default True
        Whether z has a bias; without it ``params.b`` is None.
    activation : Activation, default Tanh()
        φ, such as ``ReLU()``; see `manual_lstm.activations`.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> cell = ml.RNN(input_size=8, hidden_size=16, activation=ml.ReLU())
    >>> cell.init_params(np.random.default_rng(0)).W_x.shape
    (8, 16)
    """

    bias: bool = True
    activation: Activation = TANH

    state_shapes: ClassVar[HiddenState] = HiddenState(h=("B", "H"))

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.is_bool("bias", self.bias)
        is_activation("activation", self.activation)

    @property
    def param_shapes(self) -> RNNParams:
        """The shapes of the parameters, in letters."""
        return RNNParams(W_x=("D", "H"), W_h=("H", "H"), b=("H",) if self.bias else None)

    def step(self, params: RNNParams, state: HiddenState, x: Array) -> tuple[HiddenState, RNNCache]:
        """Return the next state, h (B, H), and the cache for `step_backward`."""
        W_x, W_h, b = params
        (h_prev,) = state

        z = input_product(x, W_x) + h_prev @ W_h  # (B, H)
        if b is not None:
            z = z + b
        h = self.activation(z)
        return HiddenState(h), RNNCache(x, h_prev, h)

    def step_backward(
        self, params: RNNParams, cache: RNNCache, dstate: HiddenState
    ) -> tuple[RNNParams, HiddenState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, W_h, b = params
        x, h_prev, h = cache
        (dh,) = dstate

        # forward: h = φ(z)
        dz = dh * self.activation.slope(h)
        # forward: z = x W_x + h_prev W_h + b
        db = None if b is None else dz.sum(axis=0)
        dW_h = h_prev.T @ dz
        dh_prev = dz @ W_h.T
        dx, dW_x = input_product_backward(x, W_x, dz)
        return RNNParams(dW_x, dW_h, db), HiddenState(dh_prev), dx
