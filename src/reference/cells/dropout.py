"""Recurrent dropout and zoneout, from their papers, one example at a time; masks are given."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from manual_lstm import LSTMState, VariationalDropoutLSTMState


def on_candidate(cell: Any, params: Any, state: LSTMState, x: Any, tap: Any) -> LSTMState:
    """Return the next state of Semeniuta et al. 2016: x is (D + H,), input and mask."""
    inputs, mask = jnp.split(x, [cell.input_size])
    nets = gates_of(params, inputs, state.h)

    input_gate = tap("i", jax.nn.sigmoid(tap("z_i", nets[0])))
    forget_gate = tap("f", jax.nn.sigmoid(tap("z_f", nets[1])))
    candidate = tap("g", jnp.tanh(tap("z_g", nets[2])))
    output_gate = tap("o", jax.nn.sigmoid(tap("z_o", nets[3])))
    written = tap("dropped", mask * candidate)
    cell_state = tap("c", state.c * forget_gate + input_gate * written)
    return LSTMState(h=tap("h", output_gate * tap("tanh_c", jnp.tanh(cell_state))), c=cell_state)


def variational(
    cell: Any, params: Any, state: VariationalDropoutLSTMState, x: Any, tap: Any
) -> VariationalDropoutLSTMState:
    """Return the next state of Gal and Ghahramani 2016: x is (D,), the state holds the masks."""
    inputs, remembered = tap("dropped_x", x * state.m_x), tap("dropped_h", state.h * state.m_h)
    nets = gates_of(params, inputs, remembered)

    input_gate = tap("i", jax.nn.sigmoid(tap("z_i", nets[0])))
    forget_gate = tap("f", jax.nn.sigmoid(tap("z_f", nets[1])))
    candidate = tap("g", jnp.tanh(tap("z_g", nets[2])))
    output_gate = tap("o", jax.nn.sigmoid(tap("z_o", nets[3])))
    cell_state = tap("c", state.c * forget_gate + input_gate * candidate)
    h = tap("h", output_gate * tap("tanh_c", jnp.tanh(cell_state)))
    return state._replace(h=h, c=cell_state)


def zoneout(cell: Any, params: Any, state: Any, x: Any, tap: Any) -> Any:
    """Return the next state of Krueger et al. 2017: x holds a mask for each array of the state."""
    from reference.cells import TWINS  # the table names this function

    inside = cell.cell
    parts, structure = jax.tree.flatten(state)
    start = x.size - sum(part.size for part in parts)
    moved = TWINS[type(inside)].step(inside, params, state, x[:start], tap)
    mixed = []
    for old, new in zip(parts, jax.tree.leaves(moved), strict=True):
        mask = x[start : start + old.size].reshape(old.shape)
        mixed.append(new + mask * (old - new))
        start += old.size
    return jax.tree.unflatten(structure, mixed)


def gates_of(params: Any, x: Any, h: Any) -> list[Any]:
    """Return the pre-activations of the gates i, f, g, o."""
    blocks = (jnp.split(params.W_x, 4, axis=1), jnp.split(params.W_h, 4, axis=1))
    return [W.T @ x + R.T @ h + b for W, R, b in zip(*blocks, jnp.split(params.b, 4), strict=True)]
