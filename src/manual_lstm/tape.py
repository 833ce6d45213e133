"""The tape: what the backward of a sequence needs to know of its forward."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from manual_lstm.cell import Cell
from manual_lstm.checks import Array
from manual_lstm.trees import Rows, named_leaves


@dataclass(frozen=True)
class Tape:
    """One forward run, ready to be reversed. Make it with `forward`; read it, never change it.

    It keeps the arrays it was given, not copies of them. `check_unchanged` finds out whether
    they still are what they were.
    """

    cell: Cell[Any, Any]
    params: Any
    xs: Array
    state0: Any
    rows: list[Rows] = field(repr=False)
    caches: list[Any] = field(repr=False)
    fingerprints: dict[str, int] = field(repr=False)

    def check_unchanged(self) -> None:
        """Raise `ValueError` if a parameter, input or initial state was changed since."""
        now = fingerprints(self.params, self.xs, self.state0)
        for name, before in self.fingerprints.items():
            if now[name] != before:
                raise ValueError(
                    f"{name} has other values than in the forward that made this tape, but must "
                    "be unchanged, because backward reads it again.\n"
                    "HINT: run forward again after an update, or update copies."
                )


def fingerprints(params: Any, xs: Array, state0: Any) -> dict[str, int]:
    """Return a checksum of every array that a tape keeps, by name."""
    arrays = named_leaves({"params": params, "xs": xs, "state0": state0})
    return {name: _checksum(array) for name, array in arrays.items()}


def _checksum(array: Array) -> int:
    if array.dtype == object:  # elements are immutable, so their identities tell a change
        return hash(tuple(map(id, array.flat)))
    return zlib.crc32(np.ascontiguousarray(array).data)
