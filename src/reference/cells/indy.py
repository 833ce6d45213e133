"""The IndyLSTM, from Gonnet and Deselaers 2019, gate by gate.

One example at a time: x is (D,), h and c are (H,); the recurrent weights are diagonal matrices.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from manual_lstm import LSTMState


def step(cell: Any, params: Any, state: LSTMState, x: Any, tap: Any) -> LSTMState:
    """Return the next state of one example; see `reference.cells.Twin` for the arguments."""
    W_i, W_f, W_c, W_o = jnp.split(params.W_x, 4, axis=1)
    U_i, U_f, U_c, U_o = (jnp.diag(diagonal) for diagonal in jnp.split(params.u, 4))
    b_i, b_f, b_c, b_o = jnp.split(params.b, 4)

    input_gate = tap("i", jax.nn.sigmoid(tap("z_i", W_i.T @ x + U_i @ state.h + b_i)))
    forget_gate = tap("f", jax.nn.sigmoid(tap("z_f", W_f.T @ x + U_f @ state.h + b_f)))
    candidate = tap("g", jnp.tanh(tap("z_g", W_c.T @ x + U_c @ state.h + b_c)))
    output_gate = tap("o", jax.nn.sigmoid(tap("z_o", W_o.T @ x + U_o @ state.h + b_o)))

    c = tap("c", forget_gate * state.c + input_gate * candidate)
    return LSTMState(h=tap("h", output_gate * tap("tanh_c", jnp.tanh(c))), c=c)
