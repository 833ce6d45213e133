"""The LSTM with layer normalisation.

What comes from the input, what comes from the output before, and what the cell state shows are
normalised, each row over all its entries: LN(a; α) = α ⊙ (a - mean(a)) / √(var(a) + ε). One step
takes x (B, D) and h_prev, c_prev (B, H) to h, c::

    z  = LN(x W_x; α_x) + LN(h_prev W_h; α_h) + b      (B, 4H), blocks z_i, z_f, z_g, z_o
    i  = σ(z_i)                            input gate
    f  = σ(z_f)                            forget gate
    g  = tanh(z_g)                         candidate
    o  = σ(z_o)                            output gate
    c  = f ⊙ c_prev + i ⊙ g                cell state
    n  = LN(c; α_c) + b_c                  what is shown of it
    h  = o ⊙ tanh(n)                       output

A row of x W_x and of h_prev W_h is normalised over its 4H entries, all gates together; the
paper's shifts β_1 and β_2 are one with b. The state holds c as it is, not normalised: so it is in
the paper and in haste. (TensorFlow's LayerNormBasicLSTMCell normalises gate by gate, and stores
the normalised c.)

References
----------
J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer Normalization", arXiv:1607.06450, 2016, the
LSTM of the supplement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from manual_lstm import checks
from manual_lstm.activations import sigmoid
from manual_lstm.cells.description import Description
from manual_lstm.cells.lstm import LSTMState
from manual_lstm.checks import Array
from manual_lstm.gate_blocks import join_gates, split_gates
from manual_lstm.input_product import input_product, input_product_backward
from manual_lstm.layer_norm import LayerNormCache, layer_norm, layer_norm_backward


class LayerNormLSTMParams(NamedTuple):
    """Weights of a layer-normalised LSTM; also their gradients.

    W_x is (D, 4H), W_h is (H, 4H), b and the gains α_x and α_h are (4H,), blocks in the order
    i, f, g, o; the gain α_c and the shift b_c of the cell state are (H,).
    """

    W_x: Any
    W_h: Any
    b: Any
    gain_x: Any
    gain_h: Any
    gain_c: Any
    b_c: Any


class LayerNormLSTMCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    c_prev: Array
    norm_x: LayerNormCache
    norm_h: LayerNormCache
    i: Array
    f: Array
    g: Array
    o: Array
    norm_c: LayerNormCache
    tanh_n: Array


@dataclass(frozen=True)
class LayerNormLSTM(Description[LayerNormLSTMParams, LSTMState]):
    """Describe an LSTM with layer normalisation; it holds no weights.

    Parameters
    ----------
    input_size : int
        D, the size of one input, or the number of indices for index inputs.
    hidden_size : int
        H, the number of units.
    epsilon : float, default 1e-5
        ε, added to a variance, so that a row of equal entries has a value.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> cell = ml.LayerNormLSTM(input_size=8, hidden_size=16)
    >>> cell.init_params(np.random.default_rng(0)).gain_x.shape
    (64,)
    """

    epsilon: float = 1e-5

    gates: ClassVar[str] = "ifgo"
    bias_starts: ClassVar[Mapping[str, float]] = {"f": 1.0}
    state_shapes: ClassVar[LSTMState] = LSTMState(h=("B", "H"), c=("B", "H"))

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.is_real("epsilon", self.epsilon, positive=True)

    @property
    def param_shapes(self) -> LayerNormLSTMParams:
        """The shapes of the parameters, in letters."""
        return LayerNormLSTMParams(
            W_x=("D", "4H"), W_h=("H", "4H"), b=("4H",),
            gain_x=("4H",), gain_h=("4H",), gain_c=("H",), b_c=("H",),
        )  # fmt: skip

    def step(
        self, params: LayerNormLSTMParams, state: LSTMState, x: Array
    ) -> tuple[LSTMState, LayerNormLSTMCache]:
        """Return the next state, h and c (B, H), and the cache for `step_backward`."""
        W_x, W_h, b, gain_x, gain_h, gain_c, b_c = params
        h_prev, c_prev = state
        epsilon = float(self.epsilon)

        y_x, norm_x = layer_norm(input_product(x, W_x), gain_x, epsilon)  # (B, 4H)
        y_h, norm_h = layer_norm(h_prev @ W_h, gain_h, epsilon)  # (B, 4H)
        z = y_x + y_h + b  # (B, 4H)
        z_i, z_f, z_g, z_o = split_gates(z, 4)  # (B, H) each
        i = sigmoid(z_i)
        f = sigmoid(z_f)
        g = np.tanh(z_g)
        o = sigmoid(z_o)
        c = f * c_prev + i * g
        y_c, norm_c = layer_norm(c, gain_c, epsilon)
        n = y_c + b_c
        tanh_n = np.tanh(n)
        h = o * tanh_n
        cache = LayerNormLSTMCache(x, h_prev, c_prev, norm_x, norm_h, i, f, g, o, norm_c, tanh_n)
        return LSTMState(h, c), cache

    def step_backward(
        self, params: LayerNormLSTMParams, cache: LayerNormLSTMCache, dstate: LSTMState
    ) -> tuple[LayerNormLSTMParams, LSTMState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, W_h, _, gain_x, gain_h, gain_c, _ = params
        x, h_prev, c_prev, norm_x, norm_h, i, f, g, o, norm_c, tanh_n = cache
        dh, dc_from_next = dstate

        # forward: h = o * tanh_n
        do = dh * tanh_n
        dtanh_n = dh * o
        # forward: tanh_n = tanh(n)
        dn = dtanh_n * (1 - tanh_n**2)
        # forward: n = y_c + b_c
        db_c = dn.sum(axis=0)
        # forward: y_c = layer_norm(c, gain_c); and step t+1 reads c as its c_prev
        dc_from_h, dgain_c = layer_norm_backward(gain_c, norm_c, dn)
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
        # forward: z = y_x + y_h + b
        db = dz.sum(axis=0)
        # forward: y_h = layer_norm(h_prev @ W_h, gain_h)
        da_h, dgain_h = layer_norm_backward(gain_h, norm_h, dz)
        dW_h = h_prev.T @ da_h
        dh_prev = da_h @ W_h.T
        # forward: y_x = layer_norm(x W_x, gain_x)
        da_x, dgain_x = layer_norm_backward(gain_x, norm_x, dz)
        dx, dW_x = input_product_backward(x, W_x, da_x)
        return (
            LayerNormLSTMParams(dW_x, dW_h, db, dgain_x, dgain_h, dgain_c, db_c),
            LSTMState(dh_prev, dc_prev),
            dx,
        )
