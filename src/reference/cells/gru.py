"""The GRU that resets after the product, from Cho et al. 2014 (version 1), gate by gate.

One example at a time: x is (D,), h is (H,). Every matrix has a name of its own; nothing is
stacked. What the NumPy cell calls u is z here, as in the paper.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from manual_lstm import HiddenState
from reference.cells.activations import activation_of


def step(cell: Any, params: Any, state: HiddenState, x: Any, tap: Any) -> HiddenState:
    """Return the next state of one example.

    Parameters
    ----------
    cell : GRU
        Tells its activations and what its update gate does.
    params : GRUParams
        Blocks of H columns: reset, update, candidate.
    state : HiddenState
        h of the step before, (H,).
    x : jax.Array, (D,)
    tap : callable
        ``tap(name, value)``, called on every named value.
    """
    squash_gate, squash = (
        activation_of(cell.gate_activation),
        activation_of(cell.candidate_activation),
    )
    W_r, W_z, W_n = jnp.split(params.W_x, 3, axis=1)
    U_r, U_z, U_n = jnp.split(params.W_h, 3, axis=1)
    b_r, b_z, b_n = [0.0] * 3 if params.b is None else jnp.split(params.b, 3)
    b_hn = 0.0 if params.b_hn is None else params.b_hn

    reset = tap("r", squash_gate(tap("z_r", W_r.T @ x + U_r.T @ state.h + b_r)))
    update = tap("u", squash_gate(tap("z_u", W_z.T @ x + U_z.T @ state.h + b_z)))
    recurrent = tap("m", U_n.T @ state.h + b_hn)
    candidate = tap("n", squash(tap("z_n", W_n.T @ x + b_n + reset * recurrent)))
    if cell.update_gate == "keeps":
        h = candidate + update * (state.h - candidate)
    else:
        h = state.h + update * (candidate - state.h)
    return HiddenState(tap("h", h))
