"""The backward of every cell in the table of twins, and of everything that it calls.

Nothing is listed here: a new cell is a new row of `reference.cells.TWINS`, and what its backward
reaches is found by reading its names.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from types import FunctionType
from typing import Any

from tests.mutation.cell_checks import scenes_of, theorems_of
from tests.mutation.subjects import SUBJECTS, Checks, Subject

from manual_lstm.activations import Activation
from reference.cells import TWINS
from reference.subject import subject_of

MOST_CELLS = 3  # that a function which many of them call is tried with


def cell_subjects() -> list[Subject]:
    """Return the backward of each cell, then the functions that several may share."""
    users: dict[FunctionType, list[type]] = {}
    for kind in TWINS:
        for function in _backward_of(kind):
            users.setdefault(function, []).append(kind)
    subjects = [
        Subject(
            function.__module__.removeprefix("manual_lstm."),
            function.__qualname__,
            Checks(
                tuple(partial(scenes_of, kind) for kind in kinds[:MOST_CELLS]),
                tuple(partial(theorems_of, kind) for kind in kinds[:MOST_CELLS]),
            ),
        )
        for function, kinds in users.items()
    ]
    elsewhere = {(subject.module, subject.name) for subject in SUBJECTS}
    return [subject for subject in subjects if (subject.module, subject.name) not in elsewhere]


def _backward_of(kind: type) -> Iterator[FunctionType]:
    """Yield ``step_backward``, what it calls, and the slopes of the activations of a cell."""
    waiting: list[Any] = [kind.step_backward, *_slopes(kind)]  # type: ignore[attr-defined]
    seen: set[FunctionType] = set()
    while waiting:
        function = waiting.pop(0)
        if function in seen:
            continue
        seen.add(function)
        yield function
        named = (function.__globals__.get(name) for name in _names(function.__code__))
        waiting += [value for value in named if _is_ours(value)]


def _slopes(kind: type) -> Iterator[FunctionType]:
    subject = subject_of(kind)
    for variant in range(subject.variants):
        cell = subject.make(2, 3, variant)
        for part in fields(cell):
            activation = getattr(cell, part.name)
            if isinstance(activation, Activation) and not isinstance(activation, type):
                yield type(activation).slope


def _names(code: Any) -> tuple[str, ...]:
    inner = (constant for constant in code.co_consts if inspect.iscode(constant))
    return (*code.co_names, *(name for part in inner for name in _names(part)))


def _is_ours(value: Any) -> bool:
    """Tell functions of the package, but for those that refuse bad input or walk containers."""
    module = getattr(value, "__module__", "") or ""
    return (
        isinstance(value, FunctionType)
        and module.startswith("manual_lstm.")
        and module not in ("manual_lstm.checks", "manual_lstm.trees")
    )
