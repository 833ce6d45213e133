"""What the gradients of a program are, by central differences and by complex steps."""

from __future__ import annotations

import builtins
import copy
import types
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]

STEP = 1e-5
COMPLEX_STEP = 1e-30


def examples(
    module: types.ModuleType, count: int = 3, seed: int = 0
) -> list[tuple[Arrays, Arrays]]:
    """Draw parameters and inputs, each from its own seed."""
    return [module.example(np.random.default_rng([seed, k])) for k in range(count)]


def _differentiable(
    params: Arrays, inputs: Arrays, names: set[str] | None
) -> list[tuple[int, str]]:
    pairs = [(k, name) for k, group in enumerate((params, inputs)) for name in group]
    return [
        (k, name)
        for k, name in pairs
        if np.issubdtype((params, inputs)[k][name].dtype, np.floating)
        and (names is None or name in names)
    ]


def central_differences(
    module: types.ModuleType, params: Arrays, inputs: Arrays, names: set[str] | None = None
) -> Arrays:
    """Gradients of the loss by fourth-order central differences, for the named arrays."""
    groups = copy.deepcopy((params, inputs))
    gradients = {}
    for k, name in _differentiable(params, inputs, names):
        array = groups[k][name]
        gradient = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            value = array[index]
            sides = []
            for offset in (2, 1, -1, -2):
                array[index] = value + offset * STEP * 10
                sides.append(float(module.loss(*groups)))
            array[index] = value
            gradient[index] = (-sides[0] + 8 * sides[1] - 8 * sides[2] + sides[3]) / (120 * STEP)
        gradients[name] = gradient
    return gradients


class _ComplexNumpy:
    """NumPy whose creation functions make complex arrays unless told otherwise."""

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(np, name)
        if name == "vdot":
            return lambda a, b: np.sum(np.ravel(a) * np.ravel(b))
        if name == "logaddexp":
            return lambda a, b: b + np.log(1 + np.exp(a - b))
        if name in {"zeros", "ones", "empty", "full", "eye"}:

            def create(*args: Any, **kwargs: Any) -> Any:
                if len(args) == 1 + (name == "full"):
                    kwargs["dtype"] = _complex(kwargs.get("dtype"))
                return attribute(*args, **kwargs)

            return create
        return attribute


def _complex(dtype: Any) -> Any:
    if dtype is None or np.issubdtype(np.dtype(dtype), np.floating):
        return complex
    return dtype


def complex_steps(
    source: str, params: Arrays, inputs: Arrays, names: set[str] | None = None
) -> Arrays | None:
    """Gradients of the loss by complex steps, or None where the code is real only."""
    source = source.replace("import numpy as np\n", "np = _complex_numpy\n")
    source = source.replace("import math\n", "import cmath as math\n")
    module = types.ModuleType("complex_subject")
    module.__dict__["_complex_numpy"] = _ComplexNumpy()
    module.__dict__["float"] = lambda value=0.0: (
        value
        if isinstance(value, (complex, np.complexfloating, np.ndarray))
        else builtins.float(value)
    )
    gradients = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            exec(compile(source, "<complex_subject>", "exec"), module.__dict__)
            groups = tuple(
                {
                    name: a.astype(complex) if np.issubdtype(a.dtype, np.floating) else a.copy()
                    for name, a in group.items()
                }
                for group in (params, inputs)
            )
            for k, name in _differentiable(params, inputs, names):
                array = groups[k][name]
                gradient = np.zeros(array.shape)
                for index in np.ndindex(array.shape):
                    value = array[index]
                    array[index] = value + 1j * COMPLEX_STEP
                    gradient[index] = complex(module.loss(*groups)).imag / COMPLEX_STEP
                    array[index] = value
                gradients[name] = gradient
        except (TypeError, ValueError, Warning):
            return None
    return gradients


def errors(manual: Mapping[str, Any], reference: Arrays) -> dict[str, float]:
    """Normwise relative error of each gradient; infinite for a wrong shape or a non-number."""
    result = {}
    for name, gradient in reference.items():
        value = np.asarray(manual[name])
        if value.shape != gradient.shape or not np.all(np.isfinite(value)):
            result[name] = np.inf
        else:
            scale = max(float(np.linalg.norm(gradient)), 1e-8)
            result[name] = float(np.linalg.norm(value - gradient)) / scale
    return result


def unchanged(before: Any, after: Any) -> bool:
    """Whether two (params, inputs) pairs hold the same arrays."""
    return all(
        old.keys() == new.keys() and all(np.array_equal(old[name], new[name]) for name in old)
        for old, new in zip(before, after, strict=True)
    )
