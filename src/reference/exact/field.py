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

from reference.exact.formal import current
from reference.exact.prime import HALF, P, residue
from reference.exact.shadows import shadow_of


class Detached(TypeError):
    """An element was to become a float, which would cut it off from what it was computed from."""


class Element:
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

    # Arithmetic. `is not 0` in effect: an int tangent of zero is skipped, an array never is.

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
        reciprocal = current().inverse(other.value)
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
            if exponent == int(exponent):
                return self._integer_power(int(exponent))
            if 2 * exponent == int(2 * exponent):
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
        return self.value == other.value  # type: ignore[attr-defined]

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

    # Whole numbers have no derivative, so these may leave the field. A float may not.

    def __int__(self) -> int:
        return int(self.shadow)

    __trunc__ = __int__

    def __floor__(self) -> Element:
        return constant(math.floor(self.shadow))

    def __ceil__(self) -> Element:
        return constant(math.ceil(self.shadow))

    def __round__(self, digits: int = 0) -> Element:
        return constant(round(self.shadow, digits))

    def rint(self) -> Element:
        return constant(round(self.shadow))

    def __float__(self) -> float:
        raise Detached("an exact number cannot become a float")

    __complex__ = __float__

    # Formal functions, each with its derivative.

    def exp(self) -> Element:
        value = current().exp(self.value)
        return self._image(value, value, shadow_of("exp", self.shadow))

    def log(self) -> Element:
        memory = current()
        value = memory.log(self.value)
        return self._image(value, memory.inverse(self.value), shadow_of("log", self.shadow))

    def tanh(self) -> Element:
        # From exp(2x), so that programs that write one by the other agree with themselves.
        memory = current()
        e = memory.exp(2 * self.value % P)
        value = (e - 1) * memory.inverse((e + 1) % P) % P
        return self._image(value, 1 - value * value, math.tanh(self.shadow))

    def sqrt(self) -> Element:
        shadow = shadow_of("sqrt", self.shadow)
        exact = residue(shadow) if shadow == shadow else 0
        root = exact if exact * exact % P == self.value else current().sqrt(self.value)
        if self.tangent is _0:
            return Element(root, 0, shadow)
        return self._image(root, HALF * current().inverse(root), shadow)

    def sin(self) -> Element:
        sine, cosine = self._sine_and_cosine()
        return self._image(sine, cosine, math.sin(self.shadow))

    def cos(self) -> Element:
        sine, cosine = self._sine_and_cosine()
        return self._image(cosine, -sine, math.cos(self.shadow))

    def arctan(self) -> Element:
        memory = current()
        slope = memory.inverse((1 + self.value * self.value) % P)
        return self._image(memory.arctan(self.value), slope, math.atan(self.shadow))

    def _sine_and_cosine(self) -> tuple[int, int]:
        memory = current()
        t = memory.half_angle(self.value)
        scale = memory.inverse((1 + t * t) % P)
        return 2 * t * scale % P, (1 - t * t) * scale % P

    def _image(self, value: int, slope: int, shadow: float) -> Element:
        tangent = self.tangent
        return Element(value, _0 if tangent is _0 else slope * tangent % P, shadow)

    # Functions that are made of those.

    def sinh(self) -> Element:
        return (self.exp() - (-self).exp()) / 2

    def cosh(self) -> Element:
        return (self.exp() + (-self).exp()) / 2

    def tan(self) -> Element:
        return self.sin() / self.cos()

    def expm1(self) -> Element:
        return self.exp() - 1

    def log1p(self) -> Element:
        return (1 + self).log()

    def exp2(self) -> Element:
        return constant(2) ** self

    def log2(self) -> Element:
        return self.log() / constant(2).log()

    def log10(self) -> Element:
        return self.log() / constant(10).log()

    def arctanh(self) -> Element:
        return ((1 + self) / (1 - self)).log() / 2

    def arcsinh(self) -> Element:
        return (self + (self * self + 1).sqrt()).log()

    def square(self) -> Element:
        return self * self

    def reciprocal(self) -> Element:
        return 1 / self

    def fabs(self) -> Element:
        return abs(self)

    # What code asks of a NumPy float, all of it the identity on a real number.

    def conjugate(self) -> Element:
        return self

    item = copy = conjugate

    def astype(self, dtype: Any) -> Any:
        return np.asarray(self, dtype=object).astype(dtype)[()]

    def __copy__(self) -> Element:
        return self

    def __deepcopy__(self, memo: Any) -> Element:
        return self

    @property
    def real(self) -> Element:
        return self

    @property
    def imag(self) -> int:
        return 0

    @property
    def shape(self) -> tuple[()]:
        return ()

    @property
    def ndim(self) -> int:
        return 0

    @property
    def size(self) -> int:
        return 1

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
