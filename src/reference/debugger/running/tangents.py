"""Many derivatives in one run of unmodified float code: numbers that carry a vector of tangents.

The arrays of a run hold `Dual` objects. NumPy's object loops call their arithmetic, so slices,
in-place writes, ``dot``, ``einsum`` and buffers work as they are; what makes float arrays makes
object arrays for the time of the run. One run gives the derivative with respect to thousands of
unknowns, where differences would need thousands of runs.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.lib import stride_tricks

from reference.debugger.running import matrices
from reference.debugger.running.dual import NUMBERS, Dual, duals, real
from reference.exact import formulas
from reference.exact.lifting import NAMES, Lifting
from reference.exact.patching import for_compiled, for_this_thread, namespaces
from reference.exact.strided import within
from reference.exact.substitutes import SCIPY

_array, _asanyarray = np.array, np.asanyarray  # the originals


def _is_float(dtype: Any) -> bool:
    return dtype is Float or np.dtype(dtype).kind in "fO"


def _maker(original: Callable[..., Any], number: float) -> Callable[..., Any]:
    def make(shape: Any, dtype: Any = None, *args: Any, **options: Any) -> Any:
        if not _is_float(dtype):
            return original(shape, dtype, *args, **options)
        made = original(shape, object, *args, **options)
        made.fill(Dual(number))
        return made

    return make


def _like_maker(original: Callable[..., Any], number: float) -> Callable[..., Any]:
    def make(prototype: Any, dtype: Any = None, *args: Any, **options: Any) -> Any:
        prototype = _asanyarray(prototype)
        if not _is_float(prototype.dtype if dtype is None else dtype):
            return original(prototype, dtype, *args, **options)
        made = original(prototype, object, *args, **options)
        made.fill(Dual(number))
        return made

    return make


def _converter(original: Callable[..., Any]) -> Callable[..., Any]:
    def convert(*args: Any, **options: Any) -> Any:
        named = options.get("dtype") is not None
        dtype = None if original in (_eye, _identity) else dict(enumerate(args)).get(1)
        if named and _is_float(options["dtype"]):
            options["dtype"] = object
        if dtype is not None and _is_float(dtype):
            args = (args[0], object, *args[2:])
        made = original(*args, **options)
        if made.dtype.kind == "f" or made.dtype == object:
            numeric = made.dtype.kind == "f" or all(
                type(x) is Dual or isinstance(x, NUMBERS) for x in made.ravel()
            )
            already = made.dtype == object and all(type(x) is Dual for x in made.ravel())
            return made if already or not numeric else duals(made)
        return made

    return convert


_eye, _identity, _np_full = np.eye, np.identity, np.full


def _full(shape: Any, fill_value: Any, dtype: Any = None, **options: Any) -> Any:
    value = _array(fill_value)
    if not _is_float(value.dtype if dtype is None else dtype):
        return _np_full(shape, fill_value, dtype, **options)
    made = _np_full(shape, 0, object, **options)
    made[...] = duals(value)
    return made


def _full_like(prototype: Any, fill_value: Any, dtype: Any = None, **options: Any) -> Any:
    prototype = _asanyarray(prototype)
    return _full(prototype.shape, fill_value, prototype.dtype if dtype is None else dtype)


def _on_reals(original: Callable[..., Any]) -> Callable[..., Any]:
    def evaluate(*args: Any, **options: Any) -> Any:
        return original(*map(real, args), **{name: real(value) for name, value in options.items()})

    return evaluate


def _scalar(original: Callable[..., Any], method: str) -> Callable[..., Any]:
    def evaluate(x: Any, *args: Any) -> Any:
        if isinstance(x, np.ndarray) and x.dtype == object and x.size == 1:
            x = x.item()
        return getattr(x, method)() if type(x) is Dual else original(x, *args)

    return evaluate


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if ord not in (None, 2, "fro") or (ord == 2 and axis is None and np.ndim(x) > 1):
        raise TypeError(f"a norm of order {ord} is not known")
    return np.sqrt(np.sum(np.square(x), axis=axis, keepdims=keepdims))


def _logaddexp(a: Any, b: Any) -> Any:
    larger = np.maximum(a, b)
    return larger + np.log(np.exp(duals(a - larger)) + np.exp(duals(b - larger)))


class _Passing(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, float | Dual)

    def __call__(cls, number: Any = 0.0) -> Any:
        if isinstance(number, np.ndarray) and number.dtype == object and number.size == 1:
            number = number.item()
        return number if type(number) is Dual else float(number)


class Float(metaclass=_Passing):
    """Stands for ``float``: a conversion that lets Duals pass, an isinstance test, a dtype."""


def _formula(original: Callable[..., Any], new: Callable[..., Any]) -> Callable[..., Any]:
    def evaluate(x: Any, *args: Any, **options: Any) -> Any:
        if type(x) is not Dual and not (isinstance(x, np.ndarray) and x.dtype == object):
            return original(x, *args, **options)
        made = new(duals(x), *args, **options)
        return made.item() if isinstance(made, np.ndarray) and made.shape == () else made

    return evaluate


def _of_scipy() -> dict[tuple[Any, str], Any]:
    """Return what stands in for SciPy's functions of floats alone, if it is loaded."""
    module = sys.modules.get("scipy.special")
    return {} if module is None else {
        (module, name): _formula(getattr(module, name), getattr(formulas, name))
        for name in SCIPY
    }  # fmt: skip


_DRAWING = ("uniform", "normal", "exponential", "laplace", "binomial")


def _substitutes() -> dict[tuple[Any, str], Any]:
    found: dict[tuple[Any, str], Any] = {}
    for name, number in {"zeros": 0.0, "ones": 1.0, "empty": 0.0}.items():
        found[np, name] = _maker(getattr(np, name), number)
        found[np, f"{name}_like"] = _like_maker(getattr(np, f"{name}_like"), number)
    for name in ("array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray",
                 "eye", "identity"):  # fmt: skip
        found[np, name] = _converter(getattr(np, name))
    found[np, "full"], found[np, "full_like"] = _full, _full_like
    for name in (*NAMES, "round", "floor", "ceil"):
        found[np, name] = Lifting(getattr(np, name), duals)
    for name in ("isnan", "isinf", "isfinite", "isclose", "allclose", "sign", "heaviside"):
        found[np, name] = _on_reals(getattr(np, name))
    for name in ("isnan", "isinf", "isfinite", "isclose"):
        found[math, name] = _on_reals(getattr(math, name))
    for name in _DRAWING:  # their widths may be made of sizes
        found[np.random, name] = _on_reals(getattr(np.random, name))
    for name in ("exp", "log", "log1p", "expm1", "sqrt", "tanh", "sinh", "cosh", "sin", "cos",
                 "fabs"):  # fmt: skip
        found[math, name] = _scalar(getattr(math, name), name)
    found[np.linalg, "norm"] = _norm
    found[np, "logaddexp"] = _logaddexp
    found[stride_tricks, "as_strided"] = within(stride_tricks.as_strided)
    return found


SUBSTITUTES = _substitutes()


@contextmanager
def dual_numpy(*functions: Any) -> Iterator[None]:
    """Let the float code of `functions` run on arrays of Duals within the block.

    Compiled code and other threads keep NumPy as it is: they would write floats into arrays of
    objects, which ends the process.
    """
    substitutes = {**SUBSTITUTES, **_of_scipy(), **matrices.substitutes()}
    originals = {id(getattr(module, name)): new for (module, name), new in substitutes.items()}
    changes = [
        (vars(module), name, for_this_thread(getattr(module, name), new))
        for (module, name), new in substitutes.items()
    ]
    changes += for_compiled()
    for space in namespaces(*functions):
        changes += [
            (space, name, originals[id(value)])
            for name, value in space.items()
            if id(value) in originals
        ]
        changes.append((space, "float", Float))
    before = [(space, name, space.get(name, _ABSENT)) for space, name, _ in changes]
    try:
        for space, name, new in changes:
            space[name] = new
        yield
    finally:
        for space, name, old in before:
            if old is _ABSENT:
                del space[name]
            else:
                space[name] = old


_ABSENT = object()
