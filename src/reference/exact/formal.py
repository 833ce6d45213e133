"""Functions that the field does not have: exp, log, square root, half-angle tangent.

The first time that such a function meets an argument it answers with a random number, from then
on with the same one. Only relations that hold for the real function are built in, such as
``exp(a + b) = exp(a) exp(b)`` for arguments that were met. A program whose gradient is right for
every function with these relations is right for the real function; a relation that is missing
here can only keep a right program from being proved.

Everything here is arithmetic on ints in [0, P). `Element` adds tangents and real values.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from reference.exact.known import KnownNumbers
from reference.exact.prime import HALF, P, inverse, products, square_root

_DOUBLINGS = 2  # exp(x) is drawn together with exp(x/4), exp(x/2), exp(2x) and exp(4x)


class NotASquare(ArithmeticError):
    """A square root was asked of a number that has none in the field: draw the trial again."""


class OutOfTime(TimeoutError):
    """A trial took longer than it was given."""


class Formal:
    """The memory of one trial: which argument of which function has which value.

    Parameters
    ----------
    seed : int
        Of all random answers, and of `draw`.
    true_roots : bool, default False
        Whether to raise where a number has no square root, instead of making up a root whose
        square is another number.
    deadline : float, optional
        Reading of `time.monotonic` after which new arguments raise `OutOfTime`.

    Attributes
    ----------
    exponentials, logarithms : dict of int to int
        Arguments and values met so far, and those that follow from them.
    made_up_roots : dict of int to int
        Roots that are not roots.
    """

    def __init__(self, seed: int, true_roots: bool = False, deadline: float = math.inf) -> None:
        self.true_roots = true_roots
        self.deadline = deadline
        self.exponentials: dict[int, int] = {0: 1}
        self.logarithms: dict[int, int] = {1: 0}
        self.made_up_roots: dict[int, int] = {}
        self._exp_arguments = KnownNumbers()
        self._log_arguments = KnownNumbers()
        self._new_exponentials: list[int] = []  # not yet among the arguments of log
        self._half_angles: dict[int, int] = {0: 0}
        self._arctangents: dict[int, int] = {0: 0}
        self._random = random.Random(seed)

    def draw(self) -> int:
        """Return a random number of the field that is not zero."""
        while not 0 < (x := self._random.getrandbits(61)) < P:
            pass
        return x

    def exp(self, x: int) -> int:
        """Return exp(x), a unit."""
        known = self.exponentials.get(x)
        return self._meet_exp(x) if known is None else known

    def log(self, x: int) -> int:
        """Return log(x)."""
        known = self.logarithms.get(x)
        return self._meet_log(x) if known is None else known

    def sqrt(self, x: int) -> int:
        """Return the principal square root; of a number that has none, a made-up one.

        Raises
        ------
        NotASquare
            Instead of making one up, in a trial with `true_roots`.
        """
        root = square_root(x)
        if root is not None:
            return root
        if self.true_roots:
            raise NotASquare
        if x not in self.made_up_roots:
            self.made_up_roots[x] = self.draw()
        return self.made_up_roots[x]

    def half_angle(self, x: int) -> int:
        """Return tan(x/2), of which sin(x) and cos(x) are rational functions."""
        return self._odd(self._half_angles, x)

    def arctan(self, x: int) -> int:
        """Return arctan(x)."""
        return self._odd(self._arctangents, x)

    def _odd(self, known: dict[int, int], x: int) -> int:
        if x not in known:
            known[x] = self.draw()
            known[P - x] = P - known[x]
        return known[x]

    def check_time(self) -> None:
        """Raise `OutOfTime` after the deadline."""
        if time.monotonic() > self.deadline:
            raise OutOfTime

    def _meet_exp(self, x: int) -> int:
        self.check_time()
        value = self._implied_exp(x)
        if value is not None:
            self._learn(x, value)
        else:
            self._draw_exp(x)
        self._exp_arguments.add(x, P - x)
        self._new_exponentials.append(self.exponentials[x])
        return self.exponentials[x]

    def _implied_exp(self, x: int) -> int | None:
        """Return exp(x) if it follows from the values known."""
        known = self.exponentials
        if P - x in known:
            return inverse(known[P - x])
        if x * HALF % P in known:
            return known[x * HALF % P] ** 2 % P
        met = self._exp_arguments.numbers  # each with its negative
        for k in self._exp_arguments.among((np.uint64(x) + (np.uint64(P) - met)) % np.uint64(P)):
            argument = int(met[k])
            return self.exp(argument) * self.exp((x - argument) % P) % P
        return None

    def _draw_exp(self, x: int) -> None:
        """Draw exp(x) as a power, so that its roots are known as well."""
        argument, value = x * pow(HALF, _DOUBLINGS, P) % P, self.draw()
        for _ in range(2 * _DOUBLINGS + 1):
            if argument not in self.exponentials:
                self._learn(argument, value)
            argument, value = 2 * argument % P, value * value % P

    def _meet_log(self, x: int) -> int:
        if x == 0:
            raise ZeroDivisionError("logarithm of zero")
        value = self._implied_log(x)
        if value is None:
            value = self.draw()
            self._learn(2 * value % P, x * x % P)
        self._learn(value, x)
        self._log_arguments.add(x, inverse(x))
        self._exp_arguments.add(value, P - value)  # exp(y - log x) = exp(y) / x
        return value

    def _implied_log(self, x: int) -> int | None:
        """Return log(x) if it follows from the values known."""
        known = self.logarithms
        if inverse(x) in known:
            return -known[inverse(x)] % P
        while self._new_exponentials:  # log(exp(a) / b) = a - log(b)
            value = self._new_exponentials.pop()
            self._log_arguments.add(value, inverse(value))
        met = self._log_arguments.numbers  # each with its reciprocal
        for k in self._log_arguments.among(products(x, met)):
            argument = int(met[k])
            return (self.log(x * argument % P) - self.log(argument)) % P
        return None

    def _learn(self, argument: int, value: int) -> None:
        """Remember that exp(argument) = value, and hence log(value) = argument."""
        self.exponentials[argument] = value
        self.logarithms[value] = argument


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
def trial(seed: int, true_roots: bool = False, deadline: float = math.inf) -> Iterator[Formal]:
    """Let elements use a fresh `Formal` memory within the block. Not for several threads."""
    memory = Formal(seed, true_roots, deadline)
    _trials.append(memory)
    try:
        yield memory
    finally:
        _trials.remove(memory)
