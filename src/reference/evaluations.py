"""A loss of somebody's, evaluated at perturbed parameters: each time from the same state."""

from __future__ import annotations

import contextlib
import copy
import io
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from manual_lstm.checks import Array, fail
from reference.debugger.running.state import State
from reference.user_code import functions_reached

Values = dict[str, Array]
PRECISIONS = ("float64", "float32", "float32 parameters")


@dataclass(frozen=True)
class Entry:
    """One entry of one parameter."""

    name: str
    index: tuple[int, ...]

    def __str__(self) -> str:
        at = ", ".join(str(k) for k in self.index)
        return f"{self.name}[{at}]" if self.index else self.name


class Evaluations:
    """``loss(params, inputs)`` on copies, from the state in which it was found.

    Parameters
    ----------
    loss : callable
        Called with one argument where `inputs` is None.
    params : mapping of str to ndarray
    inputs : mapping, optional
    single : bool
        Whether the loss is called with the only array itself.
    """

    def __init__(
        self,
        loss: Callable[..., Any],
        params: Mapping[str, Any],
        inputs: Mapping[str, Any] | None,
        *,
        single: bool = False,
    ) -> None:
        self._loss, self._inputs, self.single = loss, inputs, single
        self.params = {name: np.asarray(value) for name, value in params.items()}
        self._state = State([loss, *functions_reached(loss)])
        self._known: dict[tuple[str, Entry, float], float] = {}

    def restore(self) -> None:
        """Put back what the loss keeps between calls."""
        self._state.restore()

    def copied_inputs(self, dtype: Any = None) -> Any:
        """Return inputs of their own; floats in another dtype if one is given."""
        inputs = copy.deepcopy(self._inputs)
        if isinstance(inputs, Mapping) and dtype is not None:
            return {name: _cast(value, dtype) for name, value in inputs.items()}
        return inputs

    def call(self, params: Values, inputs: Any) -> Any:
        """Return what the loss returns; neither copied nor restored."""
        first: Any = next(iter(params.values())) if self.single else params
        with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
            return self._loss(first) if inputs is None else self._loss(first, inputs)

    def value(self, params: Values, precision: str = "float64") -> Any:
        """Return the loss as a number, from the state in which it was found."""
        self.restore()
        dtype = {"float64": np.float64, "float32": np.float32}.get(precision)
        return scalar(self.call(params, self.copied_inputs(dtype)))

    def at(self, entry: Entry, step: float, precision: str = "float64") -> float:
        """Return the loss with one entry moved by `step`."""
        key = precision, entry, step
        if key not in self._known:
            params = self.fresh(np.float64 if precision == "float64" else np.float32)
            params[entry.name][entry.index] += step
            self._known[key] = float(self.value(params, precision))
        return self._known[key]

    def fresh(self, dtype: Any = np.float64) -> Values:
        """Return copies of the parameters, floats in one dtype."""
        return {name: _cast(value, dtype) for name, value in self.params.items()}

    def complex_step(self, entry: Entry) -> float:
        """Return the derivative by the complex step.

        Raises
        ------
        TypeError, ValueError, numpy.exceptions.ComplexWarning
            And whatever else a loss raises that does not know complex numbers.
        """
        params = {name: _cast(value, np.complex128) for name, value in self.params.items()}
        params[entry.name][entry.index] += 1e-30j
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            value = self.value(params)
        if not np.iscomplexobj(value):
            raise TypeError("the loss drops the imaginary part")
        return float(np.imag(value)) / 1e-30

    def richardson(self, entry: Entry) -> tuple[float, float]:
        """Return the derivative by extrapolated central differences, and how far it may be off."""
        h = 4e-3
        first = [
            (self.at(entry, step) - self.at(entry, -step)) / (2 * step)
            for step in (h, h / 2, h / 4)
        ]
        second = [(4 * first[k + 1] - first[k]) / 3 for k in (0, 1)]
        third = (16 * second[1] - second[0]) / 15
        rounding = 16 * np.finfo(float).eps * abs(self.at(entry, h)) / h
        return third, abs(third - second[1]) + rounding + self.jump(entry, h)

    def jump(self, entry: Entry, h: float) -> float:
        """Return by how much the slopes on the two sides differ: beyond rounding, it is a kink.

        Along a smooth function the bend ``(f(h) - 2 f(0) + f(-h)) / h`` has odd powers of h only;
        the first two are taken out.
        """
        here = self.at(entry, 0.0)
        bends = [
            (self.at(entry, step) - 2 * here + self.at(entry, -step)) / step
            for step in (h, h / 2, h / 4)
        ]
        first = [2 * bends[k + 1] - bends[k] for k in (0, 1)]
        return abs(8 * first[1] - first[0]) / 7


def scalar(value: Any) -> Any:
    """Return a number out of what a loss returns.

    Raises
    ------
    ValueError
        If it is no scalar.
    """
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "fciub":
        has = f"shape {array.shape}" if array.size != 1 else f"type {type(value).__name__}"
        fail("loss(params)", has, "a scalar", "a gradient is the derivative of one number")
    return array.reshape(()).item()


def _cast(value: Any, dtype: Any) -> Any:
    array = np.asarray(value)
    return array.astype(dtype) if array.dtype.kind == "f" else copy.deepcopy(value)
