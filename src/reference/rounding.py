"""What rounding does to somebody's own backward: Monte Carlo arithmetic.

`noisy` arrays move the result of every floating-point operation by one unit in the last place,
up or down at random. Running a forward and backward on them shows how far its answer depends on
roundings inside: where a gate is saturated, ``1 - o`` keeps few digits, and no perturbation of
the *inputs* would tell. Parker 1997 calls the method Monte Carlo arithmetic; it is asked only
when a difference is about to be called a mistake.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from manual_lstm.trees import named_leaves
from reference.problem import Problem

_RUNS = 4


class _Noisy(np.ndarray):
    """An array whose floating-point results are one ulp off, at random."""

    rng: np.random.Generator

    def __array_finalize__(self, source: Any) -> None:
        self.rng = getattr(source, "rng", None)  # type: ignore[assignment]  # None until it is given one

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = [_plain(value) for value in inputs]
        into = kwargs.get("out")
        if into is not None:
            kwargs["out"] = tuple(_plain(value) for value in into)
        result = getattr(ufunc, method)(*plain, **kwargs)
        if into is not None:
            return into[0]
        return self._noisy(result, exact=all(is_whole(value).all() for value in plain))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        result = super().__array_function__(function, types, args, kwargs)
        if isinstance(result, np.ndarray) and result.dtype.kind == "f":
            return noisy(np.asarray(result), self.rng)
        return result

    def _noisy(self, result: Any, exact: bool) -> Any:
        """Round at random; what whole numbers make of whole numbers is exact."""
        if not isinstance(result, np.ndarray | np.floating) or result.dtype.kind != "f":
            return result
        step = self.rng.choice((-1.0, 0.0, 1.0), result.shape).astype(result.dtype)
        moved = result + one_ulp(result) * step
        if exact:
            moved = np.where(is_whole(result), result, moved)
        return noisy(np.asarray(moved), self.rng)


def one_ulp(array: Array | np.floating[Any]) -> Array:
    """Return the distance to the next number for each entry of `array`, and 0 for a zero.

    Rounding makes no zero anything else. A zero that moved would turn ``h > 0`` after a ReLU, and
    a wrong mask, with all that comes of it, would look like rounding.
    """
    return np.where(array == 0, array.dtype.type(0), np.spacing(np.abs(array)))


def is_whole(array: Any) -> Array:
    """Return where an array holds whole numbers: flags, counts and masks, which no rounding moves.

    A flag that moved would turn ``done == 1``, and all that comes of it would look like rounding.
    """
    array = np.asarray(array)
    return array == np.rint(array) if array.dtype.kind == "f" else np.ones(array.shape, bool)


def noisy(array: Array, rng: np.random.Generator) -> Array:
    """Return a view of `array` whose operations round at random."""
    view = array.view(_Noisy)
    view.rng = rng
    return view


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, _Noisy) else value


Run = Callable[[Problem], dict[str, Array]]


def run_sequence(problem: Problem) -> dict[str, Array]:
    """Run the manual forward and backward and name everything that they return."""
    hs, state_T, gradients = problem.manual()
    return {"hs": hs, **named_leaves({"state_T": state_T}), **named_leaves(gradients)}


def response_to_rounding(
    problem: Any, run: Callable[[Any], dict[str, Array]] = run_sequence, seed: int = 0
) -> dict[str, Array]:
    """Return how far each result of the manual side moves when its roundings do.

    Parameters
    ----------
    problem : Problem, or anything with its method ``map_floats``
    run : callable
        The manual side: problem to named results.
    seed : int

    Returns
    -------
    dict
        Name (``hs``, ``state_T.c``, ``params.W_x``, ...) to the largest movement of each entry.
    """
    rng = np.random.default_rng(seed)
    plain = run(problem)
    moved = {name: np.zeros_like(array) for name, array in plain.items()}
    for _ in range(_RUNS):
        with np.errstate(all="ignore"):
            answer = run(problem.map_floats(lambda array: noisy(array.copy(), rng)))
        for name, array in answer.items():
            np.maximum(moved[name], np.abs(_plain(array) - plain[name]), out=moved[name])
    return moved
