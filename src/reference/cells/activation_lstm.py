"""The LSTM of ONNX with its activations f, g and h open, gate by gate, one example at a time."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from manual_lstm import LSTMState
from reference.cells.activations import activation_of


def step(cell: Any, params: Any, state: LSTMState, x: Any, tap: Any) -> LSTMState:
    """Return the next state of one example: x (D,), h and c (H,); `cell` tells its activations."""
    f = activation_of(cell.gate_activation)
    g = activation_of(cell.candidate_activation)
    h = activation_of(cell.output_activation)
    W_i, W_f, W_c, W_o = jnp.split(params.W_x, 4, axis=1)
    R_i, R_f, R_c, R_o = jnp.split(params.W_h, 4, axis=1)
    b_i, b_f, b_c, b_o = [0.0] * 4 if params.b is None else jnp.split(params.b, 4)

    input_gate = tap("i", f(tap("z_i", W_i.T @ x + R_i.T @ state.h + b_i)))
    forget_gate = tap("f", f(tap("z_f", W_f.T @ x + R_f.T @ state.h + b_f)))
    candidate = tap("g", g(tap("z_g", W_c.T @ x + R_c.T @ state.h + b_c)))
    cell_state = tap("c", forget_gate * state.c + input_gate * candidate)
    output_gate = tap("o", f(tap("z_o", W_o.T @ x + R_o.T @ state.h + b_o)))
    return LSTMState(
        h=tap("h", output_gate * tap("squashed_c", h(cell_state))),
        c=cell_state,
    )
