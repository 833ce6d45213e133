"""Seven variants of the peephole LSTM, from Greff et al. 2017, "LSTM variants", gate by gate.

One example at a time: x is (D,), h and c are (H,). Each function is one row of the paper's list;
what it leaves out is not there, so the blocks of columns are the gates that remain.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from manual_lstm import FullGateLSTMState, LSTMState


def _nets(names: str, params: Any, state: Any, x: Any, tap: Any) -> list[Any]:
    """Return what reaches each of the units `names`, without its peephole."""
    blocks = [jnp.split(stack, len(names), axis=-1) for stack in (params.W_x, params.W_h, params.b)]
    return [
        tap(f"z_{name}", W.T @ x + R.T @ state.h + bias)
        for name, W, R, bias in zip(names, *blocks, strict=True)
    ]


def no_input_gate(cell: Any, params: Any, state: LSTMState, x: Any, tap: Any) -> LSTMState:
    """NIG: the input gate is 1."""
    net_f, net_z, net_o = _nets("fgo", params, state, x, tap)
    forget_gate = tap("f", jax.nn.sigmoid(net_f + params.p_f * state.c))
    block_input = tap("g", jnp.tanh(net_z))
    c = tap("c", block_input + state.c * forget_gate)
    output_gate = tap("o", jax.nn.sigmoid(net_o + params.p_o * c))
    return LSTMState(h=tap("h", tap("tanh_c", jnp.tanh(c)) * output_gate), c=c)


def no_forget_gate(cell: Any, params: Any, state: LSTMState, x: Any, tap: Any) -> LSTMState:
    """NFG: the forget gate is 1."""
    net_i, net_z, net_o = _nets("igo", params, state, x, tap)
    input_gate = tap("i", jax.nn.sigmoid(net_i + params.p_i * state.c))
    block_input = tap("g", jnp.tanh(net_z))
    c = tap("c", block_input * input_gate + state.c)
    output_gate = tap("o", jax.nn.sigmoid(net_o + params.p_o * c))
    return LSTMState(h=tap("h", tap("tanh_c", jnp.tanh(c)) * output_gate), c=c)


def no_output_gate(cell: Any, params: Any, state: LSTMState, x: Any, tap: Any) -> LSTMState:
    """NOG: the output gate is 1."""
    net_i, net_f, net_z = _nets("ifg", params, state, x, tap)
    input_gate = tap("i", jax.nn.sigmoid(net_i + params.p_i * state.c))
    forget_gate = tap("f", jax.nn.sigmoid(net_f + params.p_f * state.c))
    block_input = tap("g", jnp.tanh(net_z))
    c = tap("c", block_input * input_gate + state.c * forget_gate)
    return LSTMState(h=tap("h", jnp.tanh(c)), c=c)


def no_input_activation(cell: Any, params: Any, state: LSTMState, x: Any, tap: Any) -> LSTMState:
    """NIAF: the block input is linear."""
    net_i, net_f, net_z, net_o = _nets("ifgo", params, state, x, tap)
    input_gate = tap("i", jax.nn.sigmoid(net_i + params.p_i * state.c))
    forget_gate = tap("f", jax.nn.sigmoid(net_f + params.p_f * state.c))
    block_input = tap("g", net_z)
    c = tap("c", block_input * input_gate + state.c * forget_gate)
    output_gate = tap("o", jax.nn.sigmoid(net_o + params.p_o * c))
    return LSTMState(h=tap("h", tap("tanh_c", jnp.tanh(c)) * output_gate), c=c)


def no_output_activation(cell: Any, params: Any, state: LSTMState, x: Any, tap: Any) -> LSTMState:
    """NOAF: the output is linear in the cell state."""
    net_i, net_f, net_z, net_o = _nets("ifgo", params, state, x, tap)
    input_gate = tap("i", jax.nn.sigmoid(net_i + params.p_i * state.c))
    forget_gate = tap("f", jax.nn.sigmoid(net_f + params.p_f * state.c))
    block_input = tap("g", jnp.tanh(net_z))
    c = tap("c", block_input * input_gate + state.c * forget_gate)
    output_gate = tap("o", jax.nn.sigmoid(net_o + params.p_o * c))
    return LSTMState(h=tap("h", c * output_gate), c=c)


def coupled_gates(cell: Any, params: Any, state: LSTMState, x: Any, tap: Any) -> LSTMState:
    """CIFG: the forget gate is one minus the input gate."""
    net_i, net_z, net_o = _nets("igo", params, state, x, tap)
    input_gate = tap("i", jax.nn.sigmoid(net_i + params.p_i * state.c))
    forget_gate = tap("f", 1 - input_gate)
    block_input = tap("g", jnp.tanh(net_z))
    c = tap("c", block_input * input_gate + state.c * forget_gate)
    output_gate = tap("o", jax.nn.sigmoid(net_o + params.p_o * c))
    return LSTMState(h=tap("h", tap("tanh_c", jnp.tanh(c)) * output_gate), c=c)


def full_gate_recurrence(
    cell: Any, params: Any, state: FullGateLSTMState, x: Any, tap: Any
) -> FullGateLSTMState:
    """FGR: every gate sees every gate of the step before, through nine more matrices."""
    net_i, net_f, net_z, net_o = _nets("ifgo", params, state, x, tap)
    (R_ii, R_if, R_io), (R_fi, R_ff, R_fo), (R_oi, R_of, R_oo) = (
        jnp.split(rows, 3, axis=1) for rows in jnp.split(params.W_r, 3)
    )
    y_i = tap("y_i", state.i @ R_ii + state.f @ R_fi + state.o @ R_oi)
    y_f = tap("y_f", state.i @ R_if + state.f @ R_ff + state.o @ R_of)
    y_o = tap("y_o", state.i @ R_io + state.f @ R_fo + state.o @ R_oo)
    input_gate = tap("i", jax.nn.sigmoid(net_i + y_i + params.p_i * state.c))
    forget_gate = tap("f", jax.nn.sigmoid(net_f + y_f + params.p_f * state.c))
    block_input = tap("g", jnp.tanh(net_z))
    c = tap("c", block_input * input_gate + state.c * forget_gate)
    output_gate = tap("o", jax.nn.sigmoid(net_o + y_o + params.p_o * c))
    h = tap("h", tap("tanh_c", jnp.tanh(c)) * output_gate)
    return FullGateLSTMState(h=h, c=c, i=input_gate, f=forget_gate, o=output_gate)
