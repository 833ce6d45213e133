"""A batch whose rows end at different steps, brought into an order that is quick to run.

Sorted by length, the longest first, the rows that live at a step are the first ones, and the
sequence falls into runs of steps at which the same rows live.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from manual_lstm.checks import Array


class Batch(NamedTuple):
    """The order in which the rows of a batch are run, and when.

    `runs` are triples (first step, step after the last, rows alive). `order` and `padding` (T, B)
    are None where every row lives to the end: nothing is sorted then, and nothing is padding.
    """

    runs: list[tuple[int, int, int]]
    order: Array | None = None
    padding: Array | None = None

    @classmethod
    def of(cls, lengths: Array | None, T: int, B: int) -> Batch:
        """Return the batch of T steps and B rows, of which row n lives ``lengths[n]`` steps.

        Examples
        --------
        >>> import numpy as np
        >>> Batch.of(np.array([2, 0, 5]), T=6, B=3).runs
        [(0, 2, 2), (2, 5, 1)]
        """
        if lengths is None or (lengths == T).all():
            return cls([(0, T, B)] if T else [])
        order = np.argsort(lengths, kind="stable")[::-1]
        runs, start, alive = [], 0, B
        ends, counts = np.unique(lengths, return_counts=True)
        for stop, rows in zip(ends.tolist(), counts.tolist(), strict=True):
            if stop > start:
                runs.append((start, stop, alive))
            start, alive = stop, alive - rows
        return cls(runs, order, np.arange(T)[:, None] >= lengths[order])

    def sort(self, array: Array, axis: int = 0) -> Array:
        """Return `array` with its rows, along `axis`, in the order of the batch."""
        return array if self.order is None else np.take(array, self.order, axis)

    def unsort(self, array: Array, axis: int = 0) -> Array:
        """Return `array` with its rows in the order in which they were given."""
        return array if self.order is None else np.take(array, np.argsort(self.order), axis)

    def runs_within(self, steps: slice) -> list[tuple[int, int, int]]:
        """Return the runs, or parts of runs, of some of the steps.

        Examples
        --------
        >>> Batch([(0, 2, 2), (2, 5, 1)]).runs_within(slice(1, 4))
        [(1, 2, 2), (2, 4, 1)]
        """
        parts = [
            (max(start, steps.start), min(stop, steps.stop), alive)
            for start, stop, alive in self.runs
        ]
        return [(start, stop, alive) for start, stop, alive in parts if start < stop]

    def clear_padding(self, array: Array, steps: slice = slice(None)) -> None:
        """Write zeros into the padding of a sorted ``array (T, B, ...)`` of all or some steps."""
        if self.padding is not None:
            array[self.padding[steps]] = 0

    def buffer(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Return an array to be written at the steps and rows that live; zero at the others."""
        return np.empty(shape, dtype) if self.padding is None else np.zeros(shape, dtype)
