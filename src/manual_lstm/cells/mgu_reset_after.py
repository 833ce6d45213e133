"""The minimal gated unit that resets after the product, as flax has it.

Zhou et al. 2016 with the reset of cuDNN's GRU: the gate weighs the result of the recurrent
product, which has a bias of its own. One step takes the input x (B, D) and the state h_prev
(B, H) to the state h::

    z_f  = x W_x + h_prev W_h + b          (B, H), from the first of two blocks
    f  = σ(z_f)                            the gate, called the forget gate
    m  = h_prev W_h + b_hn                 (B, H), from the second block
    n  = tanh(x W_x + b + f ⊙ m)           candidate
    h  = f ⊙ h_prev + (1 - f) ⊙ n          output

Everything in it is dimensionless. flax keeps the old state where the gate is one, and the paper
replaces it: ``update_gate="replaces"`` is h = (1 - f) ⊙ h_prev + f ⊙ n.

References
----------
G.-B. Zhou, J. Wu, C.-L. Zhang, Z.-H. Zhou, "Minimal Gated Unit for Recurrent Neural Networks",
International Journal of Automation and Computing 13(3), 2016, arXiv 1603.09420.
"""

from __future__ import annotations

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


class MGUResetAfterParams(NamedTuple):
    """Weights of an MGU that resets after the product; also their gradients.

    W_x is (D, 2H), W_h is (H, 2H), b is (2H,), in blocks f, n; b_hn (H,) is the bias of the
    candidate inside the bracket that f multiplies.
    """

    W_x: Any
    W_h: Any
    b: Any
    b_hn: Any


class MGUResetAfterCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    f: Array
    m: Array
    n: Array


@dataclass(frozen=True)
class MGUResetAfter(Description[MGUResetAfterParams, HiddenState]):
    """Describe a minimal gated unit that resets after the product; it holds no weights.

    Parameters
    ----------
    input_size : int
        D, the size of one input, or the number of indices for index inputs.
    hidden_size : int
        H, the number of units.
    update_gate : {"keeps", "replaces"}, default "keeps"
        What a gate of one does with the old state.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> cell = ml.MGUResetAfter(input_size=8, hidden_size=16)
    >>> cell.init_params(np.random.default_rng(0)).b_hn.shape
    (16,)
    """

    update_gate: str = "keeps"

    gates: ClassVar[str] = "fn"
    state_shapes: ClassVar[HiddenState] = HiddenState(h=("B", "H"))

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.one_of("update_gate", self.update_gate, UPDATE_GATES)

    @property
    def param_shapes(self) -> MGUResetAfterParams:
        """The shapes of the parameters, in letters."""
        return MGUResetAfterParams(W_x=("D", "2H"), W_h=("H", "2H"), b=("2H",), b_hn=("H",))

    def step(
        self, params: MGUResetAfterParams, state: HiddenState, x: Array
    ) -> tuple[HiddenState, MGUResetAfterCache]:
        """Return the next state, h (B, H), and the cache for `step_backward`."""
        W_x, W_h, b, b_hn = params
        (h_prev,) = state

        z_xf, z_xn = split_gates(input_product(x, W_x) + b, 2)  # (B, H) each
        z_hf, z_hn = split_gates(h_prev @ W_h, 2)
        f = sigmoid(z_xf + z_hf)
        m = z_hn + b_hn
        n = np.tanh(z_xn + f * m)
        keep, replace = (f, 1 - f) if self.update_gate == "keeps" else (1 - f, f)
        h = keep * h_prev + replace * n
        return HiddenState(h), MGUResetAfterCache(x, h_prev, f, m, n)

    def step_backward(
        self, params: MGUResetAfterParams, cache: MGUResetAfterCache, dstate: HiddenState
    ) -> tuple[MGUResetAfterParams, HiddenState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, W_h, _, _ = params
        x, h_prev, f, m, n = cache
        (dh,) = dstate
        keep, replace = (f, 1 - f) if self.update_gate == "keeps" else (1 - f, f)

        # forward: h = keep * h_prev + replace * n
        dkeep = dh * h_prev
        dh_prev_from_h = dh * keep
        dreplace = dh * n
        dn = dh * replace
        # forward: keep, replace = (f, 1 - f), or (1 - f, f)
        df_from_h = dkeep - dreplace if self.update_gate == "keeps" else dreplace - dkeep
        # forward: n = tanh(z_xn + f * m)
        dz_n = dn * (1 - n**2)
        df_from_n = dz_n * m
        dm = dz_n * f
        # forward: m = z_hn + b_hn
        db_hn = dm.sum(axis=0)
        # forward: f = sigmoid(z_xf + z_hf)
        df = df_from_h + df_from_n
        dz_f = df * f * (1 - f)
        # forward: z_hf, z_hn = split_gates(h_prev W_h, 2)
        dz_h = join_gates(dz_f, dm)  # (B, 2H)
        dW_h = h_prev.T @ dz_h
        dh_prev_from_z = dz_h @ W_h.T
        # forward: z_xf, z_xn = split_gates(x W_x + b, 2)
        dz_x = join_gates(dz_f, dz_n)  # (B, 2H)
        db = dz_x.sum(axis=0)
        dx, dW_x = input_product_backward(x, W_x, dz_x)
        # h_prev is read in two places
        dh_prev = dh_prev_from_h + dh_prev_from_z
        return MGUResetAfterParams(dW_x, dW_h, db, db_hn), HiddenState(dh_prev), dx
