"""`Dual`: a float that carries a vector of tangents, and arrays of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from manual_lstm.checks import Array

# The originals, also while others are in their place.
_array, _asanyarray, plain_zeros, _empty_like = np.array, np.asanyarray, np.zeros, np.empty_like
NUMBERS = (int, float, np.integer, np.floating, np.bool_)


class Dual:
    """A float with a vector of tangents, or None where it depends on no unknown.

    Parameters
    ----------
    value : float
    tangent : ndarray or None
        Never changed after it is made.
    """

    __slots__ = ("tangent", "value")

    def __init__(self, value: float, tangent: Array | None = None) -> None:
        self.value = value
        self.tangent = tangent

    def _image(self, value: float, slope: float) -> Dual:
        return Dual(value, None if self.tangent is None else slope * self.tangent)

    def __add__(self, other: Any) -> Any:
        if type(other) is not Dual and (other := _lift(other)) is NotImplemented:
            return NotImplemented
        a, b = self.tangent, other.tangent
        return Dual(self.value + other.value, b if a is None else a if b is None else a + b)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if type(other) is not Dual and (other := _lift(other)) is NotImplemented:
            return NotImplemented
        a, b = self.tangent, other.tangent
        tangent = a if b is None else -b if a is None else a - b
        return Dual(self.value - other.value, tangent)

    def __rsub__(self, other: Any) -> Any:
        other = _lift(other)
        return NotImplemented if other is NotImplemented else other - self

    def __mul__(self, other: Any) -> Any:
        if type(other) is not Dual and (other := _lift(other)) is NotImplemented:
            return NotImplemented
        a, b = self.tangent, other.tangent
        if a is None:
            tangent = None if b is None else self.value * b
        else:
            tangent = a * other.value if b is None else a * other.value + self.value * b
        return Dual(self.value * other.value, tangent)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if type(other) is not Dual and (other := _lift(other)) is NotImplemented:
            return NotImplemented
        if other.value == 0:
            raise ZeroDivisionError
        return self * other._image(1 / other.value, -1 / other.value**2)

    def __rtruediv__(self, other: Any) -> Any:
        other = _lift(other)
        return NotImplemented if other is NotImplemented else other / self

    def __neg__(self) -> Dual:
        return self._image(-self.value, -1.0)

    def __pos__(self) -> Dual:
        return self

    def __abs__(self) -> Dual:
        return -self if self.value < 0 else self

    def __pow__(self, exponent: Any) -> Any:
        if isinstance(exponent, NUMBERS):
            n = float(exponent)
            return self._image(self.value**n, n * self.value ** (n - 1) if n else 0.0)
        return (self.log() * exponent).exp()

    def __rpow__(self, base: Any) -> Any:
        return (self * math.log(base)).exp()

    def __mod__(self, other: Any) -> Any:
        return self._image(self.value % float(other), 1.0)

    def __eq__(self, other: object) -> bool:
        return self.value == real(other)

    def __hash__(self) -> int:
        return hash(self.value)

    def __lt__(self, other: Any) -> bool:
        return self.value < real(other)

    def __le__(self, other: Any) -> bool:
        return self.value <= real(other)

    def __gt__(self, other: Any) -> bool:
        return self.value > real(other)

    def __ge__(self, other: Any) -> bool:
        return self.value >= real(other)

    def __bool__(self) -> bool:
        return self.value != 0

    def __int__(self) -> int:
        return int(self.value)

    def exp(self) -> Dual:  # noqa: D102
        value = math.exp(self.value)
        return self._image(value, value)

    def expm1(self) -> Dual:  # noqa: D102
        return self.exp() - 1

    def log(self) -> Dual:  # noqa: D102
        return self._image(math.log(self.value), 1 / self.value)

    def log1p(self) -> Dual:  # noqa: D102
        return (self + 1).log()

    def log2(self) -> Dual:  # noqa: D102
        return self.log() * (1 / math.log(2))

    def log10(self) -> Dual:  # noqa: D102
        return self.log() * (1 / math.log(10))

    def exp2(self) -> Dual:  # noqa: D102
        return (self * math.log(2)).exp()

    def sqrt(self) -> Dual:  # noqa: D102
        value = math.sqrt(self.value)
        return self._image(value, 0.5 / value)

    def square(self) -> Dual:  # noqa: D102
        return self * self

    def reciprocal(self) -> Dual:  # noqa: D102
        return 1 / self

    def tanh(self) -> Dual:  # noqa: D102
        value = math.tanh(self.value)
        return self._image(value, 1 - value * value)

    def arctanh(self) -> Dual:  # noqa: D102
        return self._image(math.atanh(self.value), 1 / (1 - self.value**2))

    def sinh(self) -> Dual:  # noqa: D102
        return self._image(math.sinh(self.value), math.cosh(self.value))

    def cosh(self) -> Dual:  # noqa: D102
        return self._image(math.cosh(self.value), math.sinh(self.value))

    def sin(self) -> Dual:  # noqa: D102
        return self._image(math.sin(self.value), math.cos(self.value))

    def cos(self) -> Dual:  # noqa: D102
        return self._image(math.cos(self.value), -math.sin(self.value))

    def tan(self) -> Dual:  # noqa: D102
        return self.sin() / self.cos()

    def arctan(self) -> Dual:  # noqa: D102
        return self._image(math.atan(self.value), 1 / (1 + self.value**2))

    def fabs(self) -> Dual:  # noqa: D102
        return abs(self)

    def rint(self) -> Dual:  # noqa: D102
        return Dual(float(round(self.value)))

    def __floor__(self) -> Dual:
        return Dual(float(math.floor(self.value)))

    def __ceil__(self) -> Dual:
        return Dual(float(math.ceil(self.value)))

    def __trunc__(self) -> Dual:
        return Dual(float(math.trunc(self.value)))

    floor, ceil, trunc = __floor__, __ceil__, __trunc__  # older NumPy calls them so

    def conjugate(self) -> Dual:  # noqa: D102
        return self

    @property
    def real(self) -> Dual:  # noqa: D102
        return self

    @property
    def size(self) -> int:  # noqa: D102
        return 1

    @property
    def shape(self) -> tuple[int, ...]:  # noqa: D102
        return ()

    @property
    def ndim(self) -> int:  # noqa: D102
        return 0

    @property
    def dtype(self) -> Any:  # noqa: D102
        return np.dtype(object)

    @property
    def T(self) -> Dual:  # noqa: N802, D102
        return self

    def item(self) -> Dual:  # noqa: D102
        return self

    def copy(self) -> Dual:  # noqa: D102
        return self

    def sum(self, *_: Any, **__: Any) -> Dual:  # noqa: D102
        return self


def _lift(number: Any) -> Any:
    return Dual(float(number)) if isinstance(number, NUMBERS) else NotImplemented


def real(values: Any) -> Any:
    """Return the floats of Duals; anything else as it is."""
    if type(values) is Dual:
        return values.value
    if isinstance(values, np.ndarray) and values.dtype == object:
        return _array([getattr(x, "value", x) for x in values.ravel()], dtype=float).reshape(
            values.shape
        )
    return values


def tangents_of(values: Any, count: int) -> Array:
    """Return the tangents of an array of Duals, one row for each entry."""
    entries = _array(values, dtype=object).ravel()
    rows = plain_zeros((len(entries), count))
    for row, entry in zip(rows, entries, strict=True):
        if type(entry) is Dual and entry.tangent is not None:
            row[:] = entry.tangent
    return rows


def duals(array: Any, tangents: Array | None = None) -> Array:
    """Return floats as Duals, entry k of ``array.flat`` with row k of `tangents`."""
    array = _asanyarray(array)
    made = _empty_like(array, dtype=object)
    flat = array.ravel().tolist()
    # NumPy takes any sequence here; its types know arrays alone.
    made.flat = (  # type: ignore[assignment]
        [x if type(x) is Dual else Dual(float(x)) for x in flat]
        if tangents is None
        else [Dual(float(x), row) for x, row in zip(flat, tangents, strict=True)]
    )
    return made
