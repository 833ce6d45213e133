"""The activation functions that a cell may be told to take, as JAX has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


def sigmoid(_: Any, z: Any) -> Any:
    """Return 1 / (1 + exp(-z))."""
    return jax.nn.sigmoid(z)


def tanh(_: Any, z: Any) -> Any:
    """Return the hyperbolic tangent."""
    return jnp.tanh(z)


def hard_sigmoid(told: Any, z: Any) -> Any:
    """Return max(0, min(1, α z + β)), as ONNX writes it."""
    return jnp.maximum(0.0, jnp.minimum(1.0, told.alpha * z + told.beta))


def relu(_: Any, z: Any) -> Any:
    """Return max(0, z)."""
    return jax.nn.relu(z)


def softsign(_: Any, z: Any) -> Any:
    """Return z / (1 + |z|)."""
    return jax.nn.soft_sign(z)


def scaled_tanh(told: Any, z: Any) -> Any:
    """Return α tanh(β z)."""
    return told.alpha * jnp.tanh(told.beta * z)


BY_NAME: dict[str, Callable[[Any, Any], Any]] = {
    "Sigmoid": sigmoid,
    "Tanh": tanh,
    "HardSigmoid": hard_sigmoid,
    "ReLU": relu,
    "Softsign": softsign,
    "ScaledTanh": scaled_tanh,
}


def activation_of(told: Any) -> Callable[[Any], Any]:
    """Return the JAX function for the activation that a cell was described with."""
    function = BY_NAME[type(told).__name__]
    return lambda z: function(told, z)


def known(told: Any) -> bool:
    """Return whether an activation is one of those here."""
    return type(told).__module__ == "manual_lstm.activations"
