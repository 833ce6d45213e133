"""`KnownNumbers`: a growing set of numbers, searched for a whole array of candidates at once."""

from __future__ import annotations

import numpy as np

from manual_lstm.checks import Array

_BITS = 16
_LOW_BITS = (1 << _BITS) - 1


class KnownNumbers:
    """Numbers of the field in the order in which they were added.

    Examples
    --------
    >>> known = KnownNumbers()
    >>> known.add(5, 12)
    >>> known.among(np.array([4, 5, 12], np.uint64))
    [1, 2]
    """

    def __init__(self) -> None:
        self._numbers = np.zeros(64, np.uint64)
        self._count = 0
        self._exact: set[int] = set()
        # Which low bits occur: rules nearly every candidate out without looking it up.
        self._occurs = np.zeros(1 << _BITS, bool)

    @property
    def numbers(self) -> Array:
        """The numbers, as uint64."""
        return self._numbers[: self._count]

    def add(self, *numbers: int) -> None:
        """Add numbers; twice is once."""
        for number in numbers:
            if number in self._exact:
                continue
            if self._count == len(self._numbers):
                self._numbers = np.concatenate([self._numbers, np.zeros_like(self._numbers)])
            self._numbers[self._count] = number
            self._count += 1
            self._exact.add(number)
            self._occurs[number & _LOW_BITS] = True

    def among(self, candidates: Array) -> list[int]:
        """Return the places at which `candidates`, a uint64 array, holds a known number."""
        likely = self._occurs[candidates & np.uint64(_LOW_BITS)].nonzero()[0].tolist()
        return [k for k in likely if int(candidates[k]) in self._exact]
