"""The minimal gated unit: a GRU in which one gate resets and updates.

Zhou et al. 2016. One step takes the input x (B, D) and the state h_prev (B, H) to the state h::

    z_f  = x W_x + h_prev W_h + b              (B, H), from the first of two blocks
    f  = σ(z_f)                                the gate, called the forget gate
    h_reset = f ⊙ h_prev
    n  = tanh(x W_x + h_reset W_h + b)         candidate, from the second block
    h  = (1 - f) ⊙ h_prev + f ⊙ n              output

Everything in it is dimensionless. That a gate of one *replaces* the old state is the paper's
convention; with ``update_gate="keeps"`` it is h = f ⊙ h_prev + (1 - f) ⊙ n, which is another
function here: f also resets, and there its sense stays the same. `MGUResetAfter` is flax's.

References
----------
G.-B. Zhou, J. Wu, C.-L. Zhang, Z.-H. Zhou, "Minimal Gated Unit for Recurrent Neural Networks",
International Journal of Automation and Computing 13(3), 2016, arXiv 1603.09420, table 2.
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


class MGUParams(NamedTuple):
    """Weights of an MGU; also their gradients. Blocks of 2H in the order f, n.

    W_x is (D, 2H), W_h is (H, 2H), b is (2H,).
    """

    W_x: Any
    W_h: Any
    b: Any


class MGUCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    f: Array
    h_reset: Array
    n: Array


@dataclass(frozen=True)
class MGU(Description[MGUParams, HiddenState]):
    """Describe a minimal gated unit; it holds no weights.

    Parameters
    ----------
    input_size : int
        D, the size of one input, or the number of indices for index inputs.
    hidden_size : int
        H, the number of units.
    update_gate : {"replaces", "keeps"}, default "replaces"
        What a gate of one does with the old state.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> cell = ml.MGU(input_size=8, hidden_size=16)
    >>> cell.init_params(np.random.default_rng(0)).W_x.shape
    (8, 32)
    """

    update_gate: str = "replaces"

    gates: ClassVar[str] = "fn"
    state_shapes: ClassVar[HiddenState] = HiddenState(h=("B", "H"))

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.one_of("update_gate", self.update_gate, UPDATE_GATES)

    @property
    def param_shapes(self) -> MGUParams:
        """The shapes of the parameters, in letters."""
        return MGUParams(W_x=("D", "2H"), W_h=("H", "2H"), b=("2H",))

    def step(self, params: MGUParams, state: HiddenState, x: Array) -> tuple[HiddenState, MGUCache]:
        """Return the next state, h (B, H), and the cache for `step_backward`."""
        W_x, W_h, b = params
        W_hf, W_hn = split_gates(W_h, 2)  # (H, H) each
        (h_prev,) = state

        z_xf, z_xn = split_gates(input_product(x, W_x) + b, 2)  # (B, H) each
        f = sigmoid(z_xf + h_prev @ W_hf)
        h_reset = f * h_prev
        n = np.tanh(z_xn + h_reset @ W_hn)
        keep, replace = (f, 1 - f) if self.update_gate == "keeps" else (1 - f, f)
        h = keep * h_prev + replace * n
        return HiddenState(h), MGUCache(x, h_prev, f, h_reset, n)

    def step_backward(
        self, params: MGUParams, cache: MGUCache, dstate: HiddenState
    ) -> tuple[MGUParams, HiddenState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, W_h, _ = params
        W_hf, W_hn = split_gates(W_h, 2)
        x, h_prev, f, h_reset, n = cache
        (dh,) = dstate
        keep, replace = (f, 1 - f) if self.update_gate == "keeps" else (1 - f, f)

        # forward: h = keep * h_prev + replace * n
        dkeep = dh * h_prev
        dh_prev_from_h = dh * keep
        dreplace = dh * n
        dn = dh * replace
        # forward: keep, replace = (f, 1 - f), or (1 - f, f)
        df_from_h = dkeep - dreplace if self.update_gate == "keeps" else dreplace - dkeep
        # forward: n = tanh(z_xn + h_reset W_hn)
        dz_n = dn * (1 - n**2)
        dh_reset = dz_n @ W_hn.T
        dW_hn = h_reset.T @ dz_n
        # forward: h_reset = f * h_prev
        df_from_reset = dh_reset * h_prev
        dh_prev_from_reset = dh_reset * f
        # forward: f = sigmoid(z_xf + h_prev W_hf)
        df = df_from_h + df_from_reset
        dz_f = df * f * (1 - f)
        dh_prev_from_f = dz_f @ W_hf.T
        dW_hf = h_prev.T @ dz_f
        # forward: z_xf, z_xn = split_gates(x W_x + b, 2)
        dz_x = join_gates(dz_f, dz_n)  # (B, 2H)
        db = dz_x.sum(axis=0)
        dx, dW_x = input_product_backward(x, W_x, dz_x)
        # h_prev is read in three places
        dh_prev = dh_prev_from_h + dh_prev_from_reset + dh_prev_from_f
        dW_h = join_gates(dW_hf, dW_hn)  # (H, 2H)
        return MGUParams(dW_x, dW_h, db), HiddenState(dh_prev), dx
