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
SPREAD = "example, with other parameters"
"""Where values come from that no example has drawn as they are: a program may not bear them."""

Example = Callable[[np.random.Generator], tuple[Mapping[str, Any], Mapping[str, Any]]]


def further(
    given: Draw, example: Example | None, seed: int, differentiated: Collection[str]
) -> Iterator[Draw]:
    """Give draws without end: by `example`, or fresh values of the same shapes.

    Where the given weights are as before training, those of an example most likely are, too: the
    first draw has the given ones as `ordinary` makes them. What an example always draws alike, as
    a weight of a loss that starts at 0.7, is another in every second of its draws. Every third of
    the fresh ones stays near the given values, for programs that bear no others.

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
        rng = np.random.default_rng([seed, 5, k])  # [0, 0] would give what users have drawn by 0
        k += 1
        if example is not None:
            try:
                draw = drawn(example, rng)
                params = spread(draw.params, given.params, rng) if k % 2 else draw.params
                alike = params is draw.params
                yield draw if alike else Draw(params, draw.inputs, SPREAD)
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
                array, put = numbers_of(np.asarray(value))
                if not free and array.any() and array.min() >= 0:
                    continue  # a mask, targets, probabilities: who knows what must hold of them
                new = _near(array, rng) if near else _floats(array, rng, group is given.params)
                new = put(new)
                values[name] = new.astype(array.dtype) if array.ndim else float(new)
            elif _is_free_index(value):
                values[name] = rng.integers(value.min(), value.max() + 1, value.shape, value.dtype)
    fresh = given.replaced(values)
    return Draw(fresh.params, fresh.inputs, "fresh values")


def numbers_of(array: Array) -> tuple[Array, Callable[[Array], Array]]:
    """Return an array without what is no number, and a function that puts that into another.

    NaN stands for what is missing, and infinity for what is never taken: they mean something where
    they are.

    Examples
    --------
    >>> numbers, put = numbers_of(np.array([1.0, np.nan, 3.0]))
    >>> numbers, put(10 * numbers)
    (array([1., 2., 3.]), array([10., nan, 30.]))
    """
    known = np.isfinite(array)
    if known.all():
        return array, lambda other: other
    usual = np.median(array[known]) if known.any() else 0.0
    return np.where(known, array, usual), lambda other: np.where(known, other, array)


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
    """Return parameters that are not as they are before training, which hides much.

    Small weights make every activation linear and every gradient of what is inside small. Nor
    does a gain of 1 or a peephole of 0 show whether the backward has forgotten it: what has one
    value all over is spread.

    Examples
    --------
    >>> params = {"W": np.array([[0.01, -0.02], [0.0, 0.01]]), "b": np.zeros(2), "gain": np.ones(2)}
    >>> large = ordinary(params)
    >>> float(np.std(large["W"])) > 0.5, bool(large["b"].all()), bool((large["gain"] > 0).all())
    (True, True, True)
    >>> ordinary(large) is large
    True
    """
    rng = np.random.default_rng(0)
    others = {}
    for name, value in params.items():
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.size:
            continue
        if value.min() == value.max() and (value.size > 1 or value.item() in (0, 1)):
            normal = rng.standard_normal(value.shape)
            spread = value * np.exp(0.3 * normal) if value.any() else 0.5 * normal
            others[name] = spread.astype(value.dtype)
        elif value.ndim > 1:
            size = float(np.sqrt(np.mean(np.square(value, dtype=np.float64))))
            if size < _SMALL * _usual_size(value) and value.min() < 0 < value.max():
                others[name] = value * value.dtype.type(_usual_size(value) / size)
    return {**params, **others} if others else params


def spread(
    params: Mapping[str, Any], others: Mapping[str, Any], rng: np.random.Generator
) -> Mapping[str, Any]:
    """Return parameters with other values where they are the same in two draws; signs stay.

    Examples
    --------
    >>> drawn = [{"W": np.array([0.3]), "alpha": np.array([0.7])}, {"W": np.array([0.4])}]
    >>> one = spread(drawn[0], {**drawn[1], "alpha": np.array([0.7])}, np.random.default_rng(0))
    >>> bool(one["W"] == 0.3), bool(0 < one["alpha"] < 1), bool(one["alpha"] == 0.7)
    (True, True, False)
    """
    changed = {}
    for name, value in params.items():
        if (
            is_float(value)
            and name in others
            and np.array_equal(value, others[name], equal_nan=True)
        ):
            array, put = numbers_of(np.asarray(value))
            odds = array.size and array.min() > 0 and array.max() < 1
            new = array / (1 - array) if odds else array
            new = new * np.exp(0.3 * rng.standard_normal(array.shape))
            new = put(new / (1 + new) if odds else new)
            held = isinstance(value, np.ndarray)
            changed[name] = np.asarray(new, array.dtype) if held else type(value)(new)
    return {**params, **changed} if changed else params


def _near(array: Array, rng: np.random.Generator) -> Array:
    scale = float(np.abs(array).max(initial=0.0)) or 1.0
    whole = bool((array == np.rint(array)).all()) and array.any()
    return array.copy() if whole else array + 0.05 * scale * rng.standard_normal(array.shape)
