"""The LSTM with forget gate, from Gers, Schmidhuber and Cummins 2000, gate by gate.

One example at a time: x is (D,), h and c are (H,). Every matrix has its own name, as in the
paper; nothing is stacked.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from manual_lstm import LSTMState


def step(cell: Any, params: Any, state: LSTMState, x: Any, tap: Any) -> LSTMState:
    """Return the next state of one example.

    Parameters
    ----------
    cell : LSTM
        Not read: the parameters say all.
    params : LSTMParams
        W_x (D, 4H), W_h (H, 4H), b (4H,) or None; blocks of H columns: input, forget,
        candidate, output.
    state : LSTMState
        h and c of the step before, (H,).
    x : jax.Array, (D,)
    tap : callable
        ``tap(name, value)``, called on every named value.
    """
    input_weights = jnp.split(params.W_x, 4, axis=1)
    recurrent_weights = jnp.split(params.W_h, 4, axis=1)
    biases = [0.0] * 4 if params.b is None else jnp.split(params.b, 4)

    def net(gate: int) -> Any:
        return x @ input_weights[gate] + state.h @ recurrent_weights[gate] + biases[gate]

    input_gate = tap("i", jax.nn.sigmoid(tap("z_i", net(0))))
    forget_gate = tap("f", jax.nn.sigmoid(tap("z_f", net(1))))
    candidate = tap("g", jnp.tanh(tap("z_g", net(2))))
    output_gate = tap("o", jax.nn.sigmoid(tap("z_o", net(3))))

    cell_state = tap("c", state.c * forget_gate + candidate * input_gate)
    squashed = tap("tanh_c", jnp.tanh(cell_state))
    return LSTMState(h=tap("h", squashed * output_gate), c=cell_state)
