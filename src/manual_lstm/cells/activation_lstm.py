"""The LSTM with other activation functions than σ and tanh.

The equations of `manual_lstm.cells.lstm` with three functions left open: φ for the gates, γ for
the candidate and χ for the cell state on its way out (ONNX calls them f, g and h). One step takes
the input x (B, D) and the state h_prev, c_prev (B, H) to the state h, c::

    z  = x W_x + h_prev W_h + b            (B, 4H), blocks z_i, z_f, z_g, z_o
    i  = φ(z_i)                            input gate
    f  = φ(z_f)                            forget gate
    g  = γ(z_g)                            candidate
    o  = φ(z_o)                            output gate
    c  = f ⊙ c_prev + i ⊙ g                cell state
    h  = o ⊙ χ(c)                          output

Everything in it is dimensionless. Where a function has a kink, `manual_lstm.activations` tells
which slope is taken there.

References
----------
S. Hochreiter, J. Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1997, whose g
and h are stretched logistic functions, not tanh.
ONNX, operator LSTM, https://onnx.ai/onnx/operators/onnx__LSTM.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from manual_lstm import checks
from manual_lstm.activations import SIGMOID, TANH, Activation, is_activation
from manual_lstm.cells.description import Description
from manual_lstm.cells.lstm import LSTMParams, LSTMState
from manual_lstm.checks import Array
from manual_lstm.gate_blocks import join_gates, split_gates
from manual_lstm.input_product import input_product, input_product_backward


class ActivationLSTMCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    c_prev: Array
    i: Array
    f: Array
    g: Array
    o: Array
    squashed_c: Array


@dataclass(frozen=True)
class ActivationLSTM(Description[LSTMParams, LSTMState]):
    """Describe an LSTM with activations of one's choice; it holds no weights.

    Parameters
    ----------
    input_size : int
        D, the size of one input, or the number of indices for index inputs.
    hidden_size : int
        H, the number of units.
    bias : bool, default True
        Whether z has a bias; without it ``params.b`` is None.
    gate_activation : Activation, default Sigmoid()
        φ, Keras's ``recurrent_activation``.
    candidate_activation, output_activation : Activation, default Tanh()
        γ and χ, which are both Keras's ``activation``.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> cell = ml.ActivationLSTM(8, 16, gate_activation=ml.HardSigmoid(alpha=0.2))
    >>> cell.init_params(np.random.default_rng(0)).W_x.shape
    (8, 64)
    """

    bias: bool = True
    gate_activation: Activation = SIGMOID
    candidate_activation: Activation = TANH
    output_activation: Activation = TANH

    gates: ClassVar[str] = "ifgo"
    bias_starts: ClassVar[Mapping[str, float]] = {"f": 1.0}
    state_shapes: ClassVar[LSTMState] = LSTMState(h=("B", "H"), c=("B", "H"))

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.is_bool("bias", self.bias)
        is_activation("gate_activation", self.gate_activation)
        is_activation("candidate_activation", self.candidate_activation)
        is_activation("output_activation", self.output_activation)

    @property
    def param_shapes(self) -> LSTMParams:
        """The shapes of the parameters, in letters."""
        return LSTMParams(W_x=("D", "4H"), W_h=("H", "4H"), b=("4H",) if self.bias else None)

    def step(
        self, params: LSTMParams, state: LSTMState, x: Array
    ) -> tuple[LSTMState, ActivationLSTMCache]:
        """Return the next state, h and c (B, H), and the cache for `step_backward`."""
        W_x, W_h, b = params
        h_prev, c_prev = state

        z = input_product(x, W_x) + h_prev @ W_h  # (B, 4H)
        if b is not None:
            z = z + b
        z_i, z_f, z_g, z_o = split_gates(z, 4)  # (B, H) each
        i = self.gate_activation(z_i)
        f = self.gate_activation(z_f)
        g = self.candidate_activation(z_g)
        o = self.gate_activation(z_o)
        c = f * c_prev + i * g
        squashed_c = self.output_activation(c)
        h = o * squashed_c
        cache = ActivationLSTMCache(x, h_prev, c_prev, i, f, g, o, squashed_c)
        return LSTMState(h, c), cache

    def step_backward(
        self, params: LSTMParams, cache: ActivationLSTMCache, dstate: LSTMState
    ) -> tuple[LSTMParams, LSTMState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, W_h, b = params
        x, h_prev, c_prev, i, f, g, o, squashed_c = cache
        dh, dc_from_next = dstate

        # forward: h = o * squashed_c
        do = dh * squashed_c
        dsquashed_c = dh * o
        # forward: squashed_c = χ(c); and step t+1 reads c as its c_prev
        dc_from_h = dsquashed_c * self.output_activation.slope(squashed_c)
        dc = dc_from_h + dc_from_next
        # forward: c = f * c_prev + i * g
        df = dc * c_prev
        dc_prev = dc * f
        di = dc * g
        dg = dc * i
        # forward: o = φ(z_o)
        dz_o = do * self.gate_activation.slope(o)
        # forward: g = γ(z_g)
        dz_g = dg * self.candidate_activation.slope(g)
        # forward: f = φ(z_f)
        dz_f = df * self.gate_activation.slope(f)
        # forward: i = φ(z_i)
        dz_i = di * self.gate_activation.slope(i)
        # forward: z_i, z_f, z_g, z_o = split_gates(z, 4)
        dz = join_gates(dz_i, dz_f, dz_g, dz_o)  # (B, 4H)
        # forward: z = x W_x + h_prev W_h + b
        db = None if b is None else dz.sum(axis=0)
        dW_h = h_prev.T @ dz
        dh_prev = dz @ W_h.T
        dx, dW_x = input_product_backward(x, W_x, dz)
        return LSTMParams(dW_x, dW_h, db), LSTMState(dh_prev, dc_prev), dx
