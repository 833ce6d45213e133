"""Further values to ask at: the given ones may hide a mistake, as zero biases hide a lost bias.

Without the user's own `example`, arrays keep their shape and their meaning as far as it can be
seen: integers stay within their range, masks, targets and probabilities stay as they are, and a
parameter that is positive stays positive.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np

from manual_lstm.checks import Array, fail
from reference.debugger.judging.examples import ExampleError
from reference.debugger.running.arguments import Draw, checked, is_float

_SMALL = 0.3  # of the usual size of weights

Example = Callable[[np.random.Generator], tuple[Mapping[str, Any], Mapping[str, Any]]]


def further(
    given: Draw, example: Example | None, seed: int, differentiated: Collection[str]
) -> Iterator[Draw]:
    """Give draws without end: by `example`, or fresh values of the same shapes.

    Where the given weights are small, those of an example most likely are, too: the first draw has
    the given ones at their ordinary size. Every third of the fresh ones stays near the given
    values, for programs that bear no others.

    Parameters
    ----------
    given : Draw
    example : callable, optional
    seed : int
    differentiated : collection of str
        Inputs whose gradient is asked for; of others the meaning may not be changed.
    """
    k = 0
    weights = given.params if example is None else ordinary(given.params)
    if weights is not given.params:
        yield Draw(weights, given.inputs, "fresh values")
    while True:
        rng = np.random.default_rng([seed, k])
        k += 1
        if example is not None:
            try:
                yield drawn(example, rng)
                continue
            except ExampleError:
                example = None
        yield _fresh(given, rng, differentiated, near=k % 3 == 0)


def drawn(example: Example, rng: np.random.Generator) -> Draw:
    """Return what the user's `example` draws.

    Raises
    ------
    TypeError
        If it is not a pair of dicts of arrays.
    """
    pair = example(rng)
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        fail("example(rng)", f"type {type(pair).__name__}", "a pair (params, inputs)",
             "both functions take the two", error=TypeError)  # fmt: skip
    return checked(*pair, source="example")


def _fresh(
    given: Draw, rng: np.random.Generator, differentiated: Collection[str], *, near: bool
) -> Draw:
    values: dict[str, Any] = {}
    for group in (given.inputs, given.params):
        for name, value in group.items():
            free = group is given.params or name in differentiated
            if is_float(value):
                array = np.asarray(value)
                if not free and array.any() and array.min() >= 0:
                    continue  # a mask, targets, probabilities: who knows what must hold of them
                new = _near(array, rng) if near else _floats(array, rng, group is given.params)
                values[name] = new.astype(array.dtype) if array.ndim else float(new)
            elif _is_free_index(value):
                values[name] = rng.integers(value.min(), value.max() + 1, value.shape, value.dtype)
    fresh = given.replaced(values)
    return Draw(fresh.params, fresh.inputs, "fresh values")


def _is_free_index(value: Any) -> bool:
    """Return whether `value` is integers that may be any others within their range.

    One-hot rows and masks (only 0 and 1), lengths and positions (sorted) and permutations may not.
    """
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iu" or value.size < 2:
        return False
    flat = value.ravel().astype(np.int64)
    steps = np.diff(flat)
    return not (
        set(np.unique(flat).tolist()) <= {0, 1}
        or (steps >= 0).all()
        or (steps <= 0).all()
        or np.array_equal(np.sort(flat), np.arange(flat.size))
    )


def _floats(array: Array, rng: np.random.Generator, is_param: bool) -> Array:
    normal = rng.standard_normal(array.shape)
    if array.size == 0:
        return array.copy()
    whole = bool((array == np.rint(array)).all())
    if whole and array.any():
        if is_param:  # such as a scale of ones
            return array + 0.5 * normal
        return array.copy()  # a mask, one-hot rows, counts
    if array.min() > 0:
        if array.max() < 1:
            odds = array / (1 - array) * np.exp(0.5 * normal)
            return odds / (1 + odds)
        return array * np.exp(0.3 * normal)
    # Of order 1: small weights make every activation linear, and hide much.
    return normal * (_usual_size(array) if array.ndim > 1 and is_param else 0.7)


def _usual_size(weights: Array) -> float:
    return float(1.5 / np.sqrt(max(*weights.shape, 4)))


def ordinary(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return parameters whose matrices are not small, as they are before training.

    Small weights make every activation linear and every gradient of what is inside small. Nor are
    they all 0 or all 1, as biases, peepholes and scales begin: what is multiplied by them, or
    divided, is then the same without them.

    Examples
    --------
    >>> params = {"W": np.array([[0.01, -0.02], [0.0, 0.01]]), "b": np.zeros(2)}
    >>> float(np.std(ordinary(params)["W"])) > 0.5, bool(np.all(ordinary(params)["b"] != 0))
    (True, True)
    >>> large = ordinary(params)
    >>> ordinary(large) is large
    True
    """
    larger: dict[str, Any] = {}
    rng = np.random.default_rng(0)
    for name, value in params.items():
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or value.size < 2:
            continue
        if np.all(value == value.flat[0]) and value.flat[0] in (0, 1):
            normal = _SMALL * rng.standard_normal(value.shape)
            larger[name] = (np.exp(normal) if value.flat[0] else normal).astype(value.dtype)
        if value.ndim < 2:
            continue
        size = float(np.sqrt(np.mean(np.square(value, dtype=np.float64)))) if value.size else 0.0
        if 0 < size < _SMALL * _usual_size(value) and value.min() < 0 < value.max():
            larger[name] = value * value.dtype.type(_usual_size(value) / size)
    return {**params, **larger} if larger else params


def _near(array: Array, rng: np.random.Generator) -> Array:
    scale = float(np.abs(array).max(initial=0.0)) or 1.0
    whole = bool((array == np.rint(array)).all()) and array.any()
    return array.copy() if whole else array + 0.05 * scale * rng.standard_normal(array.shape)
