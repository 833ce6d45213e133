"""The contract of a layer: whole sequences in, whole sequences out.

A cell knows one step, and `manual_lstm.forward` runs it from the first step to the last. A layer
runs the sequence itself, because it reads it in another way: twice, from its end, or through
other layers. `manual_lstm.forward` and `manual_lstm.backward` take either.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from manual_lstm.checks import Array
from manual_lstm.trees import leaves, output_of


class Layer(ABC):
    """What `Stack`, `Bidirectional` and `Residual` have in common.

    A layer is an immutable description, like a cell, and holds no weights. `manual_lstm.forward`
    checks the arguments before it calls `run`, and `manual_lstm.backward` before it calls
    `run_backward`; both are pure.
    """

    @property
    @abstractmethod
    def input_size(self) -> int | None:
        """D, the size of one input; None where a cell of the user's own does not state it."""

    @property
    @abstractmethod
    def output_size(self) -> int:
        """The size of one output."""

    @property
    def sizes(self) -> dict[str, int]:
        """The number behind the letter D of the inputs, if it is known."""
        D = self.input_size
        return {} if D is None else {"D": D}

    @property
    def reads_ahead(self) -> bool:
        """Whether an output depends on later inputs, so that the sequence cannot be cut."""
        return False

    @abstractmethod
    def init_params(self, rng: np.random.Generator, dtype: DTypeLike = np.float64) -> Any:
        """Draw the parameters of everything inside."""

    @abstractmethod
    def init_state(self, batch_size: int, dtype: DTypeLike = np.float64) -> Any:
        """Return the zero states of everything inside."""

    @abstractmethod
    def check_params(self, name: str, params: Any) -> np.dtype[Any]:
        """Refuse parameters that do not fit; return their common dtype."""

    @abstractmethod
    def run(
        self, params: Any, xs: Array, state0: Any, lengths: Array | None
    ) -> tuple[Array, Any, Any]:
        """Return ``hs, state_T, cache`` of a batch of sequences ``xs (T, B, D)``.

        `hs` is zero past the end of a row, and what stands in the padding of `xs` is not read.
        """

    @abstractmethod
    def run_backward(self, cache: Any, dhs: Array, dstate_T: Any) -> tuple[Any, Array | None, Any]:
        """Return ``dparams, dxs, dstate0``: the vector-Jacobian product of `run`."""


def output_shape(cell: Any, state: Any) -> tuple[int, ...]:
    """Return the shape (B, H) of one output of a cell or layer, given one of its states."""
    if isinstance(cell, Layer):
        return len(leaves(state)[0]), cell.output_size
    return output_of(state).shape


def output_size(cell: Any) -> int:
    """Return the size H of one output of a cell or layer.

    Examples
    --------
    >>> import manual_lstm as ml
    >>> output_size(ml.LSTM(input_size=3, hidden_size=4))
    4
    """
    return output_shape(cell, cell.init_state(1))[-1]
