"""minGRU: a GRU whose gate and candidate see the input alone.

Feng et al. 2024. One step takes the input x (B, D) and the state h_prev (B, H) to the state h::

    z  = x W_x + b                         (B, 2H), blocks z_u, n
    u  = σ(z_u)                            update gate, called z in the paper
    n  = z_n                               candidate, no squashing
    h  = (1 - u) ⊙ h_prev + u ⊙ n          output

Everything in it is dimensionless. h is linear in h_prev with weights that do not depend on it, so
all steps could be computed by a parallel scan; here they are computed in order, with the same
result. A gate of one replaces the old state, as in the paper; ``update_gate="keeps"`` is
h = u ⊙ h_prev + (1 - u) ⊙ n.

References
----------
L. Feng, F. Tung, M. O. Ahmed, Y. Bengio, H. Hajimirsadeghi, "Were RNNs All We Needed?",
arXiv 2410.01201, 2024, section 3.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from manual_lstm import checks
from manual_lstm.activations import sigmoid
from manual_lstm.cells.description import Description
from manual_lstm.cells.gru import UPDATE_GATES
from manual_lstm.cells.hidden_state import HiddenState
from manual_lstm.checks import Array
from manual_lstm.gate_blocks import join_gates, split_gates
from manual_lstm.input_product import input_product, input_product_backward


class MinGRUParams(NamedTuple):
    """Weights of a minGRU; also their gradients. Blocks of 2H in the order u, n.

    W_x is (D, 2H), b is (2H,).
    """

    W_x: Any
    b: Any


class MinGRUCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    u: Array
    n: Array


@dataclass(frozen=True)
class MinGRU(Description[MinGRUParams, HiddenState]):
    """Describe a minGRU; it holds no weights.

    Parameters
    ----------
    input_size : int
        D, the size of one input, or the number of indices for index inputs.
    hidden_size : int
        H, the number of units.
    update_gate : {"replaces", "keeps"}, default "replaces"
        What an update gate of one does with the old state.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> cell = ml.MinGRU(input_size=8, hidden_size=16)
    >>> cell.init_params(np.random.default_rng(0)).W_x.shape
    (8, 32)
    """

    update_gate: str = "replaces"

    gates: ClassVar[str] = "un"
    state_shapes: ClassVar[HiddenState] = HiddenState(h=("B", "H"))

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.one_of("update_gate", self.update_gate, UPDATE_GATES)

    @property
    def param_shapes(self) -> MinGRUParams:
        """The shapes of the parameters, in letters."""
        return MinGRUParams(W_x=("D", "2H"), b=("2H",))

    def step(
        self, params: MinGRUParams, state: HiddenState, x: Array
    ) -> tuple[HiddenState, MinGRUCache]:
        """Return the next state, h (B, H), and the cache for `step_backward`."""
        W_x, b = params
        (h_prev,) = state

        z_u, n = split_gates(input_product(x, W_x) + b, 2)  # (B, H) each
        u = sigmoid(z_u)
        keep, replace = (u, 1 - u) if self.update_gate == "keeps" else (1 - u, u)
        h = keep * h_prev + replace * n
        return HiddenState(h), MinGRUCache(x, h_prev, u, n)

    def step_backward(
        self, params: MinGRUParams, cache: MinGRUCache, dstate: HiddenState
    ) -> tuple[MinGRUParams, HiddenState, Array | None]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        W_x, _ = params
        x, h_prev, u, n = cache
        (dh,) = dstate
        keep, replace = (u, 1 - u) if self.update_gate == "keeps" else (1 - u, u)

        # forward: h = keep * h_prev + replace * n
        dkeep = dh * h_prev
        dh_prev = dh * keep
        dreplace = dh * n
        dn = dh * replace
        # forward: keep, replace = (u, 1 - u), or (1 - u, u)
        du = dkeep - dreplace if self.update_gate == "keeps" else dreplace - dkeep
        # forward: u = sigmoid(z_u)
        dz_u = du * u * (1 - u)
        # forward: z_u, n = split_gates(x W_x + b, 2)
        dz = join_gates(dz_u, dn)  # (B, 2H)
        db = dz.sum(axis=0)
        dx, dW_x = input_product_backward(x, W_x, dz)
        return MinGRUParams(dW_x, db), HiddenState(dh_prev), dx
