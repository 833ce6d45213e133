"""The contract of a cell: one step of a recurrence, forward and backward.

Anything with the four methods of `Cell` can be run over a sequence by `manual_lstm.forward`,
differentiated by `manual_lstm.backward`, and checked by ``reference.check``.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import DTypeLike

from manual_lstm.checks import Array

Params = TypeVar("Params")
State = TypeVar("State")


@runtime_checkable
class Cell(Protocol[Params, State]):
    """One step of a recurrence, with its hand-written backward.

    Every method is pure: nothing passed in is changed, and nothing returned shares memory with
    an argument unless it is kept in the cache. Arrays of a state have the batch as their first
    axis, and the first field of a state is the output h.

    A cell may also state its shapes in letters, which buys named input errors and named gates
    in reports: ``sizes`` (letter → number), ``param_shapes`` and ``state_shapes`` (containers
    like the parameters and the state, of tuples such as ``("D", "4H")``), and ``gates`` (one
    letter for each block of 4H).
    """

    def init_params(self, rng: np.random.Generator, dtype: DTypeLike = np.float64) -> Params:
        """Draw parameters: a NamedTuple (or dict) of arrays of the dtype asked for."""
        ...

    def init_state(self, batch_size: int, dtype: DTypeLike = np.float64) -> State:
        """Return the zero state: a NamedTuple of (B, ...) arrays, the output h first."""
        ...

    def step(self, params: Params, state: State, x: Array) -> tuple[State, Any]:
        """Return the next state, and whatever `step_backward` needs to know of this step."""
        ...

    def step_backward(
        self, params: Params, cache: Any, dstate: State
    ) -> tuple[Params, State, Array | None]:
        """Return ``(dparams, dstate_prev, dx)`` for the cotangent `dstate` of the next state.

        The vector-Jacobian product of `step`: gradients are summed over the batch for the
        parameters, kept per row for the previous state and the input; dx is None for indices.
        """
        ...
