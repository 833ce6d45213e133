"""Inverses, solutions, determinants and exponentials of matrices whose numbers carry tangents.

LAPACK takes floats alone. The tangents of an inverse follow from that of the floats: if X is the
inverse of A without its tangents, X (2 - A X) is that of A with them.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from reference.debugger.running.dual import Dual, duals, real

_inv, _slogdet, _eye = np.linalg.inv, np.linalg.slogdet, np.eye  # the originals
_ORDER = 12  # of the series of an exponential, for a norm below 1/8


def substitutes() -> dict[tuple[Any, str], Callable[..., Any]]:
    """Return what stands in for functions of NumPy, and of SciPy if it is loaded."""
    numpys = {"inv": inverse, "solve": solution, "det": determinant, "slogdet": log_determinant}
    scipys = {"inv": inverse, "solve": solution, "det": determinant, "expm": exponential}
    modules = ((np.linalg, numpys), (sys.modules.get("scipy.linalg"), scipys))
    return {
        (module, name): _of_duals(getattr(module, name), new)
        for module, functions in modules
        if module is not None
        for name, new in functions.items()
    }


def inverse(a: Any) -> Any:
    """Return the inverse of a matrix, or of each of several.

    Examples
    --------
    >>> x = inverse(duals(np.array([[2.0, 0.0], [0.0, 4.0]]), np.eye(4)))
    >>> float(x[0, 0].value), float(x[0, 0].tangent[0])
    (0.5, -0.25)
    """
    x = _inv(real(a))
    return x @ (2 * _eye(a.shape[-1]) - a @ x)


def solution(a: Any, b: Any) -> Any:
    """Return x of ``a @ x = b``."""
    return inverse(a) @ b


def determinant(a: Any) -> Any:
    """Return the determinant."""
    sign, logarithm = log_determinant(a)
    return sign * np.exp(logarithm)


class _LogDeterminant(NamedTuple):
    sign: Any
    logabsdet: Any


def log_determinant(a: Any) -> _LogDeterminant:
    """Return the sign of the determinant, and the logarithm of its size."""
    sign, logarithm = _slogdet(real(a))
    x = _inv(real(a))
    off = np.sum(np.swapaxes(x, -1, -2) * a, axis=(-1, -2)) - a.shape[-1]
    return _LogDeterminant(sign, logarithm + off)


def exponential(a: Any) -> Any:
    """Return the exponential of a matrix: that of a small part of it, squared again and again."""
    size = float(np.max(np.abs(real(a)).sum(axis=0), initial=0.0))
    halvings = max(0, math.ceil(math.log2(max(size, 1e-300))) + 3)
    part = a * 0.5**halvings
    found = term = duals(_eye(a.shape[-1]))
    for n in range(1, _ORDER + 1):
        term = term @ part * (1 / n)
        found = found + term
    for _ in range(halvings):
        found = found @ found
    return found


def _of_duals(original: Callable[..., Any], new: Callable[..., Any]) -> Callable[..., Any]:
    def evaluate(*args: Any, **options: Any) -> Any:
        if not any(_carries(x) for x in args):
            return original(*args, **options)
        return new(*map(duals, args))

    return evaluate


def _carries(x: Any) -> bool:
    return type(x) is Dual or (isinstance(x, np.ndarray) and x.dtype == object)
