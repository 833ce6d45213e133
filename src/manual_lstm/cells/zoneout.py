"""Zoneout: at each step some units keep their old state, whatever the cell says.

Krueger et al. 2017, around any cell. One step takes x (B, D), a mask for each array of the state,
and the state s_prev to the state s, array by array (for an LSTM h and c, each with its own mask)::

    s_new  = step(s_prev, x)               of the cell inside
    s  = m ⊙ s_prev + (1 - m) ⊙ s_new      m = 1: the unit keeps its state

Everything in it is dimensionless. In training m is drawn anew for every step, ones with the
zoneout probability and zeros otherwise; for evaluation m is that probability itself, the
expectation. This function is the same for both, and differentiable in m as well.

References
----------
D. Krueger et al., "Zoneout: Regularizing RNNs by Randomly Preserving Hidden Activations",
ICLR 2017, arXiv 1606.01305, equation 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from manual_lstm import checks
from manual_lstm.cell import Cell
from manual_lstm.cells.lstm import LSTM
from manual_lstm.cells.masks import join_columns, split_columns
from manual_lstm.checks import Array
from manual_lstm.trees import leaves, tree_map


class ZoneoutCache(NamedTuple):
    """What the backward of one step needs to know of its forward."""

    inner: Any
    masks: Any
    state_prev: Any
    state_new: Any


@dataclass(frozen=True)
class Zoneout:
    """Describe a cell with zoneout; it holds no weights.

    Parameters
    ----------
    input_size : int
        D, the size of one input, without the masks.
    hidden_size : int
        H, the number of units.
    of : callable, default LSTM
        Makes the cell inside: ``of(input_size=D, hidden_size=H)``, such as ``ml.GRU``, a class of
        your own, or ``functools.partial(ml.LSTM, bias=False)``. Parameters and states are its own.

    Notes
    -----
    The inputs of a sequence are ``with_masks(xs, mask_h, mask_c)``: (T, B, D + H + H) for an LSTM,
    one mask for each array of the state, in its order.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> rng = np.random.default_rng(0)
    >>> cell = ml.Zoneout(input_size=3, hidden_size=4)
    >>> params, xs = cell.init_params(rng), rng.normal(size=(5, 2, 3))
    >>> masks = [(rng.random((5, 2, 4)) < p).astype(float) for p in (0.1, 0.5)]  # h and c
    >>> hs, state_T, tape = ml.forward(cell, params, ml.with_masks(xs, *masks))
    >>> ml.backward(tape, dhs=hs).xs[..., :3].shape  # gradient of xs; the rest is of the masks
    (5, 2, 3)
    """

    input_size: int
    hidden_size: int
    of: Callable[..., Cell[Any, Any]] = LSTM

    def __post_init__(self) -> None:
        checks.positive_int("input_size", self.input_size)
        checks.positive_int("hidden_size", self.hidden_size)
        if not callable(self.of):
            must, because = "a class of cells such as LSTM", "the cell inside is made by it"
            checks.fail("of", f"the value {self.of!r}", must, because, error=TypeError)

    @property
    def cell(self) -> Any:
        """The cell inside."""
        return self.of(input_size=self.input_size, hidden_size=self.hidden_size)

    @property
    def gates(self) -> str:
        """The gates of the cell inside."""
        return getattr(self.cell, "gates", "")

    @property
    def inner_columns(self) -> int:
        """The columns of an input of the cell inside: D, and more where it has masks as well."""
        return getattr(self.cell, "columns", self.input_size)

    @property
    def columns(self) -> int:
        """The columns of an input with its masks."""
        return self.inner_columns + sum(self.mask_sizes)

    @property
    def mask_sizes(self) -> list[int]:
        """The columns of each mask, in the order of the state."""
        return [part[0].size for part in leaves(self.cell.init_state(1))]

    @property
    def sizes(self) -> dict[str, int]:
        """The numbers behind the letters of the shapes; D counts the masks, X does not."""
        return {"X": self.inner_columns, **self.cell.sizes, "D": self.columns}

    @property
    def param_shapes(self) -> Any:
        """The shapes of the parameters, in letters, with X for what the cell inside calls D."""
        shapes = self.cell.param_shapes
        of_x = (
            None if shape is None else tuple(part.replace("D", "X") for part in shape)
            for shape in shapes
        )
        return type(shapes)(*of_x)

    @property
    def state_shapes(self) -> Any:
        """The shapes of the state, in letters."""
        return self.cell.state_shapes

    def init_params(self, rng: np.random.Generator, dtype: DTypeLike = np.float64) -> Any:
        """Draw the parameters of the cell inside."""
        return self.cell.init_params(rng, dtype)

    def init_state(self, batch_size: int, dtype: DTypeLike = np.float64) -> Any:
        """Return the zero state of the cell inside."""
        return self.cell.init_state(batch_size, dtype)

    def step(self, params: Any, state: Any, x: Array) -> tuple[Any, ZoneoutCache]:
        """Return the next state, and the cache for `step_backward`; `x` is input and masks."""
        x, *columns = split_columns(x, [self.inner_columns, *self.mask_sizes])
        remaining = iter(columns)
        masks = tree_map(lambda part: next(remaining).reshape(part.shape), state)

        new, inner = self.cell.step(params, state, x)
        kept = tree_map(lambda m, old, new: m * old + (1 - m) * new, masks, state, new)
        return kept, ZoneoutCache(inner, masks, state, new)

    def step_backward(
        self, params: Any, cache: ZoneoutCache, dstate: Any
    ) -> tuple[Any, Any, Array]:
        """Return ``(dparams, dstate_prev, dx)``, the vector-Jacobian product of `step`."""
        inner, masks, state_prev, new = cache

        # forward: kept = m * old + (1 - m) * new, for every array of the state
        dmasks = tree_map(lambda dkept, old, new: dkept * (old - new), dstate, state_prev, new)
        dold = tree_map(lambda dkept, m: dkept * m, dstate, masks)
        dnew = tree_map(lambda dkept, m: dkept * (1 - m), dstate, masks)
        # forward: new, inner = cell.step(params, state, x); and the mixture reads state as well
        dparams, dstate_from_cell, dx = self.cell.step_backward(params, inner, dnew)
        dstate_prev = tree_map(np.add, dold, dstate_from_cell)
        # forward: x, *columns = split_columns(x, ...)
        pairs = zip(leaves(dmasks), self.mask_sizes, strict=True)
        dcolumns = [dmask.reshape(len(dmask), size) for dmask, size in pairs]
        return dparams, dstate_prev, join_columns(dx, *dcolumns)
