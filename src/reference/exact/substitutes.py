"""The table of what is replaced while somebody's float code runs on elements."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from reference.exact import formulas, lifting, makers, strided

Function = Callable[..., Any]

_MAKERS = {
    "zeros": makers.filled(makers.zero),
    "ones": makers.filled(makers.one),
    "empty": makers.filled(makers.garbage),
    "full": makers.full,
    "zeros_like": makers.filled_like(makers.zero),
    "ones_like": makers.filled_like(makers.one),
    "empty_like": makers.filled_like(makers.garbage),
    "full_like": makers.full_like,
    "array": makers.converted,
    "asarray": makers.converted,
    "asanyarray": makers.converted,
    "ascontiguousarray": makers.converted,
    "asfortranarray": makers.converted,
    "eye": makers.eye,
    "identity": makers.eye,
}
_QUESTIONS = ("isnan", "isinf", "isfinite", "isclose")
_MATH = {name: name for name in (
    "exp", "log1p", "expm1", "log2", "log10", "sqrt", "tanh", "sinh", "cosh", "sin", "cos", "tan",
    "fabs",
)} | {"atan": "arctan", "atanh": "arctanh", "asinh": "arcsinh"}  # fmt: skip
SCIPY = ("expit", "log_expit", "logit", "logsumexp", "softmax", "log_softmax")


def _lifting(original: Function) -> Function:
    return lifting.Lifting(original, makers.with_elements)


_REPLACE: dict[tuple[str, str], Callable[[Function], Function]] = {
    **{("numpy", name): replace for name, replace in _MAKERS.items()},
    **{("numpy", name): formulas.question for name in (*_QUESTIONS, "allclose")},
    **{("numpy", name): _lifting for name in lifting.NAMES},
    **{("math", name): formulas.question for name in _QUESTIONS},
    **{("math", name): formulas.method(as_method) for name, as_method in _MATH.items()},
    **{("scipy.special", name): formulas.formula(getattr(formulas, name)) for name in SCIPY},
    ("math", "log"): formulas.formula(formulas.log),
    ("numpy.lib.stride_tricks", "as_strided"): strided.within,
    ("numpy", "heaviside"): formulas.formula(lifting.heaviside),
    ("numpy", "logaddexp"): formulas.formula(formulas.logaddexp),
    ("numpy.linalg", "norm"): formulas.formula(formulas.norm),
}

_made: dict[tuple[str, str], tuple[Function, Function]] = {}


def substitutes() -> dict[tuple[str, str], tuple[Function, Function]]:
    """Return (original, substitute) by (module, name), for the modules that are loaded."""
    for key, replace in _REPLACE.items():
        module, name = key
        if key not in _made and module in sys.modules:
            original = getattr(sys.modules[module], name)
            _made[key] = original, replace(original)
    return _made
