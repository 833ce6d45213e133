"""Somebody's NumPy code on complex numbers, for the complex step; kinks follow the real parts."""

from __future__ import annotations

import builtins
import cmath
import math
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from reference.exact import formulas
from reference.exact.patching import namespaces
from reference.exact.substitutes import SCIPY


class _ComplexNumpy:
    """NumPy, save that what makes arrays of floats makes complex ones, and kinks follow reals."""

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(np, name)
        if name in _MAKERS:
            return _maker(attribute)
        if name in _CONVERTED:
            return _converter(attribute)
        if attribute in _FLOATS:  # ``np.float32(x)``, ``x.astype(np.float32)``
            return np.complex128
        return _ANALYTIC.get(name, attribute)


_MAKERS = {"zeros", "ones", "empty", "full", "eye", "identity",
           "zeros_like", "ones_like", "empty_like", "full_like"}  # fmt: skip
_FLOATS = (np.float16, np.float32, np.float64)
_CONVERTED = {"array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray"}


class _Analytic(np.ndarray):
    """Complex numbers of which variances and absolute values are those that the reals have."""

    def var(  # type: ignore[override]  # NumPy's has overloads by the type of `out`
        self, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0,
        keepdims: bool = False,
    ) -> Any:  # fmt: skip
        off = self - self.mean(axis, keepdims=True)
        count = self.size if axis is None else off.size // np.sum(off, axis).size
        return np.sum(off * off, axis, keepdims=keepdims) / (count - ddof)

    def std(self, *args: Any, **options: Any) -> Any:
        return np.sqrt(self.var(*args, **options))

    def __abs__(self) -> Any:
        return _abs(self)


def analytic(array: Any) -> Any:
    """Return complex numbers as `complex_numpy` computes with them."""
    is_array = isinstance(array, np.ndarray) and array.dtype.kind == "c"
    return array.view(_Analytic) if is_array else array


def _is_float(dtype: Any) -> bool:
    return dtype is _Float or np.dtype(dtype).kind == "f"


def _maker(original: Callable[..., Any]) -> Callable[..., Any]:
    def make(*args: Any, **options: Any) -> Any:
        args = tuple(builtins.float if value is _Float else value for value in args)
        if options.get("dtype") is _Float:
            options["dtype"] = builtins.float
        made = original(*args, **options)
        return analytic(made.astype(complex) if made.dtype.kind == "f" else made)

    return make


def _converter(original: Callable[..., Any]) -> Callable[..., Any]:
    def convert(value: Any, dtype: Any = None, **options: Any) -> Any:
        if dtype is not None and _is_float(dtype):
            dtype = complex
        made = original(value, dtype, **options)
        return analytic(made.astype(complex) if made.dtype.kind == "f" else made)

    return convert


def _abs(z: Any) -> Any:
    return np.where(np.real(z) < 0, -z, z)


def _abs_of_any(z: Any) -> Any:
    return _abs(z) if isinstance(z, np.ndarray | complex) else builtins.abs(z)


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if ord not in (None, 2, "fro") or (ord == 2 and axis is None and np.ndim(x) > 1):
        raise TypeError(f"the norm of order {ord} of complex numbers is another")
    return np.sqrt(np.sum(np.square(x), axis=axis, keepdims=keepdims))


def _slogdet(a: Any) -> Any:
    if not np.iscomplexobj(a):
        return np.linalg.slogdet(a)
    determinant = np.linalg.det(a)
    return np.sign(np.real(determinant)), np.log(_abs(determinant))


class _ComplexLinalg:
    norm = staticmethod(_norm)
    slogdet = staticmethod(_slogdet)

    def __getattr__(self, name: str) -> Any:
        return getattr(np.linalg, name)


def _logaddexp(a: Any, b: Any) -> Any:
    larger = np.where(np.real(a) >= np.real(b), a, b)
    return larger + np.log(np.exp(a - larger) + np.exp(b - larger))


_ANALYTIC: dict[str, Any] = {
    "linalg": _ComplexLinalg(),
    "var": lambda z, *args, **options: np.var(analytic(np.asanyarray(z)), *args, **options),
    "std": lambda z, *args, **options: np.std(analytic(np.asanyarray(z)), *args, **options),
    "abs": _abs,
    "absolute": _abs,
    "fabs": _abs,
    "sign": lambda z: np.sign(np.real(z)),
    "heaviside": lambda z, at_zero: np.heaviside(np.real(z), at_zero),
    "vdot": lambda a, b: np.sum(np.ravel(a) * np.ravel(b)),
    "conj": lambda z: z,
    "logaddexp": _logaddexp,
}


class _Passing(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, float | complex)

    def __call__(cls, number: Any = 0.0) -> Any:
        number = number.item() if isinstance(number, np.ndarray) else number
        return number if isinstance(number, complex) else builtins.float(number)


class _Float(metaclass=_Passing):
    """Stands for ``float``: a conversion that lets complex numbers pass, and an isinstance test.

    Examples
    --------
    >>> (np.arange(2) > 0).astype(_Float).dtype  # a mask, which would be one of objects
    dtype('complex128')
    """

    dtype = np.dtype(complex)


class _ComplexMath:
    def __getattr__(self, name: str) -> Any:
        return {"fabs": lambda z: -z if z.real < 0 else z}.get(
            name, getattr(cmath, name, getattr(math, name))
        )


class _ComplexSpecial:
    """``scipy.special``, with formulas for functions of floats alone."""

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(sys.modules["scipy.special"], name)
        return _formula(attribute, getattr(formulas, name)) if name in SCIPY else attribute


class _ComplexScipy:
    special = _ComplexSpecial()

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.modules["scipy"], name)


def _formula(original: Callable[..., Any], new: Callable[..., Any]) -> Callable[..., Any]:
    def evaluate(x: Any, *args: Any, **options: Any) -> Any:
        return (new if np.iscomplexobj(x) else original)(x, *args, **options)

    return evaluate


@contextmanager
def complex_numpy(*functions: Any) -> Iterator[None]:
    """Let the float code of `functions` run on complex numbers within the block."""
    stand_ins = {"numpy": _ComplexNumpy(), "math": _ComplexMath(),
                 "scipy": _ComplexScipy(), "scipy.special": _ComplexSpecial()}  # fmt: skip
    scipys = vars(sys.modules["scipy.special"]) if "scipy.special" in sys.modules else {}
    of_scipy = {id(scipys[name]): name for name in SCIPY if name in scipys}
    changes: list[tuple[dict[str, Any], str, Any]] = []
    for space in namespaces(*functions):
        for name, value in space.items():
            module = getattr(value, "__module__", "") or ""
            known = getattr(value, "__name__", "")
            if isinstance(value, types.ModuleType) and value.__name__ in stand_ins:
                changes.append((space, name, stand_ins[value.__name__]))
            elif id(value) in of_scipy:
                changes.append((space, name, getattr(_ComplexSpecial(), of_scipy[id(value)])))
            elif module in stand_ins and not isinstance(value, type) and known:
                changes.append((space, name, getattr(stand_ins[module], known)))
            elif value in _FLOATS if isinstance(value, type) else False:
                changes.append((space, name, np.complex128))
        changes.append((space, "float", _Float))
        if "abs" not in space:
            changes.append((space, "abs", _abs_of_any))
    before = [(space, name, space.get(name, _ABSENT)) for space, name, _ in changes]
    try:
        for space, name, new in changes:
            space[name] = new
        yield
    finally:
        for space, name, old in before:
            if old is _ABSENT:
                space.pop(name, None)  # the code itself may have taken it away
            else:
                space[name] = old


_ABSENT = object()
