"""A loss of somebody's, evaluated at perturbed parameters: each time from the same state."""

from __future__ import annotations

import contextlib
import copy
import io
import time
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from manual_lstm.checks import Array, fail
from reference.debugger.running.complex_numpy import complex_numpy
from reference.debugger.running.doubles import SHORT, as_double
from reference.debugger.running.state import State
from reference.user_code import functions_reached

Values = dict[str, Array]
PRECISIONS = ("float64", "float32", "float32 parameters")
AS_WRITTEN = "float32 within the loss"  # of parameters in float64
_SHORT_NAMES = {"float32", "float16", "f4", "<f4", "f2"}
_WIDTHS = (4e-3, 4e-4, 4e-5)  # of differences that are extrapolated, until one of them tells


class OutOfTime(Exception):
    """The time that evaluations may take is over."""


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

    What a loss computes in float32 it computes in float64 here, if it can.

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
        self._functions = functions_reached(loss)
        self._state = State([loss, *self._functions])
        self._known: dict[tuple[str, Entry, float], float] = {}
        self.is_short = self._computes_with_less_than_doubles()
        self.deadline = np.inf
        self._calls, self._taken = 0, 0.0

    def _computes_with_less_than_doubles(self) -> bool:
        inputs = self._inputs.values() if isinstance(self._inputs, Mapping) else ()
        given = (np.asarray(value).dtype for value in (*self.params.values(), *inputs))
        if any(dtype in SHORT for dtype in given):
            return True
        codes = [function.__code__ for function in self._functions]
        while codes:
            code = codes.pop()
            if _SHORT_NAMES & {*code.co_names, *filter(_is_text, code.co_consts)}:
                return True
            codes += [one for one in code.co_consts if isinstance(one, types.CodeType)]
        with self._state.rebound(lambda value: value if value is np else as_double(value)) as any_:
            return any_

    @property
    def precisions(self) -> tuple[str, ...]:
        """The precisions in which an estimate may have been taken."""
        return (*PRECISIONS, AS_WRITTEN) if self.is_short else PRECISIONS

    @property
    def seconds_a_call(self) -> float:
        """What an evaluation takes."""
        return self._taken / max(1, self._calls)

    def restore(self) -> None:
        """Put back what the loss keeps between calls."""
        self._state.restore()

    @contextlib.contextmanager
    def prepared(self, precision: str = "float64") -> Iterator[None]:
        """Put the state back; within the block a loss in float32 computes in float64."""
        self.restore()
        if self.is_short and precision == "float64":
            with self._state.rebound(as_double):
                yield
        else:
            yield

    def copied_inputs(self, dtype: Any = np.float64) -> Any:
        """Return inputs of their own, floats in one dtype; as they are if it is None."""
        inputs = copy.deepcopy(self._inputs)
        if isinstance(inputs, Mapping) and dtype is not None:
            return {name: _cast(value, dtype) for name, value in inputs.items()}
        return inputs

    def call(self, params: Values, inputs: Any) -> Any:
        """Return what the loss returns; neither copied nor restored.

        Raises
        ------
        OutOfTime
            If the time is over.
        """
        started = time.monotonic()
        if started > self.deadline:
            raise OutOfTime
        first: Any = next(iter(params.values())) if self.single else params
        with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
            value = self._loss(first) if inputs is None else self._loss(first, inputs)
        self._calls, self._taken = self._calls + 1, self._taken + time.monotonic() - started
        return value

    def value(self, params: Values, precision: str = "float64") -> Any:
        """Return the loss as a number, from the state in which it was found."""
        dtype = {"float32": np.float32, "float32 parameters": None}.get(precision, np.float64)
        with self.prepared(precision):
            return scalar(self.call(params, self.copied_inputs(dtype)))

    def as_given(self) -> Any:
        """Return the loss at the arrays as they are, none of them in another precision."""
        self.restore()
        params = {name: value.copy() for name, value in self.params.items()}
        return scalar(self.call(params, self.copied_inputs(None)))

    def at(self, entry: Entry, step: float, precision: str = "float64") -> float:
        """Return the loss with one entry moved by `step`."""
        key = precision, entry, step
        if key not in self._known:
            short = precision in PRECISIONS[1:]
            params = self.fresh(np.float32 if short else np.float64)
            params[entry.name][entry.index] += step
            self._known[key] = float(self.value(params, precision))
        return self._known[key]

    def fresh(self, dtype: Any = np.float64) -> Values:
        """Return copies of the parameters, floats in one dtype."""
        return {name: _cast(value, dtype) for name, value in self.params.items()}

    def complex_step(self, name: str, way: Any) -> float:
        """Return the derivative along a direction of one array by the complex step.

        Parameters
        ----------
        name : str
        way : ndarray, or index
            The direction; or the entry that alone is moved.

        Raises
        ------
        TypeError, ValueError, numpy.exceptions.ComplexWarning
            And whatever else a loss raises that does not know complex numbers.
        OutOfTime
        """
        params = {name: _cast(value, np.complex128) for name, value in self.params.items()}
        if isinstance(way, np.ndarray):
            params[name] = params[name] + 1e-30j * way
        else:
            params[name][way] += 1e-30j
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            try:
                value = self._value_of_complex(params)
            except OutOfTime:
                raise
            except Exception:  # what stands in for NumPy's functions is not all that they are
                value = self.value(params)
        if not np.iscomplexobj(value):
            raise TypeError("the loss drops the imaginary part")
        return float(np.imag(value)) / 1e-30

    def _value_of_complex(self, params: Values) -> Any:
        self.restore()
        with self._state.rebound(_as_complex), complex_numpy(self._loss, *self._functions):
            return scalar(self.call(params, self.copied_inputs()))

    def richardson(self, entry: Entry) -> tuple[float, float]:
        """Return the derivative by extrapolated central differences, and how far it may be off."""
        return _extrapolated(lambda step: self.at(entry, step))

    def slope(self, name: str, way: Array) -> tuple[float, float]:
        """Return the derivative along a direction by differences, and how far it may be off."""
        norm = float(np.linalg.norm(way)) or 1.0

        def moved(step: float) -> float:
            params = self.fresh()
            params[name] = params[name] + step / norm * way
            return float(self.value(params))

        told, doubt = _extrapolated(moved)
        return norm * told, norm * doubt

    def jump(self, entry: Entry, h: float) -> float:
        """Return by how much the slopes on the two sides of an entry differ."""
        return _jump(lambda step: self.at(entry, step), h)


def _extrapolated(at: Callable[[float], float]) -> tuple[float, float]:
    """Return the slope of a function at 0, by the width that leaves least doubt."""
    best = np.nan, np.inf
    for h in _WIDTHS:
        first = [(at(step) - at(-step)) / (2 * step) for step in (h, h / 2, h / 4)]
        second = [(4 * first[k + 1] - first[k]) / 3 for k in (0, 1)]
        third = (16 * second[1] - second[0]) / 15
        size = abs(at(h))
        rounding = 16 * np.finfo(float).eps * size / h
        doubt = abs(third - second[1]) + rounding + _jump(at, h)
        if doubt < best[1] or np.isnan(best[0]):
            best = third, doubt
        if doubt <= max(1e-7 * abs(third), 1e-9 * size):
            break
    return float(best[0]), float(best[1])


def _jump(at: Callable[[float], float], h: float) -> float:
    """Return by how much the slopes on the two sides differ: beyond rounding, it is a kink.

    Along a smooth function the bend ``(f(h) - 2 f(0) + f(-h)) / h`` has odd powers of h only;
    the first two are taken out.
    """
    here = at(0.0)
    bends = [(at(step) - 2 * here + at(-step)) / step for step in (h, h / 2, h / 4)]
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


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _as_complex(value: Any) -> Any:
    is_float = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    if is_float:
        return value.astype(np.complex128)
    return value if value is np else as_double(value)
