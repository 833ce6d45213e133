"""Params and inputs that are no dicts, as dicts: loss and backward get them as they were.

Flat vectors, lists of weights and tuples of inputs are what other tools ask for: SciPy's minimizers
a vector, a list of layers a list of arrays.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reference.cell_question import Question

Remake = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class _Group:
    """How a group of values is made a dict, and made again."""

    names: tuple[str, ...]
    single: bool = False
    of: Callable[..., Any] = tuple

    def named(self, value: Any) -> Any:
        """Return a group as a dict; what is no such group stays what it is."""
        if self.single:
            return {self.names[0]: value} if isinstance(value, np.ndarray) else value
        is_group = isinstance(value, list | tuple) and len(value) == len(self.names)
        return dict(zip(self.names, value, strict=True)) if is_group else value

    def again(self, group: Mapping[str, Any]) -> Any:
        """Return a dict as the group that it was made of."""
        return group[self.names[0]] if self.single else self.of(group[name] for name in self.names)


class _Asked:
    """Somebody's function of params and inputs, to be called with dicts."""

    def __init__(
        self, function: Callable[..., Any], params: _Group | None, inputs: _Group | None,
        gives: _Group | None = None,
    ) -> None:  # fmt: skip
        functools.update_wrapper(self, function)
        self._function, self._params, self._inputs, self._gives = function, params, inputs, gives

    def __call__(self, params: Any, inputs: Any) -> Any:
        """Call the function with what it takes."""
        given = [
            group if made is None else made.again(group)
            for group, made in ((params, self._params), (inputs, self._inputs))
        ]
        returned = self._function(*given)
        return returned if self._gives is None else self._gives.named(returned)


def in_dicts(question: Question) -> Question:
    """Return a question about functions of two dicts, if params and inputs can be made such.

    Examples
    --------
    >>> theta, x = np.arange(3.0), np.ones(3)
    >>> asked = in_dicts(Question(lambda theta, inputs: theta @ inputs[0],
    ...                           lambda theta, inputs: inputs[0], theta, (x,),
    ...                           lambda rng: (theta, (x,))))
    >>> asked.params, asked.backward(asked.params, asked.inputs)
    ({'theta': array([0., 1., 2.])}, {'theta': array([1., 1., 1.])})
    """
    of_params = _group_of(question.params, _argument(question.loss, 0, "params"), weights=True)
    of_inputs = _group_of(question.inputs, _argument(question.loss, 1, "inputs"))
    if of_params is None and of_inputs is None:
        return question

    def named(params: Any, inputs: Any) -> tuple[Any, Any]:
        return (
            params if of_params is None else of_params.named(params),
            inputs if of_inputs is None else of_inputs.named(inputs),
        )

    draw = question.example

    def example(rng: np.random.Generator) -> tuple[Any, Any]:
        assert draw is not None
        return named(*draw(rng))

    params, inputs = named(question.params, question.inputs)
    return question._replace(
        loss=_Asked(question.loss, of_params, of_inputs),
        backward=_Asked(question.backward, of_params, of_inputs, of_params),
        params=params,
        inputs=inputs,
        example=None if draw is None else example,
    )


def _group_of(value: Any, name: str, weights: bool = False) -> _Group | None:
    """Return how a value is made a dict; None where it is one, or cannot be made one."""
    if isinstance(value, np.ndarray) and (value.dtype.kind == "f" or not weights):
        return _Group((name,), single=True)
    if not isinstance(value, list | tuple) or not value:
        return None
    if weights and not all(isinstance(v, np.ndarray) and v.dtype.kind == "f" for v in value):
        return None
    names = getattr(value, "_fields", [f"{name}[{k}]" for k in range(len(value))])
    return _Group(tuple(names), of=getattr(value, "_make", type(value)))


def _argument(function: Callable[..., Any], at: int, otherwise: str) -> str:
    """Return the name of an argument, as its author wrote it."""
    try:
        return list(inspect.signature(function).parameters)[at]
    except (TypeError, ValueError, IndexError):
        return otherwise
