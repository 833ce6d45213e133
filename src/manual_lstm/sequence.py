"""Any cell over T steps: forward, and back-propagation through time.

A layer (see `manual_lstm.layer`) may stand in place of a cell; it runs the steps itself.

With lengths, row n of the batch lives for its first ``lengths[n]`` steps. After that its state is
carried unchanged and its output is zero; what stands in the padding of `xs` is never read. A step
is therefore run on the rows that are alive at t, and on no others.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from manual_lstm import sequence_checks
from manual_lstm.cell import Cell
from manual_lstm.checks import Array
from manual_lstm.layer import Layer
from manual_lstm.tape import Tape, fingerprints
from manual_lstm.trees import (
    Rows,
    accumulate,
    output_of,
    put_rows,
    take_rows,
    tree_map,
    with_output,
    zeros_like,
)


class Forward(NamedTuple):
    """Result of `forward`: outputs (T, B, H), final state, and the tape for `backward`."""

    hs: Array
    state_T: Any
    tape: Tape


class Gradients(NamedTuple):
    """Result of `backward`, each like its primal; xs is None for index inputs."""

    params: Any
    xs: Array | None
    state0: Any


def forward(
    cell: Cell[Any, Any] | Layer,
    params: Any,
    xs: Array,
    state0: Any = None,
    lengths: Array | None = None,
) -> Forward:
    """Run `cell` over a batch of sequences.

    Parameters
    ----------
    cell : Cell or Layer
        Such as ``LSTM(input_size=D, hidden_size=H)``, or a `Stack` or `Bidirectional` of cells.
    params : NamedTuple of arrays
        As from ``cell.init_params``. All of one dtype, which is the dtype of every result.
    xs : ndarray
        (T, B, D) of the parameters' dtype, or (T, B) integers in [0, D): index inputs.
    state0 : NamedTuple of (B, ...) arrays, optional
        State before the first step; zeros if not given.
    lengths : (B,) integers in [0, T], optional
        Steps each row lives; T for all if not given.

    Returns
    -------
    hs : ndarray, (T, B, H)
        The output of every step; zero past the end of a row.
    state_T : like state0
        The state of each row after its own last step.
    tape : Tape
        For `backward`. It refers to the arrays passed in; do not change them before that.

    Raises
    ------
    ValueError, TypeError
        For a wrong shape, dtype, index or length: the message names the argument, what it has
        and what it must be.

    Notes
    -----
    NaN and infinity in `xs`, `params` or `state0` are passed through as IEEE 754 says.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> rng = np.random.default_rng(0)
    >>> cell = ml.LSTM(input_size=3, hidden_size=4)
    >>> params = cell.init_params(rng)
    >>> hs, state_T, tape = ml.forward(cell, params, rng.normal(size=(5, 2, 3)))
    >>> grads = ml.backward(tape, dhs=np.ones_like(hs))
    >>> grads.params.W_x.shape, grads.xs.shape, grads.state0.c.shape
    ((3, 16), (5, 2, 3), (2, 4))
    """
    dtype = sequence_checks.params(cell, params)
    T, B = sequence_checks.inputs(cell, xs, dtype)
    if state0 is None:
        state0 = cell.init_state(B, dtype)
    else:
        sequence_checks.state("state0", cell, state0, B, dtype)
    lengths = sequence_checks.lengths(lengths, T, B)
    sequence_checks.indices(cell, xs, lengths)

    if isinstance(cell, Layer):
        hs, state_T, cache = cell.run(params, xs, state0, lengths)
        prints = fingerprints(params, xs, state0)
        return Forward(hs, state_T, Tape(cell, params, xs, state0, [], [cache], prints))

    rows = rows_alive(lengths, T)
    hs = np.zeros((T, *output_of(state0).shape), dtype)
    state = state0
    caches = []
    for t in range(len(rows)):
        state_t, cache = cell.step(params, take_rows(state, rows[t]), xs[t][rows[t]])
        state = put_rows(state, rows[t], state_t)
        hs[t, rows[t]] = output_of(state_t)
        caches.append(cache)
    # A copy, so that a caller who writes into the final state reaches neither tape nor state0.
    state_T = tree_map(np.copy, state)
    tape = Tape(cell, params, xs, state0, rows, caches, fingerprints(params, xs, state0))
    return Forward(hs, state_T, tape)


def backward(tape: Tape, dhs: Array | None, dstate_T: Any = None) -> Gradients:
    """Back-propagate through time: the vector-Jacobian product of `forward`.

    Parameters
    ----------
    tape : Tape
        From `forward`. It may be used any number of times.
    dhs : ndarray, (T, B, H)
        Gradient of the loss with respect to every output; None where the loss reads none.
    dstate_T : like state0, optional
        Gradient of the loss with respect to the final state; a field may be None for zero.

    Returns
    -------
    Gradients
        ``params`` summed over batch and time, ``xs`` (T, B, D), or None for index inputs, and
        ``state0``. Each has the shape and dtype of its primal and the unit of the loss per unit
        of its primal. Gradients of padding are zero.

    Raises
    ------
    ValueError, TypeError
        If `dhs` or `dstate_T` has another shape or dtype than its primal, or if an array that
        was passed to `forward` has been changed since.
    """
    dhs, dstate = sequence_checks.cotangents(tape, dhs, dstate_T)
    tape.check_unchanged()
    if isinstance(tape.cell, Layer):
        return Gradients(*tape.cell.run_backward(tape.caches[0], dhs, dstate))

    dparams = zeros_like(tape.params)
    dxs = None if tape.xs.dtype.kind in "iu" else np.zeros_like(tape.xs)
    for t in reversed(range(len(tape.caches))):
        rows = tape.rows[t]
        # forward: hs[t] = h; and step t+1 reads h as its h_prev
        dstate_t = take_rows(dstate, rows)
        dh_from_output = dhs[t, rows]
        dh_from_next = output_of(dstate_t)
        dstate_t = with_output(dstate_t, dh_from_output + dh_from_next)
        # forward: state, cache = step(params, state, xs[t])
        dparams_t, dstate_prev, dx = tape.cell.step_backward(tape.params, tape.caches[t], dstate_t)
        accumulate(dparams, dparams_t)
        dstate = put_rows(dstate, rows, dstate_prev)
        if dxs is not None:
            dxs[t, rows] = dx
    return Gradients(dparams, dxs, dstate)


def rows_alive(lengths: Array | None, T: int) -> list[Rows]:
    """Return the batch rows that live at each step, up to the last one at which any does.

    A slice stands for every row.
    """
    if lengths is None or (lengths == T).all():
        return [slice(None)] * T
    return [np.flatnonzero(lengths > t) for t in range(lengths.max(initial=0))]
