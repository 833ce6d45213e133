"""Everybody who can tell the derivative of somebody's loss without their backward.

*Tangents* and the *complex step* run the loss on other numbers, *JAX* through a trace of it, and
*differences* call it as it is. None knows another, so where they agree they are right.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.running.arguments import Draw
from reference.debugger.running.complex_numpy import analytic, complex_numpy
from reference.debugger.running.dual import Dual, duals
from reference.debugger.running.tangents import dual_numpy
from reference.exact.blame import told

Loss = Callable[[Any, Any], Any]
Gradients = dict[str, Array]

_COMPLEX_STEP = 1e-30
_MOST_EQUATIONS = 1500  # of which compiling takes 2 ms each, and cannot be interrupted
_COMPILED: dict[str, Any] = {"xla_backend_optimization_level": 0}  # quickly: it runs once


class Abstains(Exception):
    """A voter that cannot tell; the message says why."""


def scalar(value: Any) -> Any:
    """Return what a loss returned as one number.

    Raises
    ------
    Abstains
        If it has not exactly one entry.
    """
    while isinstance(value, list | tuple) and len(value) == 1:
        (value,) = value
    if np.size(value) != 1:
        raise Abstains(f"the loss has shape {np.shape(value)}")
    return value.item() if isinstance(value, np.ndarray) else value


def moved(draw: Draw, direction: Mapping[str, Array], h: complex) -> Draw:
    """Return the draw, moved by `h` along a direction."""
    floats = draw.floats
    return draw.with_arrays({name: floats[name] + h * step for name, step in direction.items()})


def by_tangents(loss: Loss, draw: Draw, names: Sequence[str], code: Sequence[Any]) -> Gradients:
    """Return the gradients by one run of the loss on numbers that carry all tangents."""
    floats = draw.floats
    count = sum(floats[name].size for name in names)
    units = np.eye(count)
    values: dict[str, Any] = {}
    spans: dict[str, slice] = {}
    at = 0
    for name, array in floats.items():
        if name in names:
            spans[name] = slice(at, at + array.size)
            at += array.size
            values[name] = duals(array, units[spans[name]])
        else:
            values[name] = duals(array)
        if not array.ndim:
            values[name] = values[name].item()
    try:
        with dual_numpy(loss, *code):
            value = scalar(loss(*draw.replaced(values).copies()))
    except Exception as error:
        raise Abstains(told(error)) from error
    if type(value) is not Dual:
        raise Abstains("the loss does not depend on its arguments, or leaves NumPy")
    tangent = np.zeros(count) if value.tangent is None else value.tangent
    return {name: tangent[span].reshape(floats[name].shape) for name, span in spans.items()}


def complex_step(
    loss: Loss, draw: Draw, direction: Mapping[str, Array], code: Sequence[Any]
) -> float:
    """Return the derivative of the loss along a direction (Squire and Trapp 1998)."""
    shifted = draw.with_arrays({
        name: analytic(array + 1j * _COMPLEX_STEP * direction.get(name, 0.0))
        for name, array in draw.floats.items()
    })  # fmt: skip
    with warnings.catch_warnings(), complex_numpy(loss, *code):
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        try:
            value = scalar(loss(*shifted.copies()))
        except Exception as error:
            raise Abstains(told(error)) from error
    if not isinstance(value, complex | np.complexfloating):
        raise Abstains("the loss drops the imaginary part")
    return float(np.imag(value)) / _COMPLEX_STEP


def by_entries(
    draw: Draw, names: Sequence[str], slope: Callable[[dict[str, Array]], float]
) -> Gradients:
    """Return the gradients whose entries `slope` tells one by one."""
    gradients = {}
    for name in names:
        gradients[name] = np.zeros(draw.floats[name].shape)
        unit = np.zeros(draw.floats[name].shape)
        for at in np.ndindex(unit.shape):
            unit[at] = 1.0
            gradients[name][at] = slope({name: unit})
            unit[at] = 0.0
    return gradients


def by_jax(loss: Loss, draw: Draw, names: Sequence[str]) -> Gradients:
    """Return the gradients by `jax.grad` of the loss with ``jax.numpy`` for NumPy."""
    try:
        import jax

        from reference.trace import numpy_is_jax_numpy
    except ImportError as error:
        raise Abstains(str(error)) from error

    floats = draw.floats

    def traced(free: dict[str, Any]) -> Any:
        with numpy_is_jax_numpy(loss):
            return scalar(loss(*draw.replaced(free).copies()))

    free = {name: floats[name] for name in names}
    with (
        jax.enable_x64(True),
        jax.numpy_rank_promotion("allow"),
        jax.numpy_dtype_promotion("standard"),
    ):
        try:
            traced_gradient = jax.jit(jax.grad(traced)).trace(free)
            if len(traced_gradient.jaxpr.eqns) > _MOST_EQUATIONS:
                raise Abstains("the trace is too long to compile")
            gradients = traced_gradient.lower().compile(compiler_options=_COMPILED)(free)
        except Abstains:
            raise
        except Exception as error:
            first, *rest = told(error).splitlines()[0].split(". ")
            raise Abstains(f"{first})" if rest else first) from error
    return {name: np.asarray(gradients[name]) for name in names}
