"""The gated recurrent unit that resets before the product, as first published.

Cho et al. 2014 in its final version, and Chung et al. 2014. One step takes the input x (B, D) and
the state h_prev (B, H) to the state h::

    z_r, z_u  = x W_x + h_prev W_h + b         (B, H) each, from two of the three blocks
    r  = σ(z_r)                                reset gate
    u  = σ(z_u)                                update gate, called z in most papers
    h_reset = r ⊙ h_prev
    n  = tanh(x W_x + h_reset W_h + b)         candidate, from the third block
    h  = u ⊙ h_prev + (1 - u) ⊙ n              output

Everything in it is dimensionless. This is Haiku's GRU, Keras's with ``reset_after=False`` and
ONNX's by default. `manual_lstm.cells.gru` tells how it differs from the one that resets after the
product, and what ``update_gate`` means.

References
----------
K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine
Translation", arXiv 1406.1078v3, 2014, equations 5 to 8.
J. Chung, C. Gulcehre, K. Cho, Y. Bengio, "Empirical Evaluation of Gated Recurrent Neural Networks
on Sequence Modeling", arXiv 1412.3555, 2014.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from manual_lstm import checks
from manual_lstm.activations import SIGMOID, TANH, Activation, is_activation
from manual_lstm.cells.description import Description
from manual_lstm.cells.gru import UPDATE_GATES
from manual_lstm.cells.hidden_state import HiddenState
from manual_lstm.checks import Array
from manual_lstm.gate_blocks import join_gates, split_gates
from manual_lstm.input_product import input_product, input_product_backward


class GRUResetBeforeParams(NamedTuple):
    """Weights of a GRU that resets before the product; also their gradients.

    W_x is (D, 3H), W_h is (H, 3H), b is (3H,), or None in a GRU without bias; blocks of 3H in the
    order r, u, n.
    """

    W_x: Any
    W_h: Any
    b: Any


class GRUResetBeforeCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    r: Array
    u: Array
    h_reset: Array
    n: Array


@dataclass(frozen=True)
class GRUResetBefore(Description[GRUResetBeforeParams, HiddenState]):
    """Describe a GRU that resets before the recurrent product; it holds no weights.

    Parameters
    ----------
    input_size : int
        D, the size of one input, or the number of indices for index inputs.
    hidden_size : int
        H, the number of units.
    bias : bool, default True
        Whether there is a bias; without it ``params.b`` is None.
    update_gate : {"keeps", "replaces"}, default "keeps"
        What an update gate of one does with the old state.
    gate_activation, candidate_activation : Activation, default Sigmoid(), Tanh()
        Of the gates r and u, and of the candidate n; see `manual_lstm.activations`.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> haikus = ml.GRUResetBefore(input_size=8, hidden_size=16, update_gate="replaces")
    >>> haikus.init_params(np.random.default_rng(0)).W_h.shape
    (16, 48)
    """

    bias: bool = True
    update_gate: str = "keeps"
    gate_activation: Activation = SIGMOID
    candidate_activation: Activation = TANH

    gates: ClassVar[str] = "run"
    state_shapes: ClassVar[HiddenState] = HiddenState(h=("B", "H"))

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.is_bool("bias", self.bias)
        checks.one_of("update_gate", self.update_gate, UPDATE_GATES)
        is_activation("gate_activation", self.gate_activation)
        is_activation("candidate_activation", self.candidate_activation)

    @property
    def param_shapes(self) -> GRUResetBeforeParams:
        """The shapes of the parameters, in letters."""
        b = ("3H",) if self.bias else None
        return GRUResetBeforeParams(W_x=("D", "3H"), W_h=("H", "3H"), b=b)

    def step(
        self, params: GRUResetBeforeParams, state: HiddenState, x: Array
    ) -> tuple[HiddenState, GRUResetBeforeCache]:
        """Return the next state, h (B, H), and the cache for `step_backward`."""
        W_x, W_h, b = params
        W_hr, W_hu, W_hn = split_gates(W_h, 3)  # (H, H) each
        (h_prev,) = state

        z_x = input_product(x, W_x)  # (B, 3H)
        if b is not None:
            z_x = z_x + b
        z_xr, z_xu, z_xn = split_gates(z_x, 3)  # (B, H) each
        r = self.gate_activation(z_xr + h_prev @ W_hr)
        u = self.gate_activation(z_xu + h_prev @ W_hu)
        h_reset = r * h_prev
        n = self.candidate_activation(z_xn + h_reset @ W_hn)
        keep, replace = (u, 1 - u) if self.update_gate == "keeps" else (1 - u, u)
        h = keep * h_prev + replace * n
        return HiddenState(h), GRUResetBeforeCache(x, h_prev, r, u, h_reset, n)

    def step_backward(
        self, params: GRUResetBeforeParams, cache: GRUResetBeforeCache, dstate: HiddenState
    ) -> tuple[GRUResetBeforeParams, HiddenState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, W_h, b = params
        W_hr, W_hu, W_hn = split_gates(W_h, 3)
        x, h_prev, r, u, h_reset, n = cache
        (dh,) = dstate
        keep, replace = (u, 1 - u) if self.update_gate == "keeps" else (1 - u, u)

        # forward: h = keep * h_prev + replace * n
        dkeep = dh * h_prev
        dh_prev_from_h = dh * keep
        dreplace = dh * n
        dn = dh * replace
        # forward: keep, replace = (u, 1 - u), or (1 - u, u)
        du = dkeep - dreplace if self.update_gate == "keeps" else dreplace - dkeep
        # forward: n = tanh(z_xn + h_reset W_hn)
        dz_n = dn * self.candidate_activation.slope(n)
        dh_reset = dz_n @ W_hn.T
        dW_hn = h_reset.T @ dz_n
        # forward: h_reset = r * h_prev
        dr = dh_reset * h_prev
        dh_prev_from_reset = dh_reset * r
        # forward: u = σ(z_xu + h_prev W_hu)
        dz_u = du * self.gate_activation.slope(u)
        dh_prev_from_u = dz_u @ W_hu.T
        dW_hu = h_prev.T @ dz_u
        # forward: r = σ(z_xr + h_prev W_hr)
        dz_r = dr * self.gate_activation.slope(r)
        dh_prev_from_r = dz_r @ W_hr.T
        dW_hr = h_prev.T @ dz_r
        # forward: z_xr, z_xu, z_xn = split_gates(x W_x + b, 3)
        dz_x = join_gates(dz_r, dz_u, dz_n)  # (B, 3H)
        db = None if b is None else dz_x.sum(axis=0)
        dx, dW_x = input_product_backward(x, W_x, dz_x)
        # h_prev is read in four places
        dh_prev = dh_prev_from_h + dh_prev_from_reset + dh_prev_from_u + dh_prev_from_r
        dW_h = join_gates(dW_hr, dW_hu, dW_hn)  # (H, 3H)
        return GRUResetBeforeParams(dW_x, dW_h, db), HiddenState(dh_prev), dx
