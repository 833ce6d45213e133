"""The optimiser: Adam, clipping of the gradient, and the learning rate's way down.

References
----------
D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, Algorithm 1.
R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks",
ICML 2013, Algorithm 1 (clipping).
"""

from __future__ import annotations

from math import cos, pi, sqrt
from typing import Any, NamedTuple

import numpy as np

from manual_lstm.checks import Array
from manual_lstm.trees import leaves, tree_map, zeros_like

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


class Adam(NamedTuple):
    """Running means of the gradient (m) and of its square (v), each like the parameters."""

    m: Any
    v: Any


def start(params: Any) -> Adam:
    """Return the moments before the first step: zeros."""
    return Adam(zeros_like(params), zeros_like(params))


def update(params: Any, gradient: Any, adam: Adam, t: int, alpha: float) -> tuple[Any, Adam]:
    """Return parameters and moments after one step; nothing passed in is changed.

    Parameters
    ----------
    params, gradient
        Trees of arrays of the same shapes.
    adam : Adam
    t : int
        Number of this step, from 1.
    alpha : float
        Learning rate.

    Notes
    -----
    Algorithm 1 of Kingma and Ba, with β₁ = 0.9, β₂ = 0.999, ε = 1e-8::

        m ← β₁ m + (1 - β₁) g          m̂ = m / (1 - β₁ᵗ)
        v ← β₂ v + (1 - β₂) g²         v̂ = v / (1 - β₂ᵗ)
        θ ← θ - α m̂ / (√v̂ + ε)

    Examples
    --------
    >>> params = {"w": np.array([1.0, 2.0])}
    >>> params, adam = update(params, {"w": np.array([0.5, -3.0])}, start(params), 1, alpha=0.1)
    >>> params["w"].round(6)
    array([0.9, 2.1])
    """
    m = tree_map(lambda m, g: BETA_1 * m + (1 - BETA_1) * g, adam.m, gradient)
    v = tree_map(lambda v, g: BETA_2 * v + (1 - BETA_2) * g**2, adam.v, gradient)
    m_scale, v_scale = 1 / (1 - BETA_1**t), 1 / (1 - BETA_2**t)

    def step(theta: Array, m: Array, v: Array) -> Array:
        return theta - alpha * (m * m_scale) / (np.sqrt(v * v_scale) + EPSILON)

    return tree_map(step, params, m, v), Adam(m, v)


def global_norm(gradient: Any) -> float:
    """Return the Euclidean norm of all entries together.

    Examples
    --------
    >>> global_norm({"W": np.array([[3.0]]), "b": np.array([4.0])})
    5.0
    """
    return sqrt(sum(float(np.vdot(g, g)) for g in leaves(gradient)))


def clipped(gradient: Any, norm: float, limit: float) -> Any:
    """Return the gradient scaled down to the norm `limit` if its `norm` is larger.

    A limit of 0 stands for none.
    """
    if not limit or norm <= limit:
        return gradient
    return tree_map(lambda g: g * (limit / norm), gradient)


def learning_rate(first: float, step: int, steps: int | None) -> float:
    """Return the learning rate of `step`: along a cosine from `first` to a tenth of it.

    Where the number of `steps` is not known, it stays at `first`.

    Examples
    --------
    >>> [round(learning_rate(1.0, step, 10), 3) for step in (0, 5, 10)]
    [1.0, 0.55, 0.1]
    """
    if steps is None:
        return first
    done = min(step / steps, 1)
    return first * (0.1 + 0.9 * (1 + cos(pi * done)) / 2)
