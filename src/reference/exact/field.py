"""`Element`: a number of the field with a tangent, and the real number that it stands for.

An element has three parts. Its *value* in GF(P) takes part in exact arithmetic. Its *tangent*
is carried along by the chain rule, as in a dual number. Its *shadow* is the ordinary float of the
same computation: comparisons, and with them ``max``, ``abs``, clips, ``where`` and ``if``, follow
the shadow, so that a program takes the branch that it takes on real numbers. Equality alone
compares values.

NumPy needs no help: the loops of an object array call the arithmetic and, for ``np.exp`` and its
like, the method of that name.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy import asarray  # the original, also while another is in its place

from reference.exact.functions import Functions
from reference.exact.prime import P, inverse, residue
from reference.exact.shadows import shadow_of


class Detached(TypeError):
    """An element was to become a float, which would cut it off from what it was computed from."""


class Element(Functions):
    """A number of the field. Never changed after it is made.

    Parameters
    ----------
    value : int
        In [0, P).
    tangent : int, or object array of int
        In [0, P); an array carries as many tangents at once as it has entries.
    shadow : float
        The real number of the same computation.

    Examples
    --------
    >>> import numpy as np
    >>> from reference.exact import Element, trial
    >>> x = Element(value=7, tangent=1, shadow=0.5)
    >>> (x**2).tangent, (x**2).shadow
    (14, 0.25)
    >>> with trial(seed=0):
    ...     t, e = np.tanh(np.array([x])), np.exp(2 * x)
    >>> t[0] == (e - 1) / (e + 1)
    True
    """

    __slots__ = ("shadow", "tangent", "value")

    def __init__(self, value: int, tangent: Any = 0, shadow: float = math.nan) -> None:
        self.value = value
        self.tangent = tangent
        self.shadow = shadow

    def _image(self, value: int, slope: int, shadow: float) -> Element:
        tangent = self.tangent
        return Element(value, _0 if tangent is _0 else slope * tangent % P, shadow)

    # Arithmetic. Tangents that are the int zero are skipped; an array of tangents never is.

    def __add__(self, other: Any) -> Any:
        if type(other) is not Element and (other := lift(other)) is NotImplemented:
            return NotImplemented
        value = self.value + other.value
        a, b = self.tangent, other.tangent
        return Element(
            value if value < P else value - P,
            (a + b) % P if a is not _0 or b is not _0 else _0,
            self.shadow + other.shadow,
        )

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if type(other) is not Element and (other := lift(other)) is NotImplemented:
            return NotImplemented
        a, b = self.tangent, other.tangent
        return Element(
            (self.value - other.value) % P,
            (a - b) % P if a is not _0 or b is not _0 else _0,
            self.shadow - other.shadow,
        )

    def __rsub__(self, other: Any) -> Any:
        other = lift(other)
        return NotImplemented if other is NotImplemented else other - self

    def __mul__(self, other: Any) -> Any:
        if type(other) is not Element and (other := lift(other)) is NotImplemented:
            return NotImplemented
        x, y = self.value, other.value
        a, b = self.tangent, other.tangent
        return Element(
            x * y % P,
            (a * y + x * b) % P if a is not _0 or b is not _0 else _0,
            self.shadow * other.shadow,
        )

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if type(other) is not Element and (other := lift(other)) is NotImplemented:
            return NotImplemented
        reciprocal = inverse(other.value)
        value = self.value * reciprocal % P
        a, b = self.tangent, other.tangent
        return Element(
            value,
            (a - value * b) * reciprocal % P if a is not _0 or b is not _0 else _0,
            shadow_of("divide", self.shadow, other.shadow),
        )

    def __rtruediv__(self, other: Any) -> Any:
        other = lift(other)
        return NotImplemented if other is NotImplemented else other / self

    def __neg__(self) -> Element:
        return Element(-self.value % P, -self.tangent % P, -self.shadow)

    def __pos__(self) -> Element:
        return self

    def __abs__(self) -> Element:
        return -self if self.shadow < 0 else self

    def __pow__(self, exponent: Any) -> Any:
        if type(exponent) is not Element:
            if not isinstance(exponent, NUMBERS):
                return NotImplemented
            if exponent % 1 == 0:
                return self._integer_power(int(exponent))
            if exponent % 1 == 0.5:
                return self.sqrt()._integer_power(int(2 * exponent))
        return (self.log() * exponent).exp()

    def __rpow__(self, base: Any) -> Any:
        base = lift(base)
        return NotImplemented if base is NotImplemented else base**self

    def _integer_power(self, n: int) -> Element:
        if n == 2:
            return self * self
        if n < 0:
            return self.reciprocal()._integer_power(-n)
        slope = n * pow(self.value, n - 1, P) if n else 0
        return self._image(pow(self.value, n, P), slope, shadow_of("power", self.shadow, n))

    # Comparisons follow the real numbers, equality the field.

    def __eq__(self, other: object) -> Any:
        if type(other) is not Element and (other := lift(other)) is NotImplemented:
            return NotImplemented
        return self.value == other.value  # type: ignore[attr-defined]  # lift gives elements

    def __hash__(self) -> int:
        return hash(self.value)

    def __lt__(self, other: Any) -> Any:
        other = _real(other)
        return NotImplemented if other is None else self.shadow < other

    def __le__(self, other: Any) -> Any:
        other = _real(other)
        return NotImplemented if other is None else self.shadow <= other

    def __gt__(self, other: Any) -> Any:
        other = _real(other)
        return NotImplemented if other is None else self.shadow > other

    def __ge__(self, other: Any) -> Any:
        other = _real(other)
        return NotImplemented if other is None else self.shadow >= other

    def __bool__(self) -> bool:
        return self.shadow != 0

    # Rounding has no derivative, so it may leave the field. Becoming a float may not.

    def __int__(self) -> int:
        return int(self.shadow)

    __trunc__ = __int__

    def __floor__(self) -> Element:
        return constant(math.floor(self.shadow))

    def __ceil__(self) -> Element:
        return constant(math.ceil(self.shadow))

    def __round__(self, digits: int | None = None) -> Element:
        return constant(round(self.shadow, digits))

    def __float__(self) -> float:
        raise Detached("an exact number cannot become a float")

    __complex__ = __float__

    # Everything else that code asks of a NumPy float.

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(asarray(self, dtype=object), name)

    def __copy__(self) -> Element:
        return self

    def __deepcopy__(self, memo: Any) -> Element:
        return self

    def __repr__(self) -> str:
        tangent = "" if self.tangent is _0 else f", tangent={self.tangent}"
        return f"Element({self.value}{tangent}, shadow={self.shadow!r})"

    def __format__(self, spec: str) -> str:
        return format(self.shadow, spec)


# CPython has one zero, and every `% P` that gives zero gives this one. Where an interpreter had
# several, a zero tangent would be computed with instead of being skipped.
_0 = 0

NUMBERS = (int, float, np.integer, np.floating, np.bool_)


@lru_cache(maxsize=1 << 14)
def constant(number: float) -> Element:
    """Return the element of a real constant, with tangent zero; see `prime.residue`."""
    number = number if isinstance(number, int) else float(number)
    return Element(residue(number), 0, float(number))


def lift(number: Any) -> Any:
    """Return `number` as a constant element, or NotImplemented if it is no real number."""
    if isinstance(number, NUMBERS):
        return constant(number.item() if isinstance(number, np.generic) else number)
    return NotImplemented


def _real(other: Any) -> Any:
    if type(other) is Element:
        return other.shadow
    return other if isinstance(other, NUMBERS) else None
