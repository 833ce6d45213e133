"""A long sequence in memory that grows with √T: a few states are kept, the rest is made again.

The forward goes through segments of S steps and forgets all but the state at which each begins.
The backward takes the segments from the last to the first, runs each forward once more from its
state, and reverses it at once. What is kept are T/S states and the tape of one segment, so that
S = √T is a good choice; the price is one more forward, a quarter to a third of the time of both.
Parameter gradients are sums over segments; all else is what it would be without (Chen et al. 2016;
schedules that recompute more often gain little here).

References
----------
T. Chen, B. Xu, C. Zhang, C. Guestrin, "Training Deep Nets with Sublinear Memory Cost",
arXiv 1604.06174, 2016.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from manual_lstm.checks import Array
from manual_lstm.runner import Runner
from manual_lstm.trees import accumulate


class Segment(NamedTuple):
    """Some steps on end: their inputs, the state before them, and how long each row still lives."""

    steps: slice
    xs: Array
    state0: Any
    lengths: Array | None


class SegmentsCache(NamedTuple):
    """What the backward needs to know of the forward."""

    params: Any
    segments: list[Segment]


@dataclass(frozen=True)
class Segments:
    """Whatever runs a sequence, run in segments of `size` steps."""

    runner: Runner
    size: int

    def run(
        self, params: Any, xs: Array, state0: Any, lengths: Array | None
    ) -> tuple[Array, Any, SegmentsCache]:
        """Return ``hs, state_T, cache``; see `manual_lstm.forward`."""
        hs: Any = None
        state = state0
        segments = []
        for steps in self._cut(len(xs)):
            remaining = None
            if lengths is not None:
                inside = np.clip(lengths, steps.start, steps.stop).astype(np.int64)
                remaining = inside - steps.start
            segments.append(Segment(steps, xs[steps], state, remaining))
            hs_here, state, _ = self.runner.run(params, xs[steps], state, remaining)
            if hs is None:
                hs = np.empty((len(xs), *hs_here.shape[1:]), hs_here.dtype)
            hs[steps] = hs_here
        return hs, state, SegmentsCache(params, segments)

    def run_backward(
        self, cache: SegmentsCache, dhs: Array, dstate_T: Any
    ) -> tuple[Any, Array | None, Any]:
        """Return ``dparams, dxs, dstate0``; see `manual_lstm.backward`."""
        params, segments = cache
        dparams: Any = None
        dxs: Any = None
        dstate = dstate_T
        for steps, xs, state0, lengths in reversed(segments):
            # forward: hs[steps], state, _ = run(params, xs[steps], state, remaining)
            _, _, cache_here = self.runner.run(params, xs, state0, lengths)
            dparams_here, dxs_here, dstate = self.runner.run_backward(
                cache_here, dhs[steps], dstate
            )
            del cache_here  # before the next one is made
            if dparams is None:
                dparams = dparams_here
            else:
                accumulate(dparams, dparams_here)
            if dxs_here is not None:
                if dxs is None:
                    dxs = np.empty((len(dhs), *dxs_here.shape[1:]), dxs_here.dtype)
                dxs[steps] = dxs_here
        return dparams, dxs, dstate

    def _cut(self, T: int) -> list[slice]:
        """Return the steps of each segment; one without steps if there are none."""
        starts = range(0, max(T, 1), self.size)
        return [slice(start, min(start + self.size, T)) for start in starts]


def size_of(segment: int | str, T: int) -> int:
    """Return the steps of a segment; "auto" is √T, rounded up."""
    return max(1, math.isqrt(max(0, T - 1)) + 1) if segment == "auto" else int(segment)
