"""The functions of an element, as the methods that NumPy's object loops and math's call.

Each formal function states its value, its derivative and its shadow; the others are made of these.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from reference.exact.formal import current
from reference.exact.prime import HALF, P, inverse, residue
from reference.exact.shadows import shadow_of

if TYPE_CHECKING:
    from reference.exact.field import Element


class Functions:
    """What `Element` inherits: exp, log, tanh, sqrt and their kin."""

    __slots__ = ()

    value: int
    tangent: Any
    shadow: float

    def _image(self, value: int, slope: int, shadow: float) -> Element:
        """Return a function value, given the derivative of the function."""
        raise NotImplementedError

    # Formal functions.

    def exp(self) -> Element:
        """Return e to the power of it."""
        value = current().exp(self.value)
        return self._image(value, value, shadow_of("exp", self.shadow))

    def log(self) -> Element:
        """Return the natural logarithm."""
        memory = current()
        slope = inverse(self.value)
        return self._image(memory.log(self.value), slope, shadow_of("log", self.shadow))

    def tanh(self) -> Element:
        """Return the hyperbolic tangent, made of exp(2x) so that either may stand for the other."""
        memory = current()
        e = memory.exp(2 * self.value % P)
        value = (e - 1) * inverse((e + 1) % P) % P
        return self._image(value, 1 - value * value, math.tanh(self.shadow))

    def sqrt(self) -> Element:
        """Return the square root; see `Formal.sqrt` for numbers that have none."""
        memory = current()
        shadow = shadow_of("sqrt", self.shadow)
        # The field cannot tell 3 from -3, so roots of constants that are squares come from here.
        root = residue(shadow) if math.isfinite(shadow) else 0
        if root * root % P != self.value:
            root = memory.sqrt(self.value)
        slope = HALF * inverse(root) if root else 0
        return self._image(root, slope, shadow)

    def sin(self) -> Element:
        """Return the sine."""
        sine, cosine = self._sine_and_cosine()
        return self._image(sine, cosine, shadow_of("sin", self.shadow))

    def cos(self) -> Element:
        """Return the cosine."""
        sine, cosine = self._sine_and_cosine()
        return self._image(cosine, -sine, shadow_of("cos", self.shadow))

    def arctan(self) -> Element:
        """Return the inverse tangent."""
        memory = current()
        slope = inverse((1 + self.value * self.value) % P)
        return self._image(memory.arctan(self.value), slope, math.atan(self.shadow))

    def _sine_and_cosine(self) -> tuple[int, int]:
        memory = current()
        t = memory.half_angle(self.value)
        scale = inverse((1 + t * t) % P)
        return 2 * t * scale % P, (1 - t * t) * scale % P

    # Functions that are made of those.

    def sinh(self: Any) -> Element:
        """Return the hyperbolic sine."""
        return (self.exp() - (-self).exp()) / 2

    def cosh(self: Any) -> Element:
        """Return the hyperbolic cosine."""
        return (self.exp() + (-self).exp()) / 2

    def tan(self: Any) -> Element:
        """Return the tangent."""
        return self.sin() / self.cos()

    def expm1(self: Any) -> Element:
        """Return exp(x) - 1."""
        return self.exp() - 1

    def log1p(self: Any) -> Element:
        """Return log(1 + x)."""
        return (1 + self).log()

    def exp2(self: Any) -> Element:
        """Return 2 to the power of it."""
        return 2**self

    def log2(self: Any) -> Element:
        """Return the logarithm to base 2."""
        return self.log() / (0 * self + 2).log()

    def log10(self: Any) -> Element:
        """Return the logarithm to base 10."""
        return self.log() / (0 * self + 10).log()

    def arctanh(self: Any) -> Element:
        """Return the inverse hyperbolic tangent."""
        return ((1 + self) / (1 - self)).log() / 2

    def arcsinh(self: Any) -> Element:
        """Return the inverse hyperbolic sine."""
        return (self + (self * self + 1).sqrt()).log()

    def square(self: Any) -> Element:
        """Return its square."""
        return self * self

    def reciprocal(self: Any) -> Element:
        """Return 1 / x."""
        return 1 / self

    def fabs(self: Any) -> Element:
        """Return its absolute value."""
        return abs(self)

    def rint(self: Any) -> Element:
        """Return the nearest whole number, a constant."""
        return round(self)

    def conjugate(self: Any) -> Element:
        """Return it as it is: it is real."""
        return self
