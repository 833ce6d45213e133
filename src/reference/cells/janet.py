"""JANET, from van der Westhuizen and Lasenby 2018, equations of section 2.

One example at a time: x is (D,), h, the paper's c, is (H,).
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from manual_lstm import HiddenState


def step(cell: Any, params: Any, state: HiddenState, x: Any, tap: Any) -> HiddenState:
    """Return the next state of one example; see `reference.cells.Twin` for the arguments.

    Of `cell`, β is read.
    """
    W_f, W_c = jnp.split(params.W_x, 2, axis=1)
    U_f, U_c = jnp.split(params.W_h, 2, axis=1)
    b_f, b_c = jnp.split(params.b, 2)

    s = tap("z_f", U_f.T @ state.h + W_f.T @ x + b_f)
    candidate = tap("g", jnp.tanh(tap("z_g", U_c.T @ state.h + W_c.T @ x + b_c)))
    kept = tap("f", jax.nn.sigmoid(s)) * state.h
    written = tap("u", 1 - jax.nn.sigmoid(s - cell.beta)) * candidate
    return HiddenState(h=tap("h", kept + written))
