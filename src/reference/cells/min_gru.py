"""minGRU, from Feng et al. 2024, one example at a time."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from manual_lstm import HiddenState


def step(cell: Any, params: Any, state: HiddenState, x: Any, tap: Any) -> HiddenState:
    """Return the next state of one example: x (D,), h (H,); `cell` tells its update gate."""
    W_z, W_h = jnp.split(params.W_x, 2, axis=1)
    b_z, b_h = jnp.split(params.b, 2)

    gate = tap("u", jax.nn.sigmoid(tap("z_u", W_z.T @ x + b_z)))
    candidate = tap("n", W_h.T @ x + b_h)
    if cell.update_gate == "replaces":
        h = state.h + gate * (candidate - state.h)
    else:
        h = candidate + gate * (state.h - candidate)
    return HiddenState(tap("h", h))
