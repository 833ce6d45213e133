"""The sLSTM, from Beck et al. 2024, section 2.2, with its stabiliser, gate by gate.

One example at a time: x is (D,), h, c, n and m are (H,). The forget gate is the sigmoid.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from manual_lstm import SLSTMState


def step(cell: Any, params: Any, state: SLSTMState, x: Any, tap: Any) -> SLSTMState:
    """Return the next state of one example; see `reference.cells.Twin` for the arguments."""
    w_i, w_f, w_z, w_o = jnp.split(params.W_x, 4, axis=1)
    r_i, r_f, r_z, r_o = jnp.split(params.W_h, 4, axis=1)
    b_i, b_f, b_z, b_o = jnp.split(params.b, 4)

    log_input = tap("z_i", w_i.T @ x + r_i.T @ state.h + b_i)
    log_forget = jax.nn.log_sigmoid(tap("z_f", w_f.T @ x + r_f.T @ state.h + b_f))
    cell_input = tap("g", jnp.tanh(tap("z_g", w_z.T @ x + r_z.T @ state.h + b_z)))
    output_gate = tap("o", jax.nn.sigmoid(tap("z_o", w_o.T @ x + r_o.T @ state.h + b_o)))

    log_kept = tap("k", log_forget + state.m)
    stabiliser = tap("m", jnp.maximum(log_kept, log_input))
    input_gate = tap("i", jnp.exp(log_input - stabiliser))
    forget_gate = tap("f", jnp.exp(log_kept - stabiliser))

    c = tap("c", forget_gate * state.c + input_gate * cell_input)
    n = tap("n", forget_gate * state.n + input_gate)
    h = tap("h", output_gate * tap("y", c / n))
    return SLSTMState(h=h, c=c, n=n, m=stabiliser)
