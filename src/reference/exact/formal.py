"""Functions that the field does not have: exp, log, square root, half-angle tangent.

The first time that such a function meets an argument it answers with a random number, from then
on with the same one. Only relations that hold for the real function are built in, such as
``exp(-x) = 1 / exp(x)``. A program whose gradient is right for every function with these relations
is right for the real function; a relation that is missing here can only keep a right program from
being proved.

Everything here is arithmetic on ints in [0, P). `Element` adds tangents and real values.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

from reference.exact.prime import HALF, P, inverse, square_root

_DOUBLINGS = 2  # exp(x) is drawn together with exp(x/4), exp(x/2), exp(2x) and exp(4x)
_MOST_LOOKUPS = 5_000_000  # spent on sums and products in one trial, about a second


class NotASquare(ArithmeticError):
    """A square root was asked of a number that has none in the field: draw the trial again."""


class Formal:
    """The memory of one trial: which argument of which function has which value.

    Parameters
    ----------
    seed : int
        Of all random answers, and of `draw`.
    search : bool, default False
        Whether to look for sums among the arguments of exp and products among those of log, and
        to insist on ``sqrt(x)**2 = x``. Slower by a factor of two or so, and a proof does without
        it in most programs.

    Attributes
    ----------
    exponentials, logarithms : dict of int to int
        Arguments and values met so far.
    """

    def __init__(self, seed: int, search: bool = False) -> None:
        self.search = search
        self.exponentials: dict[int, int] = {0: 1}
        self.logarithms: dict[int, int] = {1: 0}
        self._roots: dict[int, int] = {}
        self._tangents: dict[int, int] = {0: 0}
        self._arctangents: dict[int, int] = {0: 0}
        self._inverses: dict[int, int] = {}
        self._lookups = 0
        self._random = random.Random(seed)

    def draw(self) -> int:
        """Return a random number of the field that is not zero."""
        while not 0 < (x := self._random.getrandbits(61)) < P:
            pass
        return x

    def inverse(self, x: int) -> int:
        """Return 1 / x, remembered: a forward and its backward divide by the same numbers."""
        known = self._inverses.get(x)
        if known is None:
            known = self._inverses[x] = inverse(x)
        return known

    def exp(self, x: int) -> int:
        """Return exp(x), a unit."""
        known = self.exponentials.get(x)
        return self._meet_exp(x) if known is None else known

    def log(self, x: int) -> int:
        """Return log(x)."""
        known = self.logarithms.get(x)
        return self._meet_log(x) if known is None else known

    def sqrt(self, x: int) -> int:
        """Return the square root; of a number that is no square, a formal one.

        Raises
        ------
        NotASquare
            In a trial with `search`, instead of a formal root, whose square is not `x`.
        """
        root = square_root(x)
        if root is not None:
            return root
        if self.search:
            raise NotASquare
        if x not in self._roots:
            self._roots[x] = self.draw()
        return self._roots[x]

    def half_angle(self, x: int) -> int:
        """Return tan(x/2), of which sin(x) and cos(x) are rational functions."""
        known = self._tangents.get(x)
        if known is None:
            known = self.draw()
            self._tangents[x], self._tangents[P - x] = known, P - known
        return known

    def arctan(self, x: int) -> int:
        """Return arctan(x)."""
        known = self._arctangents.get(x)
        if known is None:
            known = self.draw()
            self._arctangents[x], self._arctangents[P - x] = known, P - known
        return known

    def _meet_exp(self, x: int) -> int:
        opposite = self.exponentials.get(P - x)
        if opposite is not None:
            return self._learn(x, self.inverse(opposite))
        half = self.exponentials.get(x * HALF % P)
        if half is not None:
            return self._learn(x, half * half % P)
        if self.search and (value := self._exp_of_sum(x)) is not None:
            return self._learn(x, value)
        argument, value = x, self.draw()
        for _ in range(_DOUBLINGS):
            argument = argument * HALF % P
        for _ in range(2 * _DOUBLINGS + 1):
            if argument not in self.exponentials:
                self._learn(argument, value)
            argument, value = 2 * argument % P, value * value % P
        return self.exponentials[x]

    def _meet_log(self, x: int) -> int:
        if x == 0:
            raise ZeroDivisionError("logarithm of zero")
        opposite = self.logarithms.get(self.inverse(x))
        if opposite is not None:
            self._learn(P - opposite, x)
            return P - opposite
        if self.search and (value := self._log_of_product(x)) is not None:
            self._learn(value, x)
            return value
        drawn = self.draw()
        self._learn(drawn, x)
        self._learn(2 * drawn % P, x * x % P)
        return drawn

    def _learn(self, argument: int, value: int) -> int:
        """Remember that exp(argument) = value, and hence log(value) = argument."""
        self.exponentials[argument] = value
        self.logarithms[value] = argument
        if self.search:  # a sum may need the negative, a product the reciprocal
            reciprocal = self.inverse(value)
            self.exponentials[-argument % P] = reciprocal
            self.logarithms[reciprocal] = -argument % P
        return value

    def _exp_of_sum(self, x: int) -> int | None:
        """Return exp(x) if x is a sum of two arguments met before, or of their negatives."""
        known = self.exponentials
        if self._may_look_up(len(known)):
            for argument, value in known.items():
                rest = known.get((x - argument) % P)
                if rest is not None:
                    return value * rest % P
        return None

    def _log_of_product(self, x: int) -> int | None:
        """Return log(x) if x is a product of two arguments met before, or of their reciprocals."""
        known = self.logarithms
        if self._may_look_up(len(known)):
            for argument, value in known.items():
                product = known.get(x * argument % P)
                if product is not None:
                    return (product - value) % P
        return None

    def _may_look_up(self, count: int) -> bool:
        self._lookups += count
        return self._lookups <= _MOST_LOOKUPS


_trials: list[Formal] = []


def current() -> Formal:
    """Return the innermost trial under way.

    Raises
    ------
    RuntimeError
        If there is none.
    """
    if not _trials:
        raise RuntimeError("no trial is under way: exp, log and sqrt need `with trial(seed):`")
    return _trials[-1]


@contextmanager
def trial(seed: int, search: bool = False) -> Iterator[Formal]:
    """Let elements use a fresh `Formal` memory within the block. Not for several threads."""
    memory = Formal(seed, search)
    _trials.append(memory)
    try:
        yield memory
    finally:
        _trials.remove(memory)
