"""What can be seen of a mistake from outside: wrong gradients, exceptions, changed arguments."""

from __future__ import annotations

import copy
import types
import warnings
from functools import cache

import numpy as np
from cases import load, program_source
from oracle import Arrays, central_differences, errors, examples, unchanged
from timebox import TimeUpError, limit

WRONG = 1e-4
"""Normwise relative error from which a gradient counts as wrong."""

RIGHT = 1e-6
"""Normwise relative error up to which a gradient counts as right."""


Row = tuple[tuple[Arrays, Arrays], float, Arrays]


@cache
def reference(program: str, number: int) -> Row:
    """Draw an example of a right program; give its loss and its gradients by differences too."""
    module = load(program_source(program), program)
    pair = examples(module, number + 1)[number]
    value = float(module.loss(*copy.deepcopy(pair)))
    names = set(module.backward(*copy.deepcopy(pair)))
    return pair, value, central_differences(module, *pair, names)


def symptoms(
    module: types.ModuleType,
    program: str,
    count: int = 3,
    seconds: float = 5.0,
    same_loss: bool = False,
) -> dict[str, float]:
    """Symptoms of a module that was made from a right program, with the worst gradient error.

    With `same_loss`, a module whose loss is not the right program's shows "loss" and nothing else.

    Returns
    -------
    dict
        Keys from `cases.SYMPTOMS` (and "hangs"); the value of "gradient" is the largest normwise
        relative error, all others are 1. Empty for a module that behaves as it must.
    """
    seen: dict[str, float] = {}
    for number in range(count):
        pair, value, gradients = reference(program, number)
        try:
            with limit(seconds), warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                if same_loss and float(module.loss(*copy.deepcopy(pair))) != value:
                    return {"loss": 1.0}
                _observe(module, pair, value, gradients, seen)
        except TimeUpError:
            seen["hangs"] = 1.0
        except Exception:
            seen["raises"] = 1.0
    return seen


def _observe(
    module: types.ModuleType,
    pair: tuple[Arrays, Arrays],
    right_loss: float,
    gradients: Arrays,
    seen: dict[str, float],
) -> None:
    params, inputs = copy.deepcopy(pair)
    value = float(module.loss(params, inputs))
    if value != right_loss:
        gradients = central_differences(module, params, inputs, set(gradients))
    first = copy.deepcopy(dict(module.backward(params, inputs)))
    if not unchanged(pair, (params, inputs)):
        seen["argument"] = 1.0
    if first.keys() != gradients.keys():
        seen["names"] = 1.0
    both = {name: gradients[name] for name in gradients if name in first}
    worst = max(errors(first, both).values(), default=0.0)
    if worst > RIGHT:
        seen["gradient"] = max(worst, seen.get("gradient", 0.0))
    params, inputs = copy.deepcopy(pair)
    second = dict(module.backward(params, inputs))
    again = float(module.loss(params, inputs))
    if again != value or not _same(first, second):
        seen["repeat"] = 1.0


def _same(first: Arrays, second: Arrays) -> bool:
    return first.keys() == second.keys() and all(
        np.allclose(first[name], second[name], rtol=1e-12, atol=1e-12, equal_nan=True)
        if np.shape(first[name]) == np.shape(second[name])
        else False
        for name in first
    )
