"""What is being checked: a cell, or a class of cells of any size."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np

from manual_lstm import checks
from manual_lstm.layer import Layer
from reference.cells import Twin, twin_of

_METHODS = ("init_params", "init_state", "step", "step_backward")


@dataclass(frozen=True)
class Subject:
    """A cell, or a class of cells, with what is known of it.

    Parameters
    ----------
    name : str
    factory : type or None
        Makes cells of any size; None where one cell was given.
    cell : Cell, Layer or None
        The one cell, or layer, that was given.
    twin : Twin or None
        Its independent twin, for built-in cells.
    """

    name: str
    factory: Any
    cell: Any
    twin: Twin | None

    def make(self, D: int, H: int, variant: int = 0) -> Any:
        """Return the cell of these sizes; the cell itself where one was given."""
        if self.cell is not None:
            return self.cell
        options = self.twin.variants[variant % len(self.twin.variants)] if self.twin else {}
        return self.factory(input_size=D, hidden_size=H, **options)

    @property
    def is_layer(self) -> bool:
        """Whether it is a layer, which has no steps of its own."""
        return isinstance(self.cell, Layer)

    @property
    def variants(self) -> int:
        """How many variants of it there are to check: one where one cell was given."""
        return len(self.twin.variants) if self.twin and self.cell is None else 1

    def call(self, cell: Any) -> str:
        """Return how to write a cell in Python, for a line that reproduces a failure."""
        if self.twin is not None or self.is_layer:
            return repr(cell)
        if self.factory is None:
            return "cell"
        return f"{self.name}(input_size={cell.input_size}, hidden_size={cell.hidden_size})"

    @property
    def sizes(self) -> tuple[int, int] | None:
        """(D, H) of the one cell that was given; H is 0 where it does not say."""
        if self.cell is None:
            return None
        return self.cell.input_size, getattr(self.cell, "hidden_size", 0)


def subject_of(cell: Any) -> Subject:
    """Return the subject for a cell, a class of cells, or a layer.

    Raises
    ------
    TypeError
        If a method of the contract is missing, or a class does not take ``input_size`` and
        ``hidden_size``, or a cell does not state its ``input_size``.
    """
    if isinstance(cell, Layer):
        return Subject(repr(cell), None, cell, None)
    kind = cell if isinstance(cell, type) else type(cell)
    for method in _METHODS:
        if not callable(getattr(cell, method, None)):
            checks.fail(
                f"cell {kind.__name__}",
                f"no method {method}",
                "a class with " + ", ".join(_METHODS),
                "that is the contract of a cell (see manual_lstm.Cell)",
                error=TypeError,
            )
    twin = twin_of(cell)
    if not isinstance(cell, type):
        if not hasattr(cell, "input_size"):
            checks.fail(
                f"cell {kind.__name__}",
                "no attribute input_size",
                "a cell that states it",
                "inputs are drawn for it",
                error=TypeError,
            )
        return Subject(repr(cell) if twin else kind.__name__, None, cell, twin)
    accepted = inspect.signature(cell).parameters
    takes_any = any(part.kind is part.VAR_KEYWORD for part in accepted.values())
    if not takes_any and not {"input_size", "hidden_size"} <= set(accepted):
        checks.fail(
            f"class {kind.__name__}",
            f"the parameters ({', '.join(accepted)})",
            "made by input_size= and hidden_size=",
            "cells of several sizes are checked",
            hint=f"or check one cell: check({kind.__name__}(...))",
            error=TypeError,
        )
    return Subject(kind.__name__, cell, None, twin)


def takes_indices(subject: Subject) -> bool:
    """Return whether a step of the cell accepts integer inputs (B,)."""
    cell = subject.make(3, 4)
    params, state = cell.init_params(np.random.default_rng(0)), cell.init_state(2)
    try:
        moved, _ = cell.step(params, state, np.array([1, 2]))
        shapes = [part.shape for part in moved]
    except Exception:  # theirs may raise anything; it only means no
        return False
    return shapes == [part.shape for part in state]
