"""The peephole LSTM, from Greff et al. 2017, "Vanilla LSTM", gate by gate.

One example at a time: x is (D,), h and c are (H,). The paper's block input is the candidate.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from manual_lstm import LSTMState


def step(cell: Any, params: Any, state: LSTMState, x: Any, tap: Any) -> LSTMState:
    """Return the next state of one example; see `reference.cells.Twin` for the arguments."""
    into_input, into_forget, into_candidate, into_output = jnp.split(params.W_x, 4, axis=1)
    back_input, back_forget, back_candidate, back_output = jnp.split(params.W_h, 4, axis=1)
    bias_input, bias_forget, bias_candidate, bias_output = jnp.split(params.b, 4)

    z_i = tap("z_i", bias_input + x @ into_input + state.h @ back_input)
    z_f = tap("z_f", bias_forget + x @ into_forget + state.h @ back_forget)
    z_g = tap("z_g", bias_candidate + x @ into_candidate + state.h @ back_candidate)
    z_o = tap("z_o", bias_output + x @ into_output + state.h @ back_output)

    input_gate = tap("i", jax.nn.sigmoid(z_i + state.c * params.p_i))
    forget_gate = tap("f", jax.nn.sigmoid(z_f + state.c * params.p_f))
    candidate = tap("g", jnp.tanh(z_g))
    cell_state = tap("c", candidate * input_gate + state.c * forget_gate)
    output_gate = tap("o", jax.nn.sigmoid(z_o + cell_state * params.p_o))
    squashed = tap("tanh_c", jnp.tanh(cell_state))
    return LSTMState(h=tap("h", squashed * output_gate), c=cell_state)
