"""The layers in JAX: what runs one example over a sequence, written from what they mean.

``run(part, params, xs, state0, length)`` gives the outputs ``(T, H)``, zero from `length` on, and
the final state of one example; the functions here are given it for the parts inside a layer.
Gradients come from autodiff alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from manual_lstm import Bidirectional, BidirectionalState, Residual, Stack

Run = Callable[[Any, Any, Any, Any, Any], tuple[Any, Any]]


def stack(
    layer: Stack, params: Any, xs: Any, state0: Any, length: Any, run: Run
) -> tuple[Any, Any]:
    """Let each layer read what the one before has written."""
    ends = []
    for k, part in enumerate(layer.layers):
        xs, state_T = run(part, params[k], xs, state0[k], length)
        ends.append(state_T)
    return xs, tuple(ends)


def bidirectional(
    layer: Bidirectional, params: Any, xs: Any, state0: Any, length: Any, run: Run
) -> tuple[Any, Any]:
    """Let the second layer read the row from its end, and put its outputs back in order."""

    def from_the_end(sequence: Any) -> Any:
        # Flipped, the live steps come last; rolled, they come first again.
        return jnp.roll(jnp.flip(sequence, axis=0), length, axis=0)

    ahead, end = run(layer.forward_layer, params.forward, xs, state0.forward, length)
    back, start = run(
        layer.backward_layer, params.backward, from_the_end(xs), state0.backward, length
    )
    both = ahead, from_the_end(back)
    merged = {
        "concat": lambda: jnp.hstack(both),
        "sum": lambda: jnp.add(*both),
        "mean": lambda: jnp.stack(both).mean(axis=0),
        "mul": lambda: jnp.multiply(*both),
    }[layer.merge]()
    return merged, BidirectionalState(end, start)


def residual(
    layer: Residual, params: Any, xs: Any, state0: Any, length: Any, run: Run
) -> tuple[Any, Any]:
    """Add what is read to what is written, as long as the row lives."""
    hs, state_T = run(layer.layer, params, xs, state0, length)
    is_alive = (jnp.arange(len(xs)) < length)[:, None]
    return hs + jnp.where(is_alive, xs, jnp.zeros_like(xs)), state_T


LAYERS: dict[type, Callable[..., tuple[Any, Any]]] = {
    Stack: stack,
    Bidirectional: bidirectional,
    Residual: residual,
}
