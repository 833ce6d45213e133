"""The minimal gated unit: Zhou et al. 2016, and as flax has it. One example at a time."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from manual_lstm import HiddenState


def step(cell: Any, params: Any, state: HiddenState, x: Any, tap: Any) -> HiddenState:
    """Return the next state of one example: the paper's equations, x (D,), h (H,)."""
    W_f, W_n = jnp.split(params.W_x, 2, axis=1)
    U_f, U_n = jnp.split(params.W_h, 2, axis=1)
    b_f, b_n = jnp.split(params.b, 2)

    gate = tap("f", jax.nn.sigmoid(tap("z_f", W_f.T @ x + U_f.T @ state.h + b_f)))
    remembered = tap("h_reset", gate * state.h)
    candidate = tap("n", jnp.tanh(tap("z_n", W_n.T @ x + U_n.T @ remembered + b_n)))
    return HiddenState(tap("h", mixed(cell, gate, state.h, candidate)))


def reset_after(cell: Any, params: Any, state: HiddenState, x: Any, tap: Any) -> HiddenState:
    """Return the next state of one example: flax's equations, x (D,), h (H,)."""
    W_f, W_n = jnp.split(params.W_x, 2, axis=1)
    U_f, U_n = jnp.split(params.W_h, 2, axis=1)
    b_f, b_n = jnp.split(params.b, 2)

    gate = tap("f", jax.nn.sigmoid(tap("z_f", W_f.T @ x + U_f.T @ state.h + b_f)))
    recurrent = tap("m", U_n.T @ state.h + params.b_hn)
    candidate = tap("n", jnp.tanh(tap("z_n", W_n.T @ x + b_n + gate * recurrent)))
    return HiddenState(tap("h", mixed(cell, gate, state.h, candidate)))


def mixed(cell: Any, gate: Any, old: Any, candidate: Any) -> Any:
    """Return old and candidate, weighed as the cell's update gate says."""
    if cell.update_gate == "replaces":
        return old + gate * (candidate - old)
    return candidate + gate * (old - candidate)
