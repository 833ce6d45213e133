"""A cell over a sequence, one step after the other: the path that is easy to read.

With lengths, row n of the batch lives for its first ``lengths[n]`` steps. After that its state is
carried unchanged and its output is zero; what stands in the padding of `xs` is never read. A step
is therefore run on the rows that are alive at t, and on no others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from manual_lstm.cell import Cell
from manual_lstm.checks import Array
from manual_lstm.trees import (
    Rows,
    accumulate,
    leaves,
    output_of,
    put_rows,
    take_rows,
    tree_map,
    with_output,
    zeros_like,
)


class StepsCache(NamedTuple):
    """What the backward of a sequence needs to know of its forward: one entry for each step."""

    params: Any
    xs: Array
    rows: list[Rows]
    caches: list[Any]


@dataclass(frozen=True)
class Steps:
    """Any cell, run by its own ``step`` and ``step_backward``."""

    cell: Cell[Any, Any]

    def run(
        self, params: Any, xs: Array, state0: Any, lengths: Array | None
    ) -> tuple[Array, Any, StepsCache]:
        """Return ``hs, state_T, cache``; see `manual_lstm.forward`."""
        T = len(xs)
        rows = rows_alive(lengths, T)
        hs = np.zeros((T, *output_of(state0).shape), leaves(params)[0].dtype)
        state = state0
        caches = []
        for t in range(len(rows)):
            state_t, cache = self.cell.step(params, take_rows(state, rows[t]), xs[t][rows[t]])
            state = put_rows(state, rows[t], state_t)
            hs[t, rows[t]] = output_of(state_t)
            caches.append(cache)
        # A copy, so that a caller who writes into the final state reaches neither tape nor state0.
        state_T = tree_map(np.copy, state)
        return hs, state_T, StepsCache(params, xs, rows, caches)

    def run_backward(
        self, cache: StepsCache, dhs: Array, dstate_T: Any
    ) -> tuple[Any, Array | None, Any]:
        """Return ``dparams, dxs, dstate0``; see `manual_lstm.backward`."""
        params, xs, rows, caches = cache
        dparams = zeros_like(params)
        dxs = None if xs.dtype.kind in "iu" else np.zeros_like(xs)
        dstate = dstate_T
        for t in reversed(range(len(caches))):
            # forward: hs[t] = h; and step t+1 reads h as its h_prev
            dstate_t = take_rows(dstate, rows[t])
            dh_from_output = dhs[t, rows[t]]
            dh_from_next = output_of(dstate_t)
            dstate_t = with_output(dstate_t, dh_from_output + dh_from_next)
            # forward: state_t, cache = step(params, state, xs[t])
            dparams_t, dstate_prev, dx = self.cell.step_backward(params, caches[t], dstate_t)
            accumulate(dparams, dparams_t)
            dstate = put_rows(dstate, rows[t], dstate_prev)
            if dxs is not None:
                dxs[t, rows[t]] = dx
        return dparams, dxs, dstate


def rows_alive(lengths: Array | None, T: int) -> list[Rows]:
    """Return the batch rows that live at each step, up to the last one at which any does.

    A slice stands for every row.
    """
    if lengths is None or (lengths == T).all():
        return [slice(None)] * T
    return [np.flatnonzero(lengths > t) for t in range(lengths.max(initial=0))]
