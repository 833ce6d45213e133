"""The LSTM with a recurrent projection, from Sak, Senior and Beaufays 2014, gate by gate.

One example at a time: x is (D,), h is (P,), c is (H,). The paper's r is h; its peepholes and its
second projection p are left out.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from manual_lstm import LSTMState


def step(cell: Any, params: Any, state: LSTMState, x: Any, tap: Any) -> LSTMState:
    """Return the next state of one example; see `reference.cells.Twin` for the arguments."""
    from_input = jnp.split(params.W_x, 4, axis=1)
    from_projection = jnp.split(params.W_h, 4, axis=1)
    bias = jnp.split(params.b, 4)

    def net(gate: int) -> Any:
        return from_input[gate].T @ x + from_projection[gate].T @ state.h + bias[gate]

    input_gate = tap("i", jax.nn.sigmoid(tap("z_i", net(0))))
    forget_gate = tap("f", jax.nn.sigmoid(tap("z_f", net(1))))
    candidate = tap("g", jnp.tanh(tap("z_g", net(2))))
    output_gate = tap("o", jax.nn.sigmoid(tap("z_o", net(3))))

    cell_state = tap("c", candidate * input_gate + state.c * forget_gate)
    units = tap("m", tap("tanh_c", jnp.tanh(cell_state)) * output_gate)
    return LSTMState(h=tap("h", params.W_p.T @ units), c=cell_state)
