"""The update gate RNN, from Collins et al. 2017, one example at a time."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from manual_lstm import HiddenState


def step(cell: Any, params: Any, state: HiddenState, x: Any, tap: Any) -> HiddenState:
    """Return the next state of one example: x (D,), h (H,); `cell` tells its update gate."""
    W_g, W_c = jnp.split(params.W_x, 2, axis=1)
    U_g, U_c = jnp.split(params.W_h, 2, axis=1)
    b_g, b_c = jnp.split(params.b, 2)

    gate = tap("u", jax.nn.sigmoid(tap("z_u", W_g.T @ x + U_g.T @ state.h + b_g)))
    candidate = tap("n", jnp.tanh(tap("z_n", W_c.T @ x + U_c.T @ state.h + b_c)))
    if cell.update_gate == "keeps":
        h = candidate + gate * (state.h - candidate)
    else:
        h = state.h + gate * (candidate - state.h)
    return HiddenState(tap("h", h))
