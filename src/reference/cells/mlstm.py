"""The mLSTM, from Beck et al. 2024, section 2.3, with its stabiliser.

One example at a time: x is (D,), h and n are (H,), C is (H, H), m is a number. The forget gate is
the sigmoid.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from manual_lstm import MLSTMState


def step(cell: Any, params: Any, state: MLSTMState, x: Any, tap: Any) -> MLSTMState:
    """Return the next state of one example; see `reference.cells.Twin` for the arguments.

    Of `cell`, ε is read.
    """
    W_q, W_k, W_v, W_o = jnp.split(params.W_x, 4, axis=1)
    b_q, b_k, b_v, b_o = jnp.split(params.b, 4)
    w_i, w_f = params.W_s.T
    b_i, b_f = params.b_s

    query = tap("q", W_q.T @ x + b_q)
    key = tap("k", W_k.T @ x / jnp.sqrt(b_k.size) + b_k)
    value = tap("v", W_v.T @ x + b_v)
    log_input = tap("s_i", w_i @ x + b_i)
    log_forget = jax.nn.log_sigmoid(tap("s_f", w_f @ x + b_f))
    output_gate = tap("o", jax.nn.sigmoid(tap("z_o", W_o.T @ x) + b_o))

    log_kept = tap("e", log_forget + state.m)
    m = tap("m", jnp.maximum(log_kept, log_input))
    input_gate = tap("i", jnp.exp(log_input - m))
    forget_gate = tap("f", jnp.exp(log_kept - m))

    C = tap("C", forget_gate * state.C + input_gate * jnp.outer(value, key))
    n = tap("n", forget_gate * state.n + input_gate * key)
    size = tap("size", jnp.abs(tap("r", n @ query)))
    floor = tap("floor", jnp.exp(-m))
    denominator = tap("denominator", jnp.maximum(size, floor) + cell.epsilon)
    y = tap("y", C @ query / denominator)
    return MLSTMState(h=tap("h", output_gate * y), C=C, n=n, m=m)
