"""Problems side by side: how their arrays are put along one leading axis of cases.

`Padded` takes problems of different sizes: units, inputs, rows and steps beyond a problem's own
are zeros. Where a cell keeps them zero (`Twin.padding_is_exact`), its gradients come out as if
it had been alone; only the order of sums differs. `SameShape` takes problems of one size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import jax
import numpy as np

from manual_lstm.checks import Array
from manual_lstm.sequence_checks import named_leaves_of_shapes
from manual_lstm.shapes import SymbolicShape, parse
from manual_lstm.trees import named_leaves, output_of
from reference.cells import TWINS
from reference.oracle import arguments, step_of
from reference.problem import Problem


class Stacking(Protocol):
    """A way to put problems, and results of the same names, along one leading axis."""

    @property
    def oracle(self) -> tuple[Any, Any]:
        """The JAX step, and the (hashable) cell that it is given."""
        ...

    def arguments(self, problems: Sequence[Problem]) -> tuple[Any, ...]:
        """Return the stacked arguments of the oracle."""
        ...

    def results(self, name: str, arrays: Sequence[Array | None], like: Array) -> Array:
        """Return stacked results of one name, shaped like the oracle's; None counts as zeros."""
        ...


@dataclass(frozen=True)
class SameShape:
    """Problems of one cell.

    Parameters
    ----------
    cell : Cell, Layer or None
        A built-in cell, a layer of such cells, or None for a step that knows its own cell.
    step : callable, optional
        The JAX step of a cell without a twin.
    T, B : int, default 0
        Steps and rows that problems are filled up to, so that one compilation serves them all.
        It is exact for any cell: rows know nothing of each other, and a step past the end of a
        row changes nothing. Problems of one size need none.
    """

    cell: Any = None
    step: Any = None
    T: int = 0
    B: int = 0

    @property
    def oracle(self) -> tuple[Any, Any]:
        """The step given, or the twin's with its cell."""
        return (step_of(self.cell), self.cell) if self.step is None else (self.step, None)

    def arguments(self, problems: Sequence[Problem]) -> tuple[Any, ...]:
        """Fill up and stack the arguments."""
        parts = [self._filled(*arguments(problem)) for problem in problems]
        return jax.tree.map(lambda *arrays: np.stack(arrays), *parts)

    def results(self, name: str, arrays: Sequence[Array | None], like: Array) -> Array:
        """Fill up and stack results; a result of another shape counts as NaN."""
        growing = 2 if name in ("hs", "xs") else 0 if name.startswith("params.") else 1
        growing = growing if self.T else 0
        stacked = np.zeros(like.shape)
        for n, array in enumerate(arrays):
            if array is None:
                continue
            whole = like.shape[1:]
            fits = array.ndim == len(whole) and array.shape[growing:] == whole[growing:]
            if fits and all(np.less_equal(array.shape, whole)):
                stacked[(n, *map(slice, array.shape))] = array
            else:
                stacked[n] = np.nan
        return stacked

    def _filled(
        self, params: Any, xs: Array, state0: Any, lengths: Array, dhs: Array, dstate_T: Any
    ) -> tuple[Any, ...]:
        """Repeat the last input, so that no step sees anything unlikely; the rest are zeros."""
        more = max(self.T - xs.shape[0], 0), max(self.B - xs.shape[1], 0)

        def fill(array: Array, *axes: int, mode: Any = "constant") -> Array:
            return np.pad(array, [(0, k) for k in axes] + [(0, 0)] * (array.ndim - len(axes)), mode)

        def fill_rows(array: Array) -> Array:
            return fill(array, more[1])

        return (
            params,
            fill(xs, *more, mode="edge" if xs.size else "constant"),
            jax.tree.map(fill_rows, state0),
            fill_rows(lengths),
            fill(dhs, *more),
            jax.tree.map(fill_rows, dstate_T),
        )


@dataclass(frozen=True)
class Padded:
    """Problems of one built-in cell type, padded to one size.

    Parameters
    ----------
    cell : Cell
        The widest: its sizes are padded to, and every optional parameter is there.
    T, B : int
        Steps and rows to pad to.
    """

    cell: Any
    T: int
    B: int

    @property
    def oracle(self) -> tuple[Any, Any]:
        """The twin's step with the widest cell."""
        return TWINS[type(self.cell)].step, self.cell

    @cached_property
    def shapes(self) -> dict[str, SymbolicShape]:
        """The shape of every argument and result, in letters, by name."""
        outputs = ("T", *output_of(self.cell.state_shapes))
        named: dict[str, SymbolicShape] = {"xs": ("T", "B", "D"), "hs": outputs}
        for name, shape in named_leaves_of_shapes(self.cell.param_shapes).items():
            named[f"params.{name}"] = shape
        for name, shape in named_leaves_of_shapes(self.cell.state_shapes).items():
            named[f"state0.{name}"] = named[f"state_T.{name}"] = shape
        return named

    def arguments(self, problems: Sequence[Problem]) -> tuple[Any, ...]:
        """Pad and stack the arguments."""
        parts = [arguments(problem) for problem in problems]

        def pad_tree(kind: str, position: int, template: Any) -> Any:
            named = [named_leaves(part[position]) for part in parts]
            padded = [
                self._pad(f"{kind}.{name}", [leaves.get(name) for leaves in named])
                for name in named_leaves(template)
            ]
            return jax.tree.unflatten(jax.tree.structure(template), padded)

        lengths = np.zeros((len(parts), self.B), np.int64)
        for n, part in enumerate(parts):
            lengths[n, : part[3].size] = part[3]
        return (
            pad_tree("params", 0, self.cell.init_params(np.random.default_rng(0))),
            self._pad("xs", [part[1] for part in parts]),
            pad_tree("state0", 2, self.cell.init_state(self.B)),
            lengths,
            self._pad("hs", [part[4] for part in parts]),
            pad_tree("state_T", 5, self.cell.init_state(self.B)),
        )

    def results(self, name: str, arrays: Sequence[Array | None], like: Array) -> Array:
        """Pad and stack results."""
        return self._pad(name, arrays)

    def _pad(self, name: str, arrays: Sequence[Array | None]) -> Array:
        """Stack arrays of one symbolic shape, each block of each axis padded with zeros."""
        blocks, wide = self._axes(name)
        padded = np.zeros((len(arrays), *_interleaved(blocks, wide)))
        for n, array in enumerate(arrays):
            if array is None:
                continue
            own = _interleaved(blocks, array.shape)
            padded[(n, *(slice(k) for k in own))] = array.reshape(own)
        return padded.reshape(len(arrays), *wide)

    def widen(self, name: str, stacked: Array) -> Array:
        """Pad arrays that are stacked already: ``(N, own shape)`` to ``(N, widest shape)``."""
        blocks, wide = self._axes(name)
        own = _interleaved(blocks, stacked.shape[1:])
        padded = np.zeros((len(stacked), *_interleaved(blocks, wide)))
        padded[(slice(None), *(slice(k) for k in own))] = stacked.reshape(len(stacked), *own)
        return padded.reshape(len(stacked), *wide)

    def _axes(self, name: str) -> tuple[list[int], list[int]]:
        """Return the blocks of each axis of an array by its name, and its length when padded."""
        sizes = {**self.cell.sizes, "T": self.T, "B": self.B}
        axes = list(map(parse, self.shapes[name]))
        return [blocks for blocks, _ in axes], [blocks * sizes[letter] for blocks, letter in axes]


def _interleaved(blocks: Sequence[int], shape: Sequence[int]) -> list[int]:
    """Return a shape with an axis of blocks before each axis.

    Examples
    --------
    >>> _interleaved([1, 4], [3, 8])
    [1, 3, 4, 2]
    """
    return [k for m, N in zip(blocks, shape, strict=True) for k in (m, N // m)]
