"""The gated recurrent unit that resets after the product, as PyTorch, cuDNN and Keras have it.

Cho et al. 2014 in its first version. One step takes the input x (B, D) and the state h_prev (B, H)
to the state h::

    z_r, z_u  = x W_x + h_prev W_h + b     (B, H) each, from two of the three blocks
    r  = σ(z_r)                            reset gate
    u  = σ(z_u)                            update gate, called z in most papers
    m  = h_prev W_h + b_hn                 (B, H), from the third block
    n  = tanh(x W_x + b + r ⊙ m)           candidate
    h  = u ⊙ h_prev + (1 - u) ⊙ n          output

Everything in it is dimensionless.

**Reset before or after?** After: r weighs the *result* of the recurrent product, so that one
product h_prev W_h serves all gates, and the candidate needs a bias b_hn of its own inside the
bracket, which no other bias can stand for. Before (`GRUResetBefore`): r weighs h_prev itself. The
two are different functions, so weights trained with one give wrong results in the other: as here
PyTorch, cuDNN, JAX's flax and equinox, Keras with ``reset_after=True`` (its default) and ONNX
with ``linear_before_reset=1``; before: Haiku, Keras with ``reset_after=False`` and ONNX by default.

**u or 1 - u?** Whether an update gate of one keeps the old state or replaces it is a convention:
``update_gate="keeps"`` is h = u ⊙ h_prev + (1 - u) ⊙ n (Cho et al. 2014, PyTorch, Keras, ONNX,
flax), ``"replaces"`` is h = (1 - u) ⊙ h_prev + u ⊙ n (Chung et al. 2014, Haiku). Since
σ(-z) = 1 - σ(z), the same function has the block u of its weights negated; the gradient of that
block changes its sign with it.

References
----------
K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine
Translation", arXiv 1406.1078v1, 2014.
J. Chung, C. Gulcehre, K. Cho, Y. Bengio, "Empirical Evaluation of Gated Recurrent Neural Networks
on Sequence Modeling", arXiv 1412.3555, 2014.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from manual_lstm import checks
from manual_lstm.activations import SIGMOID, TANH, Activation, is_activation
from manual_lstm.cells.description import Description
from manual_lstm.cells.hidden_state import HiddenState
from manual_lstm.checks import Array
from manual_lstm.gate_blocks import join_gates, split_gates
from manual_lstm.input_product import input_product, input_product_backward

UPDATE_GATES = ("keeps", "replaces")


class GRUParams(NamedTuple):
    """Weights of a GRU; also their gradients. Blocks of 3H in the order r, u, n.

    W_x is (D, 3H), W_h is (H, 3H), b is (3H,), and b_hn (H,) is the bias of the candidate inside
    the bracket that r multiplies; both biases are None in a GRU without bias.
    """

    W_x: Any
    W_h: Any
    b: Any
    b_hn: Any


class GRUCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    x: Array
    h_prev: Array
    r: Array
    u: Array
    m: Array
    n: Array


@dataclass(frozen=True)
class GRU(Description[GRUParams, HiddenState]):
    """Describe a GRU that resets after the recurrent product; it holds no weights.

    Parameters
    ----------
    input_size : int
        D, the size of one input, or the number of indices for index inputs.
    hidden_size : int
        H, the number of units.
    bias : bool, default True
        Whether there are biases; without them ``params.b`` and ``params.b_hn`` are None.
    update_gate : {"keeps", "replaces"}, default "keeps"
        What an update gate of one does with the old state.
    gate_activation, candidate_activation : Activation, default Sigmoid(), Tanh()
        Of the gates r and u, and of the candidate n; see `manual_lstm.activations`.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> cell = ml.GRU(input_size=8, hidden_size=16)
    >>> cell.init_params(np.random.default_rng(0)).W_x.shape
    (8, 48)
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
    def param_shapes(self) -> GRUParams:
        """The shapes of the parameters, in letters."""
        b, b_hn = (("3H",), ("H",)) if self.bias else (None, None)
        return GRUParams(W_x=("D", "3H"), W_h=("H", "3H"), b=b, b_hn=b_hn)

    def step(self, params: GRUParams, state: HiddenState, x: Array) -> tuple[HiddenState, GRUCache]:
        """Return the next state and the cache for `step_backward`.

        Parameters
        ----------
        params : GRUParams
        state : HiddenState
            h of step t-1, (B, H).
        x : ndarray, (B, D) numbers or (B,) integers in [0, D)

        Returns
        -------
        state : HiddenState
            h of step t, (B, H), dtype of the parameters.
        cache : GRUCache
        """
        W_x, W_h, b, b_hn = params
        (h_prev,) = state

        z_x = input_product(x, W_x)  # (B, 3H)
        if b is not None:
            z_x = z_x + b
        z_xr, z_xu, z_xn = split_gates(z_x, 3)  # (B, H) each
        z_hr, z_hu, m = split_gates(h_prev @ W_h, 3)
        if b_hn is not None:
            m = m + b_hn
        r = self.gate_activation(z_xr + z_hr)
        u = self.gate_activation(z_xu + z_hu)
        n = self.candidate_activation(z_xn + r * m)
        keep, replace = (u, 1 - u) if self.update_gate == "keeps" else (1 - u, u)
        h = keep * h_prev + replace * n
        return HiddenState(h), GRUCache(x, h_prev, r, u, m, n)

    def step_backward(
        self, params: GRUParams, cache: GRUCache, dstate: HiddenState
    ) -> tuple[GRUParams, HiddenState, Array | None]:
        """Return the vector-Jacobian product of `step`.

        Parameters
        ----------
        params : GRUParams
            As given to `step`.
        cache : GRUCache
            As returned by `step`.
        dstate : HiddenState
            Cotangent of h of step t, (B, H): all that later steps and the loss contribute.

        Returns
        -------
        dparams : GRUParams
            Gradients of this step alone, summed over the batch.
        dstate_prev : HiddenState
            Cotangent of h of step t-1, (B, H).
        dx : ndarray (B, D), or None for index inputs
        """
        W_x, W_h, b, b_hn = params
        x, h_prev, r, u, m, n = cache
        (dh,) = dstate
        keep, replace = (u, 1 - u) if self.update_gate == "keeps" else (1 - u, u)

        # forward: h = keep * h_prev + replace * n
        dkeep = dh * h_prev
        dh_prev_from_h = dh * keep
        dreplace = dh * n
        dn = dh * replace
        # forward: keep, replace = (u, 1 - u), or (1 - u, u)
        du = dkeep - dreplace if self.update_gate == "keeps" else dreplace - dkeep
        # forward: n = tanh(z_xn + r * m)
        dz_n = dn * self.candidate_activation.slope(n)
        dr = dz_n * m
        dm = dz_n * r
        # forward: u = σ(z_xu + z_hu)
        dz_u = du * self.gate_activation.slope(u)
        # forward: r = σ(z_xr + z_hr)
        dz_r = dr * self.gate_activation.slope(r)
        # forward: m = m + b_hn
        db_hn = None if b_hn is None else dm.sum(axis=0)
        # forward: z_hr, z_hu, m = split_gates(h_prev W_h, 3)
        dz_h = join_gates(dz_r, dz_u, dm)  # (B, 3H)
        dW_h = h_prev.T @ dz_h
        dh_prev_from_z = dz_h @ W_h.T
        # forward: z_xr, z_xu, z_xn = split_gates(x W_x + b, 3)
        dz_x = join_gates(dz_r, dz_u, dz_n)  # (B, 3H)
        db = None if b is None else dz_x.sum(axis=0)
        dx, dW_x = input_product_backward(x, W_x, dz_x)
        # h_prev is read in two places: by the output and by the products
        dh_prev = dh_prev_from_h + dh_prev_from_z
        return GRUParams(dW_x, dW_h, db, db_hn), HiddenState(dh_prev), dx
