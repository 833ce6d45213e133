"""Functions that NumPy, math and SciPy have for floats alone, as formulas or answers for elements.

Each function here takes an original and gives what stands in for it: the original itself unless
an argument holds elements.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from numpy import array  # the original, also while another is in its place

from reference.exact.field import Element
from reference.exact.makers import with_elements

Function = Callable[..., Any]


def _holds_elements(*arguments: Any) -> bool:
    return any(
        type(argument) is Element or (isinstance(argument, np.ndarray) and argument.dtype == object)
        for argument in arguments
    )


def formula(new: Function) -> Callable[[Function], Function]:
    """Return what replaces an original by `new` where its array arguments hold elements."""

    def replace(original: Function) -> Function:
        @wraps(original)
        def evaluate(*args: Any, **options: Any) -> Any:
            if not _holds_elements(*args):
                return original(*args, **options)
            made = new(*(with_elements(a) if _holds_elements(a) else a for a in args), **options)
            return made.item() if isinstance(made, np.ndarray) and made.shape == () else made

        return evaluate

    return replace


def question(original: Function) -> Function:
    """Return what answers a yes-or-no function for the real numbers."""

    @wraps(original)
    def answer(*args: Any, **options: Any) -> Any:
        return original(*map(shadows, args), **options)

    return answer


def shadows(values: Any) -> Any:
    """Return the real numbers behind elements; anything else as it is."""
    if type(values) is Element:
        return values.shadow
    if isinstance(values, np.ndarray) and values.dtype == object:
        real = [getattr(entry, "shadow", entry) for entry in values.flat]
        return array(real, dtype=np.float64).reshape(values.shape)
    return values


def method(name: str) -> Callable[[Function], Function]:
    """Return what replaces a function of `math` by the method `name` of an element."""
    return formula(lambda x: getattr(x.item(), name)())


def log(x: Any, base: Any = None) -> Any:
    """Return ``math.log(x, base)``."""
    return np.log(x) if base is None else np.log(x) / np.log(with_elements(base))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Return ``np.linalg.norm(x)``, the Euclidean one."""
    if ord not in (None, 2, "fro") or (ord == 2 and axis is None and x.ndim > 1):
        raise NotImplementedError(f"norm of order {ord} of exact numbers")
    return np.sqrt(np.sum(np.square(x), axis=axis, keepdims=keepdims))


def logaddexp(a: Any, b: Any) -> Any:
    """Return ``log(exp(a) + exp(b))``."""
    larger = np.maximum(with_elements(a), with_elements(b))
    return larger + np.log(np.exp(a - larger) + np.exp(b - larger))


def expit(x: Any) -> Any:
    """Return the logistic function."""
    return 1 / (1 + np.exp(-x))


def log_expit(x: Any) -> Any:
    """Return the logarithm of the logistic function."""
    return -np.log(1 + np.exp(-x))


def logit(p: Any) -> Any:
    """Return the inverse of the logistic function."""
    return np.log(p / (1 - p))


def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False) -> Any:
    """Return ``log(sum(b exp(a)))``."""
    larger = np.max(a, axis=axis, keepdims=True)
    terms = np.exp(a - larger) if b is None else b * np.exp(a - larger)
    summed = np.log(np.sum(terms, axis=axis, keepdims=True)) + larger
    return summed if keepdims else summed.squeeze(axis)


def softmax(x: Any, axis: Any = None) -> Any:
    """Return ``exp(x) / sum(exp(x))``."""
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax(x: Any, axis: Any = None) -> Any:
    """Return the logarithm of the softmax."""
    return x - logsumexp(x, axis=axis, keepdims=True)
