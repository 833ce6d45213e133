"""The layer-normalised LSTM, from Ba, Kiros and Hinton 2016, supplement.

One example at a time: x is (D,), h and c are (H,). The paper's gates stand in the order f, i, o,
g; its shifts β_1 and β_2 are one with b.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from manual_lstm import LSTMState


def step(cell: Any, params: Any, state: LSTMState, x: Any, tap: Any) -> LSTMState:
    """Return the next state of one example; see `reference.cells.Twin` for the arguments.

    Of `cell`, ε is read.
    """

    def normalise(a: Any, gain: Any) -> Any:
        return gain * (a - jnp.mean(a)) / jnp.sqrt(jnp.var(a) + cell.epsilon)

    from_output = tap("y_h", normalise(params.W_h.T @ state.h, params.gain_h))
    from_input = tap("y_x", normalise(params.W_x.T @ x, params.gain_x))
    i, f, g, o = jnp.split(tap("z", from_output + from_input + params.b), 4)

    input_gate = tap("i", jax.nn.sigmoid(i))
    forget_gate = tap("f", jax.nn.sigmoid(f))
    candidate = tap("g", jnp.tanh(g))
    output_gate = tap("o", jax.nn.sigmoid(o))

    c = tap("c", forget_gate * state.c + input_gate * candidate)
    shown = tap("n", normalise(c, params.gain_c) + params.b_c)
    return LSTMState(h=tap("h", output_gate * tap("tanh_n", jnp.tanh(shown))), c=c)
