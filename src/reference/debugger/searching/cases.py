"""Inputs that a backward is tried on, with the right gradients, and what of an answer is right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from manual_lstm.checks import Array
from reference.debugger.judging.draws import numbers_of, spread
from reference.debugger.running.program import Inputs, Outcome, as_float_array
from reference.debugger.running.shapes import entries

_RELATIVE = 1e-7
_ABSOLUTE = 1e-11  # of the largest gradient; of 1 where that is larger


@dataclass(frozen=True)
class Case:
    """Inputs, the loss there and the right gradients.

    Parameters
    ----------
    inputs : (params, inputs)
    loss : float
    oracle : dict
        Gradients that have to be returned, by name.
    also : dict
        Those that may be: of float inputs, of a program that raises before it returns any.
    """

    inputs: Inputs
    loss: float
    oracle: dict[str, Array]
    also: dict[str, Array] = field(default_factory=dict)

    @property
    def scale(self) -> float:
        """The largest gradient; 1 if that is larger. What is nothing beside it is a part of it."""
        return scale_of(self.oracle.values())

    def is_loss(self, value: float, part: float) -> bool:
        """Return whether a value is the loss here, to such a part of it or of the gradients."""
        return abs(value - self.loss) <= part * (self.scale + abs(self.loss))


@dataclass(frozen=True)
class Score:
    """Which outputs are right, and which of their entries.

    Parameters
    ----------
    right : frozenset of str
    entries : dict
        For each name in the oracle a boolean array, or None where the shape is wrong or the name
        is missing.
    """

    right: frozenset[str]
    entries: Mapping[str, Array | None]

    @property
    def wrong(self) -> int:
        """How many entries are wrong, of outputs of the right shape."""
        return sum(int(np.sum(~near)) for near in self.entries.values() if near is not None)

    def gain(self, other: Score) -> int:
        """Return how many entries are right here and wrong in `other`; -1 if any is lost."""
        gained = 0
        for name, mine in self.entries.items():
            theirs = other.entries[name]
            if mine is None:
                if theirs is not None:
                    return -1
                continue
            if theirs is None:
                gained += 1 + int(mine.sum())
                continue
            if np.any(theirs & ~mine):
                return -1
            gained += int(np.sum(mine & ~theirs))
        return gained


def scale_of(arrays: Iterable[Array]) -> float:
    """Return the largest number of all, 1 if it is larger or there is none."""
    largest = max((float(np.max(np.abs(one), initial=0.0)) for one in arrays), default=0.0)
    return min(largest or 1.0, 1.0)


def score(outcome: Outcome, case: Case) -> Score:
    """Compare what a backward returned with the oracle."""
    return score_of(outcome.outputs, case)


def settled(outcome: Outcome, case: Case) -> bool:
    """Return whether all gradients that have to be returned are right, and all others that are."""
    returned = {k: v for k, v in case.also.items() if k in outcome.outputs}
    oracle = {**case.oracle, **returned}
    return not outcome.error and len(score(outcome, replace(case, oracle=oracle)).right) == len(
        oracle
    )


def score_of(outputs: Mapping[str, Any], case: Case) -> Score:
    """Compare gradients by name with the oracle."""
    right, entries = set(), {}
    slack = _ABSOLUTE * case.scale
    for name, reference in case.oracle.items():
        manual = as_float_array(outputs[name]) if name in outputs else None
        if manual is None or manual.shape != reference.shape:
            entries[name] = None
            continue
        size = float(np.max(np.abs(reference), initial=0.0))
        with np.errstate(invalid="ignore"):
            near = np.abs(manual - reference) <= _RELATIVE * size + slack
        if near.all():
            right.add(name)
        entries[name] = near
    return Score(frozenset(right), entries)


def draws(
    params: Mapping[str, Any],
    inputs: Mapping[str, Any],
    example: Callable[..., Any] | None,
    seed: int,
    count: int,
) -> list[Inputs]:
    """Return fresh inputs: by `example`, or of the same shapes, integers within their range."""
    rngs = [np.random.default_rng([seed, 7, k]) for k in range(count)]
    if example is not None:
        return [_drawn(example, rng, params if k % 2 else {}) for k, rng in enumerate(rngs)]
    return [(_fresh(params, rng), _fresh(inputs, rng)) for rng in rngs]


def _drawn(
    example: Callable[..., Any], rng: np.random.Generator, others: Mapping[str, Any]
) -> Inputs:
    """Return what an example draws, with other values where those are the same in `others`."""
    params, inputs = example(rng)
    return spread(params, others, rng), inputs


def _fresh(group: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in group.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            if np.all((value == 0) | (value == 1)) and value.any():  # a mask, most likely
                made[name] = rng.permuted(value)
                continue
            numbers, put = numbers_of(value)
            spread = float(np.std(numbers)) or 0.5
            new = rng.normal(float(np.mean(numbers)), spread, value.shape)
            made[name] = put(new).astype(value.dtype)
        elif isinstance(value, np.ndarray) and value.dtype.kind in "iu" and value.size:
            made[name] = rng.integers(
                int(value.min()), int(value.max()), value.shape, dtype=value.dtype, endpoint=True
            )
        else:
            made[name] = value
    return made


def size_of(inputs: Inputs) -> int:
    """Return the number of entries of all arrays."""
    return sum(entries(value) for group in inputs for value in group.values())
