"""What runs a sequence: the contract between `manual_lstm.sequence` and the ways to do it."""

from __future__ import annotations

from typing import Any, Protocol

from manual_lstm.checks import Array


class Runner(Protocol):
    """A way to run a cell over a whole sequence, forward and backward.

    A `Layer` is one by itself; for a cell there are `Steps`, and for some a faster one. Arguments
    have been checked, both methods are pure, and neither what they return nor the cache shares
    memory with anything else that is returned.
    """

    def run(
        self, params: Any, xs: Array, state0: Any, lengths: Array | None
    ) -> tuple[Array, Any, Any]:
        """Return ``hs, state_T, cache``; see `manual_lstm.forward`."""
        ...

    def run_backward(self, cache: Any, dhs: Array, dstate_T: Any) -> tuple[Any, Array | None, Any]:
        """Return ``dparams, dxs, dstate0``; see `manual_lstm.backward`."""
        ...
