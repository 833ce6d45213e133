"""What NumPy's and math's functions are replaced by while somebody's float code runs on elements.

Three kinds. *Makers* of float arrays make object arrays of constant elements, because a float
array has no room for an element; integer and boolean arrays stay what they are. *Questions* such
as ``np.isfinite`` are answered for the real numbers. *Formulas* say by arithmetic what NumPy and
math only do for floats.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.exact.arrays import constants, each
from reference.exact.field import Element, constant, lift
from reference.exact.formal import current

_array, _asanyarray = (
    np.array,
    np.asanyarray,
)  # the originals, whatever is in numpy when they are called


def is_float_dtype(dtype: Any) -> bool:
    """Return whether arrays of this dtype must hold elements instead; None is float64."""
    return dtype is Float or np.dtype(dtype).kind in "fO"


def _maker(original: Callable[..., Any], entry: Callable[[], Element]) -> Callable[..., Any]:
    """Replace zeros, ones, empty: (shape, dtype, ...)."""

    @wraps(original)
    def make(shape: Any, dtype: Any = None, *args: Any, **options: Any) -> Array:
        if not is_float_dtype(dtype):
            return original(shape, dtype, *args, **options)
        made = original(shape, object, *args, **options)
        made.fill(entry())
        return made

    return make


def _like_maker(original: Callable[..., Any], entry: Callable[[], Element]) -> Callable[..., Any]:
    """Replace zeros_like, ones_like, empty_like: (prototype, dtype, ...)."""

    @wraps(original)
    def make(prototype: Any, dtype: Any = None, *args: Any, **options: Any) -> Array:
        prototype = _asanyarray(prototype)
        if not is_float_dtype(prototype.dtype if dtype is None else dtype):
            return original(prototype, dtype, *args, **options)
        made = original(prototype, object, *args, **options)
        made.fill(entry())
        return made

    return make


def _converter(original: Callable[..., Any]) -> Callable[..., Any]:
    """Replace array, asarray, eye and others whose result may be of floats."""

    @wraps(original)
    def convert(*args: Any, **options: Any) -> Array:
        wants_float = options.get("dtype") is not None and is_float_dtype(options["dtype"])
        if len(args) > 1 and original in _DTYPE_SECOND and args[1] is not None:
            wants_float = is_float_dtype(args[1])
            args = (args[0], object if wants_float else args[1], *args[2:])
        elif wants_float:
            options["dtype"] = object
        made = original(*args, **options)
        if made.dtype.kind == "f":
            return constants(made)
        if made.dtype == object and any(type(entry) is not Element for entry in made.flat):
            return each(_lift_number, made)
        return constants(made) if wants_float else made

    return convert


_DTYPE_SECOND = {np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray}


def _lift_number(entry: Any) -> Any:
    made = lift(entry)
    return entry if made is NotImplemented else made


def _full(shape: Any, fill_value: Any, dtype: Any = None, **options: Any) -> Array:
    dtype = _array(fill_value).dtype if dtype is None else dtype
    if not is_float_dtype(dtype):
        return _original_full(shape, fill_value, dtype, **options)
    made = _original_full(shape, 0, object, **options)
    made[...] = each(_lift_number, _array(fill_value, dtype=object))
    return made


def _full_like(prototype: Any, fill_value: Any, dtype: Any = None, **options: Any) -> Array:
    prototype = _asanyarray(prototype)
    if not is_float_dtype(prototype.dtype if dtype is None else dtype):
        return _original_full_like(prototype, fill_value, dtype, **options)
    made = _original_full_like(prototype, 0, object, **options)
    made[...] = each(_lift_number, _array(fill_value, dtype=object))
    return made


_original_full, _original_full_like = np.full, np.full_like


def _question(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def answer(*args: Any, **options: Any) -> Any:
        return original(*map(shadows, args), **options)

    return answer


def shadows(values: Any) -> Any:
    """Return the real numbers behind elements; anything else as it is."""
    if type(values) is Element:
        return values.shadow
    if isinstance(values, np.ndarray) and values.dtype == object:
        real = [getattr(entry, "shadow", entry) for entry in values.flat]
        return _array(real, dtype=np.float64).reshape(values.shape)
    return values


def _scalar_formula(original: Callable[..., Any], method: str) -> Callable[..., Any]:
    """Replace a function of `math`: by the method of an element, and of a 0-d array of one."""

    @wraps(original)
    def evaluate(x: Any, *args: Any) -> Any:
        if isinstance(x, np.ndarray) and x.dtype == object and x.size == 1:
            x = x.item()
        if type(x) is not Element:
            return original(x, *args)
        value = getattr(x, method)()
        return value / constant(args[0]).log() if args else value  # math.log(x, base)

    return evaluate


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if _array(x).dtype != object or ord not in (None, 2, "fro") or (ord and axis is None):
        return _original_norm(x, ord, axis, keepdims)
    return np.sqrt(np.sum(np.square(x), axis=axis, keepdims=keepdims))


_original_norm = np.linalg.norm


def _logaddexp(a: Any, b: Any) -> Any:
    larger = np.maximum(a, b)
    return larger + np.log(np.exp(_object(a) - larger) + np.exp(_object(b) - larger))


def _object(values: Any) -> Array:
    return each(_lift_number, _array(values, dtype=object))


class _Passing(type):
    """The type of `Float`: elements count as floats, as they do in the code that runs."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, (float, Element))

    def __call__(cls, number: Any = 0.0) -> Any:
        if isinstance(number, np.ndarray) and number.dtype == object and number.size == 1:
            number = number.item()
        return number if type(number) is Element else float(number)


class Float(metaclass=_Passing):
    """Stands for `float`, in its three uses: a conversion, an isinstance test, a dtype.

    NumPy takes a class that it does not know for the dtype object, which is what is wanted of
    ``astype(float)`` here.
    """


def _zero() -> Element:
    return constant(0)


def _one() -> Element:
    return constant(1)


def _garbage() -> Element:
    # Memory that is read before it is written holds anything, so nothing may depend on it.
    return Element(current().draw(), 0, math.nan)


def _substitutes() -> dict[tuple[Any, str], Any]:
    found: dict[tuple[Any, str], Any] = {}
    for name, entry in {"zeros": _zero, "ones": _one, "empty": _garbage}.items():
        found[np, name] = _maker(getattr(np, name), entry)
        found[np, f"{name}_like"] = _like_maker(getattr(np, f"{name}_like"), entry)
    for name in ("array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray",
                 "eye", "identity"):  # fmt: skip
        found[np, name] = _converter(getattr(np, name))
    found[np, "full"], found[np, "full_like"] = _full, _full_like
    for name in ("isnan", "isinf", "isfinite", "isclose", "allclose"):
        found[np, name] = _question(getattr(np, name))
    for name in ("isnan", "isinf", "isfinite", "isclose"):
        found[math, name] = _question(getattr(math, name))
    for name in ("exp", "log", "log1p", "expm1", "log2", "log10", "sqrt", "tanh", "sinh", "cosh",
                 "sin", "cos", "tan", "fabs"):  # fmt: skip
        found[math, name] = _scalar_formula(getattr(math, name), name)
    found[math, "atan"] = _scalar_formula(math.atan, "arctan")
    found[math, "atanh"] = _scalar_formula(math.atanh, "arctanh")
    found[np.linalg, "norm"] = _norm
    found[np, "logaddexp"] = _logaddexp
    return found


SUBSTITUTES = _substitutes()
"""Substitute by (module, name)."""
