"""The LSTM compiled for small sizes, where NumPy's calls cost more than what they compute.

Needs numba: ``pip install 'manual-lstm[fast]'``. `CompiledLSTM` stands in place of
`manual_lstm.LSTM` and takes the same parameters and states. The first call compiles for some
seconds and keeps the result beside this file (or where ``NUMBA_CACHE_DIR`` says) for every later
process. With more than `MOST` multiplications a step, and in other dtypes than float32 and
float64, it runs what `manual_lstm.LSTM` runs.

What is proved in exact arithmetic is the NumPy code; the compiled loops agree with it on random
problems.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

import manual_lstm as ml
from manual_lstm import sequence_checks
from manual_lstm.checks import Array
from manual_lstm.input_product import input_product, input_product_backward
from manual_lstm.layer import Layer
from manual_lstm.ragged import Batch
from manual_lstm.sequence import runner_of
from manual_lstm.trees import leaves
from reference.frameworks.numba_kernels import reverse_steps, run_steps

# B · H²: from here on the products of BLAS are worth NumPy's calls.
MOST = 2**14


class CompiledCache(NamedTuple):
    """What the backward needs to know of the forward; rows are in the order of `batch`."""

    params: ml.LSTMParams
    xs: Array
    h0: Array
    hs: Array
    tape: Array
    alive: Array
    batch: Batch


class CompiledLSTM(Layer):
    """The LSTM, compiled; described like `manual_lstm.LSTM`.

    Examples
    --------
    >>> layer = CompiledLSTM(input_size=8, hidden_size=16)
    >>> params = layer.init_params(np.random.default_rng(0))
    >>> hs, state_T, tape = ml.forward(layer, params, np.ones((5, 2, 8)))
    >>> ml.backward(tape, np.ones_like(hs)).params.W_x.shape
    (8, 64)
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True) -> None:
        self.cell = ml.LSTM(input_size, hidden_size, bias)

    def __repr__(self) -> str:
        """Return how to make it."""
        return repr(self.cell).replace("LSTM", "CompiledLSTM", 1)

    @property
    def input_size(self) -> int:
        """D."""
        return self.cell.input_size

    @property
    def output_size(self) -> int:
        """H."""
        return self.cell.hidden_size

    def init_params(self, rng: np.random.Generator, dtype: DTypeLike = np.float64) -> ml.LSTMParams:
        """Draw parameters as `manual_lstm.LSTM` does."""
        return self.cell.init_params(rng, dtype)

    def init_state(self, batch_size: int, dtype: DTypeLike = np.float64) -> ml.LSTMState:
        """Return h and c, both zero (B, H)."""
        return self.cell.init_state(batch_size, dtype)

    def check_params(self, name: str, params: Any) -> np.dtype[Any]:
        """Refuse parameters that do not fit; return their dtype."""
        return sequence_checks.params(self.cell, params, name)

    def run(
        self, params: ml.LSTMParams, xs: Array, state0: ml.LSTMState, lengths: Array | None
    ) -> tuple[Array, ml.LSTMState, Any]:
        """Return ``hs, state_T, cache``; see `manual_lstm.forward`."""
        (T, B), H, dtype = xs.shape[:2], self.output_size, params.W_h.dtype
        arrays = leaves((params, xs, state0))
        plain = all(type(array) is np.ndarray for array in arrays)
        if B * H * H > MOST or dtype.name not in ("float32", "float64") or not plain:
            runner = runner_of(self.cell, params, xs, state0)
            hs, state_T, cache = runner.run(params, xs, state0, lengths)
            return hs, state_T, (runner, cache)
        W_x, W_h, b = params
        batch = Batch.of(lengths, T, B)
        alive = np.zeros(T, np.intp)
        for start, stop, rows in batch.runs:
            alive[start:stop] = rows
        xs = batch.sort(xs, axis=1)
        batch.clear_padding(xs)
        h0, c0 = (batch.sort(part) for part in state0)
        h, c = (part.copy(order="C") for part in (h0, c0))
        zs = input_product(xs.reshape(T * B, *xs.shape[2:]), W_x).reshape(T, B, 4 * H)
        if b is not None:
            zs += b
        hs = batch.buffer((T, B, H), dtype)
        tape = np.empty((T, B, 6 * H), dtype)
        run_steps(zs, _own(W_h), alive, h, c, hs, tape)
        state_T = ml.LSTMState(batch.unsort(h), batch.unsort(c))
        cache = CompiledCache(params, xs, h0, hs, tape, alive, batch)
        # What is returned must not be what is kept.
        returned = hs.copy() if batch.order is None else batch.unsort(hs, axis=1)
        return returned, state_T, cache

    def run_backward(
        self, cache: Any, dhs: Array, dstate_T: ml.LSTMState
    ) -> tuple[ml.LSTMParams, Array | None, ml.LSTMState]:
        """Return ``dparams, dxs, dstate0``; see `manual_lstm.backward`."""
        if not isinstance(cache, CompiledCache):
            runner, of_runner = cache
            return runner.run_backward(of_runner, dhs, dstate_T)
        (W_x, W_h, b), xs, h0, hs, tape, alive, batch = cache
        T, B, H = hs.shape
        dhs = _own(batch.sort(dhs, axis=1))
        dh, dc = (batch.sort(part).copy(order="C") for part in dstate_T)
        dzs = batch.buffer((T, B, 4 * H), hs.dtype)
        reverse_steps(_own(W_h.T), alive, tape, dhs, dh, dc, dzs)

        # forward: z = x W_x + h_prev W_h + b, at every step
        dzs = dzs.reshape(T * B, 4 * H)
        db = None if b is None else dzs.sum(axis=0)
        h_prev = np.zeros_like(hs)
        h_prev[1:] = hs[:-1]
        if T:
            h_prev[0, : alive[0]] = h0[: alive[0]]
        dW_h = h_prev.reshape(T * B, H).T @ dzs
        dxs, dW_x = input_product_backward(xs.reshape(T * B, *xs.shape[2:]), W_x, dzs)
        if dxs is not None:
            dxs = dxs.reshape(xs.shape)
            batch.clear_padding(dxs)
            dxs = batch.unsort(dxs, axis=1)
        dstate0 = ml.LSTMState(batch.unsort(dh), batch.unsort(dc))
        return ml.LSTMParams(dW_x, dW_h, db), dxs, dstate0


def _own(array: Array) -> Array:
    """Return a copy in plain order: an array that is read-only would be compiled for anew."""
    return array.copy(order="C")
