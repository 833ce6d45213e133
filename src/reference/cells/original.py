"""The LSTM of Hochreiter and Schmidhuber 1997, with tanh for its squashing functions.

One example at a time: x is (D,), h and c are (H,). The paper's y_in, y_out, s and y_c are the
input gate, the output gate, c and h.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from manual_lstm import LSTMState


def step(cell: Any, params: Any, state: LSTMState, x: Any, tap: Any) -> LSTMState:
    """Return the next state of one example; see `reference.cells.Twin` for the arguments."""
    W_in, W_c, W_out = jnp.split(params.W_x, 3, axis=1)
    R_in, R_c, R_out = jnp.split(params.W_h, 3, axis=1)
    b_in, b_c, b_out = jnp.split(params.b, 3)

    net_in = tap("z_i", W_in.T @ x + R_in.T @ state.h + b_in)
    net_c = tap("z_g", W_c.T @ x + R_c.T @ state.h + b_c)
    net_out = tap("z_o", W_out.T @ x + R_out.T @ state.h + b_out)

    y_in = tap("i", jax.nn.sigmoid(net_in))
    y_out = tap("o", jax.nn.sigmoid(net_out))
    s = tap("c", state.c + y_in * tap("g", jnp.tanh(net_c)))
    y_c = tap("h", y_out * tap("tanh_c", jnp.tanh(s)))
    return LSTMState(h=y_c, c=s)
