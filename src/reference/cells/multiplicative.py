"""The multiplicative LSTM, from Krause et al. 2016, section 3, gate by gate.

One example at a time: x is (D,), h and c are (H,).
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from manual_lstm import LSTMState


def step(cell: Any, params: Any, state: LSTMState, x: Any, tap: Any) -> LSTMState:
    """Return the next state of one example; see `reference.cells.Twin` for the arguments."""
    W_ix, W_fx, W_hx, W_ox = jnp.split(params.W_x, 4, axis=1)
    W_im, W_fm, W_hm, W_om = jnp.split(params.W_m, 4, axis=1)
    b_i, b_f, b_h, b_o = jnp.split(params.b, 4)

    m_x = tap("m_x", params.W_mx.T @ x)
    m_h = tap("m_h", params.W_mh.T @ state.h)
    m = tap("m", m_x * m_h)
    candidate = tap("g", jnp.tanh(tap("z_g", W_hx.T @ x + W_hm.T @ m + b_h)))
    input_gate = tap("i", jax.nn.sigmoid(tap("z_i", W_ix.T @ x + W_im.T @ m + b_i)))
    output_gate = tap("o", jax.nn.sigmoid(tap("z_o", W_ox.T @ x + W_om.T @ m + b_o)))
    forget_gate = tap("f", jax.nn.sigmoid(tap("z_f", W_fx.T @ x + W_fm.T @ m + b_f)))

    c = tap("c", forget_gate * state.c + input_gate * candidate)
    return LSTMState(h=tap("h", tap("tanh_c", jnp.tanh(c)) * output_gate), c=c)
