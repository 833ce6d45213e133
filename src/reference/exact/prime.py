"""Arithmetic in the prime field GF(P) on plain ints, and the field's name for a real constant.

P = 2^61 − 1 is a Mersenne prime with P ≡ 3 (mod 4), so that a square root is one power.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np

from manual_lstm.checks import Array

P = (1 << 61) - 1

HALF = (P + 1) // 2
"""The field's one half."""

# An infinite constant (a mask of -inf before a softmax) stands for one fixed unknown: what holds
# for every number in its place holds in the limit.
_INFINITY = 1_162_261_467_008_171_069

# A double that is the nearest one to a fraction of such a denominator stands for the fraction.
_LARGEST_DENOMINATOR = 1 << 12


@lru_cache(maxsize=1 << 15)
def inverse(x: int) -> int:
    """Return 1 / x, remembered: a forward and its backward divide by the same numbers.

    Raises
    ------
    ZeroDivisionError
        For zero.
    """
    if x == 0:
        raise ZeroDivisionError("division by zero")
    return pow(x, -1, P)


def square_root(x: int) -> int | None:
    """Return the principal square root of `x`, or None if `x` is no square.

    The principal root is itself a square, so that roots of products are products of roots.

    Examples
    --------
    >>> square_root(4), square_root(P - 1)
    (2, None)
    """
    root = pow(x, (P + 1) // 4, P)
    return root if root * root % P == x else None


def products(x: int, ys: Array) -> Array:
    """Return ``x * y mod P`` for every y.

    Parameters
    ----------
    x : int
        In [0, P).
    ys : ndarray of uint64, any shape
        In [0, P).

    Returns
    -------
    ndarray of uint64
        In [0, P).

    Notes
    -----
    Products have 122 bits, so both factors are split after 32 bits; 2^61 = 1 in the field.

    Examples
    --------
    >>> products(P - 1, np.array([2, P - 3], np.uint64)) == [P - 2, 3]
    array([ True,  True])
    """
    x_high, x_low = np.uint64(x >> 32), np.uint64(x & _LOW)
    y_high, y_low = ys >> _32, ys & np.uint64(_LOW)
    high = (x_high * y_high) << np.uint64(3)  # 2^64 = 2^3
    middle = x_high * y_low + x_low * y_high  # times 2^32, so its top part times 2^61
    middle = (middle >> np.uint64(29)) + ((middle & np.uint64((1 << 29) - 1)) << _32)
    low = x_low * y_low
    low = (low & np.uint64(P)) + (low >> np.uint64(61))
    return (high % np.uint64(P) + middle % np.uint64(P) + low) % np.uint64(P)


_LOW, _32 = (1 << 32) - 1, np.uint64(32)


@lru_cache(maxsize=1 << 16)
def residue(x: float) -> int:
    """Return the field element that stands for the real constant `x`.

    A float is the binary fraction that it is, unless it is the double nearest to a fraction of
    small denominator, such as 1/3 or 0.1: then it stands for that fraction, so that ``y / 3`` and
    ``y * (1 / 3)`` are equal here as they are in real numbers.

    Raises
    ------
    ValueError
        For NaN.

    Examples
    --------
    >>> residue(2.0), residue(1 / 3) * 3 % P, residue(1.0000000000000002) == 1
    (2, 1, False)
    """
    if isinstance(x, int):
        return x % P
    if math.isinf(x):
        return _INFINITY if x > 0 else P - _INFINITY
    if math.isnan(x):
        raise ValueError("NaN has no counterpart among exact numbers")
    top, bottom = x.as_integer_ratio()
    if bottom > _LARGEST_DENOMINATOR:
        simple = Fraction(x).limit_denominator(_LARGEST_DENOMINATOR)
        if float(simple) == x:
            top, bottom = simple.as_integer_ratio()
    return top * pow(bottom, -1, P) % P
