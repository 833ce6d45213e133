"""NumPy's functions of one number, for arrays of exact numbers among which some are plain.

The larger one of an exact number and 0, as ``np.maximum`` gives it, is the 0 itself, and what is
written into an array stays what it is. Arithmetic takes plain numbers; a function is looked up by
its name, which they don't have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

NAMES = ("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "square", "reciprocal",
         "tanh", "sinh", "cosh", "sin", "cos", "tan", "arctan", "arctanh", "arcsinh",
         "fabs", "rint", "conjugate")  # fmt: skip


class Lifting:
    """A function of NumPy that turns plain numbers in arrays of objects into exact ones first.

    Parameters
    ----------
    original : callable
    lifted : callable
        Returns an array with every number an exact one.
    """

    def __init__(self, original: Any, lifted: Callable[[Any], Any]) -> None:
        self._original, self._lifted = original, lifted

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Return the function of the first argument."""
        if not args or not (isinstance(args[0], np.ndarray) and args[0].dtype == object):
            return self._original(*args, **options)
        if len(args) == 1 and options.get("out") is None:
            try:
                return self._original(*args, **options)
            except TypeError:  # some are plain
                return self._original(self._lifted(args[0]), **options)
        # What it is written into may be the array itself, so that there is no second try.
        return self._original(self._lifted(args[0]), *args[1:], **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def heaviside(x: Any, at_zero: Any) -> Any:
    """Return ``np.heaviside``, which NumPy has for floats alone."""
    return np.where(x < 0, 0.0, np.where(x > 0, 1.0, at_zero))
