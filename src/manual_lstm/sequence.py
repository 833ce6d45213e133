"""Any cell over T steps: forward, and back-propagation through time.

A layer (see `manual_lstm.layer`) may stand in place of a cell; it runs the steps itself.

Here the arguments are checked. The steps are run by `manual_lstm.steps`, which is easy to read, or
for the plain LSTM by `manual_lstm.fused`, which is fast and agrees with it. To save memory, long
sequences may be run in segments, by `manual_lstm.segments`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from manual_lstm import sequence_checks
from manual_lstm.activations import SIGMOID, TANH
from manual_lstm.cell import Cell
from manual_lstm.cells.gru import GRU
from manual_lstm.cells.lstm import LSTM
from manual_lstm.checks import Array
from manual_lstm.fused import FusedLSTM
from manual_lstm.fused_gru import FusedGRU
from manual_lstm.fused_parts import are_plain
from manual_lstm.layer import Layer
from manual_lstm.runner import Runner
from manual_lstm.segments import Segments, size_of
from manual_lstm.steps import Steps
from manual_lstm.tape import Tape, fingerprints
from manual_lstm.trees import leaves


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
    segment: int | str | None = None,
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
    segment : int or "auto", optional
        Keep the state of every so many steps alone, and run the steps between once more in
        `backward`: a fraction of the memory for a quarter more time. "auto" is √T steps, with
        which the memory of the tape grows with √T. Without it, every step is kept.

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
        For a wrong shape, dtype, index, length or segment: the message names the argument, what
        it has and what it must be.

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
    sequence_checks.segment(cell, segment)

    runner = runner_of(cell, params, xs, state0)
    if segment is not None:
        runner = Segments(runner, size_of(segment, T))
    hs, state_T, cache = runner.run(params, xs, state0, lengths)
    prints = fingerprints(params, xs, state0)
    return Forward(hs, state_T, Tape(cell, params, xs, state0, runner, cache, prints))


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
    return Gradients(*tape.runner.run_backward(tape.cache, dhs, dstate))


def runner_of(cell: Any, *arguments: Any) -> Runner:
    """Return the fastest way to run `cell` on these trees; within `by_steps`, the readable one."""
    if isinstance(cell, Layer):
        return cell
    if not _by_steps.get() and are_plain(leaves(arguments)):
        # A subclass may have changed the step, so it has to be the cell itself.
        if type(cell) is LSTM:
            return FusedLSTM()
        is_standard = getattr(cell, "gate_activation", None) == SIGMOID
        if type(cell) is GRU and is_standard and cell.candidate_activation == TANH:
            return FusedGRU(cell.update_gate)
    return Steps(cell)


_by_steps = ContextVar("by_steps", default=False)


@contextmanager
def by_steps() -> Iterator[None]:
    """Let every cell run by its own ``step`` and ``step_backward`` within the block.

    Examples
    --------
    >>> import numpy as np
    >>> import manual_lstm as ml
    >>> cell = ml.LSTM(3, 4)
    >>> params, xs = cell.init_params(np.random.default_rng(0)), np.ones((5, 2, 3))
    >>> with by_steps():
    ...     hs, _, _ = ml.forward(cell, params, xs)
    >>> np.allclose(hs, ml.forward(cell, params, xs).hs, rtol=0, atol=1e-15)
    True
    """
    token = _by_steps.set(True)
    try:
        yield
    finally:
        _by_steps.reset(token)
