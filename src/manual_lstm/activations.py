"""Activation functions with their slopes, in forms that hold for every dtype.

An activation is a small description that is called like a function. ``y = activation(z)`` is its
value, and ``activation.slope(y)`` its derivative at that z, told from y: a backward pass needs to
keep no z. Implementations of the same cell differ in what they mean by hard sigmoid, so its
numbers are parameters:

==================  =====================  =================  ====================================
class               y                      slope from y       who
==================  =====================  =================  ====================================
Sigmoid             1 / (1 + exp(-z))      y (1 - y)          all, for gates
Tanh                tanh z                 1 - y²             all, for candidates
HardSigmoid         z/6 + 1/2 in [0, 1]    1/6 inside         Keras 3, PyTorch, JAX
HardSigmoid(.2,.5)  z/5 + 1/2 in [0, 1]    1/5 inside         ONNX by default, Keras 1 and 2
ReLU                max(z, 0)              1 above 0          IndRNN, plain RNN
Softsign            z / (1 + |z|)          (1 - |y|)²         ONNX, Keras
ScaledTanh          α tanh(β z)            β (α - y²/α)       ONNX; LeCun et al. 1998
==================  =====================  =================  ====================================

`HardSigmoid` and `ReLU` have kinks, where no derivative exists: z = ±3 (or ±2.5), and z = 0. There
the slope is 0, the one-sided derivative of the flat side; PyTorch and ``jax.nn`` take the same. Any
number from one one-sided derivative to the other would do (JAX's ``clip`` takes the mean), so a
check must not accuse a choice between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from manual_lstm import checks
from manual_lstm.checks import Array


@runtime_checkable
class Activation(Protocol):
    """A function of one number, applied element by element, with its slope."""

    def __call__(self, z: Array) -> Array:
        """Return y, of the shape and dtype of `z`."""
        ...

    def slope(self, y: Array) -> Array:
        """Return dy/dz where the value is `y`, of the shape and dtype of `y`."""
        ...


def sigmoid(z: Array) -> Array:
    """Return the logistic function 1 / (1 + exp(-z)), element by element.

    Parameters
    ----------
    z : ndarray, any shape
        float64, float32, complex or exact field elements.

    Returns
    -------
    ndarray
        Same shape and dtype as `z`.

    Notes
    -----
    ``exp`` only ever sees a non-positive real part, so it cannot overflow, and a closed gate
    keeps its relative precision. Both branches are the same analytic function, so the complex
    step and exact arithmetic may run through them.

    Examples
    --------
    >>> import numpy as np
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    positive = z.real >= 0
    e = np.exp(np.where(positive, -z, z))
    return np.where(positive, 1, e) / (1 + e)


def log_sigmoid(z: Array) -> Array:
    """Return the logarithm of the logistic function, -log(1 + exp(-z)), element by element.

    Parameters
    ----------
    z : ndarray, any shape
        As for `sigmoid`.

    Returns
    -------
    ndarray
        Same shape and dtype as `z`. Its derivative is ``sigmoid(-z)``.

    Notes
    -----
    A gate that is closed beyond the smallest float still has a logarithm: about z.

    Examples
    --------
    >>> import numpy as np
    >>> log_sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([-1.00000000e+03, -6.93147181e-01,  0.00000000e+00])
    """
    positive = z.real >= 0
    return np.where(positive, 0, z) - np.log1p(np.exp(np.where(positive, -z, z)))


@dataclass(frozen=True)
class Sigmoid:
    """The logistic function, y = 1 / (1 + exp(-z))."""

    def __call__(self, z: Array) -> Array:
        """Return y = σ(z)."""
        return sigmoid(z)

    def slope(self, y: Array) -> Array:
        """Return dy/dz = y (1 - y)."""
        return y * (1 - y)


@dataclass(frozen=True)
class Tanh:
    """The hyperbolic tangent."""

    def __call__(self, z: Array) -> Array:
        """Return y = tanh z."""
        return np.tanh(z)

    def slope(self, y: Array) -> Array:
        """Return dy/dz = 1 - y²."""
        return 1 - y**2


@dataclass(frozen=True)
class HardSigmoid:
    """A straight line cut off at 0 and 1, y = α z + β in between.

    Parameters
    ----------
    alpha : float, default 1/6
        Slope of the line: 1/6 in Keras 3, PyTorch and JAX, 0.2 in ONNX and in Keras 1 and 2.
    beta : float, default 1/2
        Height of the line at z = 0.

    Examples
    --------
    >>> import numpy as np
    >>> HardSigmoid()(np.array([-4.0, 0.0, 1.5, 4.0]))
    array([0.  , 0.5 , 0.75, 1.  ])
    >>> HardSigmoid(alpha=0.2).kinks
    (-2.5, 2.5)
    """

    alpha: float = 1 / 6
    beta: float = 0.5

    def __post_init__(self) -> None:
        checks.is_real("alpha", self.alpha, positive=True)
        checks.is_real("beta", self.beta)

    @property
    def kinks(self) -> tuple[float, ...]:
        """The z at which the line meets 0 and 1."""
        return -self.beta / self.alpha, (1 - self.beta) / self.alpha

    def __call__(self, z: Array) -> Array:
        """Return y = α z + β, not below 0 and not above 1."""
        line = self.alpha * z + self.beta
        return np.where(line.real <= 0, 0, np.where(line.real >= 1, 1, line))

    def slope(self, y: Array) -> Array:
        """Return dy/dz = α where 0 < y < 1, and 0 elsewhere, at the kinks too."""
        return _where((y.real > 0) & (y.real < 1), self.alpha, 0.0, y)


@dataclass(frozen=True)
class ReLU:
    """The rectifier, y = max(z, 0)."""

    kinks: ClassVar[tuple[float, ...]] = (0.0,)

    def __call__(self, z: Array) -> Array:
        """Return y = max(z, 0)."""
        return np.where(z.real <= 0, 0, z)

    def slope(self, y: Array) -> Array:
        """Return dy/dz = 1 where y > 0, and 0 elsewhere, at the kink too."""
        return _where(y.real > 0, 1.0, 0.0, y)


@dataclass(frozen=True)
class Softsign:
    """The quotient y = z / (1 + |z|); its slope bends at 0, but has no jump."""

    def __call__(self, z: Array) -> Array:
        """Return y = z / (1 + |z|)."""
        return z / (1 + _absolute(z))

    def slope(self, y: Array) -> Array:
        """Return dy/dz = (1 - |y|)², because 1 - |y| = 1 / (1 + |z|)."""
        return (1 - _absolute(y)) ** 2


@dataclass(frozen=True)
class ScaledTanh:
    """A stretched hyperbolic tangent, y = α tanh(β z).

    Parameters
    ----------
    alpha : float, default 1.7159
        Largest value.
    beta : float, default 2/3
        The defaults make y = ±1 at z = ±1 (LeCun, Bottou, Orr and Müller, "Efficient BackProp",
        1998).
    """

    alpha: float = 1.7159
    beta: float = 2 / 3

    def __post_init__(self) -> None:
        checks.is_real("alpha", self.alpha, positive=True)
        checks.is_real("beta", self.beta, positive=True)

    def __call__(self, z: Array) -> Array:
        """Return y = α tanh(β z)."""
        return self.alpha * np.tanh(self.beta * z)

    def slope(self, y: Array) -> Array:
        """Return dy/dz = β (α - y²/α)."""
        return self.beta * (self.alpha - y**2 / self.alpha)


RELU = ReLU()
SIGMOID = Sigmoid()
TANH = Tanh()


def is_activation(name: str, value: object) -> None:
    """Refuse what is no `Activation`, such as a name or a function without a slope."""
    if isinstance(value, type) or not isinstance(value, Activation):
        checks.fail(
            name,
            f"the value {value!r}",
            "an activation such as Sigmoid()",
            "the backward needs its slope",
            hint="manual_lstm.activations has them",
            error=TypeError,
        )


def _absolute(z: Array) -> Array:
    """Return |z| by its sign, which is analytic on either side (``abs`` of complex is not)."""
    return np.where(z.real >= 0, z, -z)


def _where(condition: Array, yes: float, no: float, like: Array) -> Array:
    """Choose between two numbers, in the dtype of `like`."""
    return np.where(condition, like.dtype.type(yes), like.dtype.type(no))
