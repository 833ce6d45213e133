"""The minLSTM, from Feng et al. 2024, section 3.2, gate by gate.

One example at a time: x is (D,), h is (H,). The gates are normalised by their sum, as the paper
writes it.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from manual_lstm import HiddenState


def step(cell: Any, params: Any, state: HiddenState, x: Any, tap: Any) -> HiddenState:
    """Return the next state of one example; see `reference.cells.Twin` for the arguments."""
    W_i, W_f, W_h = jnp.split(params.W_x, 3, axis=1)
    b_i, b_f, b_h = jnp.split(params.b, 3)

    forget = jax.nn.sigmoid(tap("z_f", W_f.T @ x + b_f))
    write = jax.nn.sigmoid(tap("z_i", W_i.T @ x + b_i))
    candidate = tap("g", W_h.T @ x + b_h)

    both = forget + write
    kept = tap("f", forget / both) * state.h
    written = tap("i", write / both) * candidate
    return HiddenState(h=tap("h", kept + written))
