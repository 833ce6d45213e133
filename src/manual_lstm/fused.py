"""The LSTM over a whole sequence at once: the same results as step by step, sooner.

`manual_lstm.cells.lstm` says what is computed, one step on one page; this module says it again in
the order that suits the machine. The two agree to rounding on every property test, and both are
proved in exact arithmetic; where you read to learn, read the other. `manual_lstm.fused_gru` is
arranged in the same way. Figures are of one core of a Zen 5; ``manual-lstm bench`` makes more.

**What costs time.** The products with the weights, which no arrangement can avoid, and the calls:
0.2 µs for the plainest call of NumPy, and several times as much for one that makes an array or runs
through memory in jumps, where both products of a step of 16 units take one. So everything here
serves to have few calls, 10 forward and 9 back, each a plain one.

**Layout.** The gates of a step lie one behind the other, *gate-major*, and not side by side in the
rows of the batch::

    gates  (5, B, H):   i   f   o   g   c_prev

- The three sigmoids are one block, as are the pairs (i, f) and (g, c_prev) whose products make c.
  Each is contiguous, and NumPy runs through a contiguous block as if it had one axis: 0.2 µs a
  call, where an operand that is strided or broadcast makes it 0.7 to 1.6.
- The loop works in one such block, the same at every step, which stays in the nearest cache and
  whose views are made once; taking a view costs a quarter of a call. What the backward needs is
  copied to the tape in one go: 5 values a unit, of which tanh(c) and h are made again.
- The weights of i, f and o are negated, once: σ(z) = 1 / (1 + exp(-z)) then takes three calls.
  Where exp overflows, σ is 0, which is right to 1e-308, so that warning is switched off. (As
  (1 + tanh(z/2)) / 2, one call less, a gate shut by a bias of -10 is wrong by 60 ulps; so by 6.)

**Products over all steps.** ``xs W_x + b`` is one product for a block of steps, before them, and
is written to the tape, where the gates replace it step by step. The gradients of W_x, W_h, b and xs
are one product each for 1024 rows, after them: what they need, dz and h_prev, would take as much
memory as the tape if it were kept for all steps, and new memory is dear, up to 2 ms a MiB where the
system has to find it. (5000 steps of 4 rows and 64 units are 1 to 5 % quicker so.)

Per step there remain ``h W_h`` and ``dz W_hᵀ``. In float64 their weights lie column after column:
with OpenBLAS's kernels for AVX2 that takes half the time at B = 4, H = 128 and 85 % of it at B = 32
and H = 256 (for the products alone), with those for AVX-512 1 or 2 % more of the whole. In float32
they lie row after row, which is quicker by up to a quarter; `fused_parts.has_columns`.
Where B > 1 the former is a product for each gate, which gives the gate-major order for 0.4 µs; to
rearrange its result would take 1.2.

**Backward.** What multiplies dh and dc in a step depends on the forward alone::

    dz_o = dh · F_o         F_o = tanh(c) σ'(z_o)         σ' = (1 - σ) σ
    dc  += dh · F_c         F_c = o (1 - tanh²(c))
    dz_k = dc · F_k         F_i = g σ'(z_i)     F_f = c_prev σ'(z_f)     F_g = i (1 - g²)
    dc   = dc · f

So the factors are made for a block of steps at a time, and nine plain calls a step remain. Only
dz has its gates side by side, (B, 4H), as the products want it: one strided copy a step.

**Rows that end early** are the last ones of a batch sorted by length, so those that live at a step
are the first ones. The sequence falls into runs of steps with the same rows; each is run like a
batch of its own.

No workspace outlives a call, and nothing that is returned is kept. So that malloc need not ask the
system for the same pages at every call, `fused_parts` has it see one large array, once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from manual_lstm.cells.lstm import LSTMParams, LSTMState
from manual_lstm.checks import Array
from manual_lstm.fused_parts import (
    InputGradients,
    InputProducts,
    ProductGradients,
    has_columns,
    in_cache,
    of_products,
    recurrent_weights,
)
from manual_lstm.ragged import Batch

GATES = 5  # i, f, o, g and c_prev
ORDER, NEGATED = [0, 1, 3, 2], 3  # of the weights' gates i, f, g, o; i, f and o give -z


class FusedCache(NamedTuple):
    """What the backward needs to know of the forward; rows are in the order of `batch`."""

    params: LSTMParams
    xs: Array
    h0: Array
    tape: Array
    batch: Batch


class FusedLSTM:
    """The standard LSTM; the sizes are those of its parameters."""

    def run(
        self, params: LSTMParams, xs: Array, state0: LSTMState, lengths: Array | None
    ) -> tuple[Array, LSTMState, FusedCache]:
        """Return ``hs, state_T, cache``; see `manual_lstm.forward`."""
        (T, B), H, dtype = xs.shape[:2], params.W_h.shape[0], params.W_h.dtype
        batch = Batch.of(lengths, T, B)
        xs = batch.sort(xs, axis=1)
        batch.clear_padding(xs)
        h0, c0 = (batch.sort(part) for part in state0)
        h, c = (part.copy(order="C") for part in (h0, c0))
        hs = batch.buffer((T, B, H), dtype)
        tape = batch.buffer((T + 1, GATES, B, H), dtype)
        recurrent = recurrent_weights(params.W_h, ORDER, NEGATED, B)
        input_products = InputProducts(params.W_x, params.b, ORDER, NEGATED, T, B)
        with np.errstate(over="ignore"):  # of exp(-z): the sigmoid is 0 there
            for start, stop, alive in batch.runs:
                during, rows = slice(start, stop), slice(alive)
                after = slice(start, stop + 1)
                _forward(input_products, recurrent, xs[during, rows], h[rows], c[rows],
                         hs[during, rows], tape[after, :, rows])  # fmt: skip
        state_T = LSTMState(batch.unsort(h), batch.unsort(c))
        return batch.unsort(hs, axis=1), state_T, FusedCache(params, xs, h0, tape, batch)

    def run_backward(
        self, cache: FusedCache, dhs: Array, dstate_T: LSTMState
    ) -> tuple[LSTMParams, Array | None, LSTMState]:
        """Return ``dparams, dxs, dstate0``; see `manual_lstm.backward`."""
        (W_x, W_h, b), xs, h0, tape, batch = cache
        (T, B), H, dtype = xs.shape[:2], W_h.shape[0], W_h.dtype
        dhs = batch.sort(dhs, axis=1)
        dh, dc = (batch.sort(part).copy(order="C") for part in dstate_T)
        W_h_transposed = np.asarray(W_h.T, order="F" if has_columns(dtype, B) else "C")
        of_xs, of_h_prev = InputGradients(W_x, b, xs), ProductGradients(W_h, None)
        prepared = of_products(T, B)
        longest = prepared[0].stop
        dz, hs = np.empty((longest, B, 4 * H), dtype), np.empty((longest + 1, B, H), dtype)
        for block in reversed(prepared):
            steps = block.stop - block.start
            hs[0] = _h_before(block.start, h0, tape)
            for start, stop, alive in reversed(batch.runs_within(block)):
                during, rows = slice(start, stop), slice(alive)
                after, here = slice(start, stop + 1), slice(start - block.start, stop - block.start)
                _backward(W_h_transposed, tape[after, :, rows], dhs[during, rows],
                          dh[rows], dc[rows], dz[here, rows], hs[1:][here, rows])  # fmt: skip
            # forward: z = x W_x + h_prev W_h + b, at every step
            dz_of_block, h_prev = dz[:steps], hs[:steps]
            batch.clear_padding(dz_of_block, block)
            batch.clear_padding(h_prev, block)
            dz_of_rows = dz_of_block.reshape(steps * B, 4 * H)
            of_h_prev.add(h_prev.reshape(steps * B, H), dz_of_rows)
            of_xs.add_steps(block, dz_of_rows)
        dxs = of_xs.dxs
        if dxs is not None:
            batch.clear_padding(dxs)  # 0 · W_x is NaN where W_x is infinite
            dxs = batch.unsort(dxs, axis=1)
        dstate0 = LSTMState(batch.unsort(dh), batch.unsort(dc))
        return LSTMParams(of_xs.dW, of_h_prev.dW, of_xs.db), dxs, dstate0


def _h_before(step: int, h0: Array, tape: Array) -> Array:
    """Return h (B, H) before a step."""
    return h0 if step == 0 else tape[step - 1, 2] * np.tanh(tape[step, 4])


def _forward(
    input_products: InputProducts,
    recurrent: tuple[Array, Any],
    xs: Array,
    h: Array,
    c: Array,
    hs: Array,
    tape: Array,
) -> None:
    """Run steps at which the same rows live, from the state (h, c), which becomes the final one.

    Writes ``hs (T, B, H)`` and ``tape (T + 1, 5, B, H)``, whose last row is the final c alone.
    """
    add, multiply, exp, tanh, reciprocal = np.add, np.multiply, np.exp, np.tanh, np.reciprocal
    W_h, product = recurrent
    (T, B, H), dtype = hs.shape, hs.dtype
    one = np.ones((), dtype)  # a Python number would be converted at every call, for 0.2 µs

    gates = np.empty((GATES, B, H), dtype)
    z, sigmoids, g, o = gates[:4], gates[:3], gates[3], gates[2]
    i_f, g_c, c_now = gates[:2], gates[3:], gates[4]
    from_h_prev = product(h, W_h)
    z_from_h = from_h_prev.reshape(4, B, H)
    ig_fc = np.empty((2, B, H), dtype)
    ig, fc = ig_fc
    tanh_c = np.empty((B, H), dtype)

    c_now[...] = c
    h_prev = h.copy()
    for block in input_products.blocks(T, B):
        z_from_x = tape[block, :4]  # until the gates replace it
        input_products.write(xs[block], z_from_x)
        for z_from_x_t, tape_t, h_t in zip(z_from_x, tape[block], hs[block], strict=True):
            product(h_prev, W_h, from_h_prev)
            add(z_from_x_t, z_from_h, z)
            exp(sigmoids, sigmoids)
            add(sigmoids, one, sigmoids)
            reciprocal(sigmoids, sigmoids)
            tanh(g, g)
            multiply(i_f, g_c, ig_fc)
            tape_t[...] = gates
            add(ig, fc, c_now)
            tanh(c_now, tanh_c)
            multiply(o, tanh_c, h_t)
            h_prev = h_t
    h[...] = h_prev
    c[...] = tape[T, 4] = c_now


def _backward(
    W_h_transposed: Array, tape: Array, dhs: Array, dh: Array, dc: Array, dz: Array, hs: Array
) -> None:
    """Reverse `_forward`: dh and dc (B, H) go back from the last state to the first, in place.

    Writes ``dz (T, B, 4H)`` with its gates in the order i, f, g, o, and ``hs (T, B, H)``.
    """
    add, multiply, dot = np.add, np.multiply, np.dot
    (T, B, H), dtype = dhs.shape, dhs.dtype
    f = tape[:, 1]
    dz_gate_major = dz.reshape(T, B, 4, H).transpose(0, 2, 1, 3)
    dz_now = np.empty((4, B, H), dtype)
    dz_i, dz_f, dz_g, dz_o = dz_now
    dc_from_h = np.empty((B, H), dtype)
    prepared = in_cache(T, B, H)
    space = np.empty((GATES, prepared[0].stop, B, H), dtype)
    for block in reversed(prepared):
        factors = _factors(tape[block.start : block.stop + 1], hs[block], space)
        steps = zip(
            *factors[:, ::-1],
            f[block][::-1],
            dhs[block][::-1],
            dz[block][::-1],
            dz_gate_major[block][::-1],
            strict=True,
        )
        for F_i, F_f, F_o, F_g, F_c, f_t, dh_from_output, dz_t, dz_t_gate_major in steps:
            # forward: hs[t] = h
            add(dh, dh_from_output, dh)
            # forward: h = o * tanh(c), o = sigmoid(z_o)
            multiply(dh, F_o, dz_o)
            multiply(dh, F_c, dc_from_h)
            add(dc, dc_from_h, dc)
            # forward: c = f * c_prev + i * g, and the gates of z_i, z_f, z_g
            multiply(dc, F_i, dz_i)
            multiply(dc, F_f, dz_f)
            multiply(dc, F_g, dz_g)
            multiply(dc, f_t, dc)
            # forward: z = h_prev W_h + ...
            dz_t_gate_major[...] = dz_now
            dot(dz_t, W_h_transposed, dh)


def _factors(tape: Array, hs: Array, space: Array) -> Array:
    """Return F_i, F_f, F_o, F_g, F_c (5, T, B, H) of a block, in `space`; write its h into `hs`."""
    steps = tape[:-1].swapaxes(0, 1)
    sigmoids, g_c_prev = steps[:3], steps[3:]
    i, _, o, g, _ = steps
    factors = space[:, : len(hs)]
    F_sigmoids, F_i_f = factors[:3], factors[:2]
    F_o, F_g, F_c = factors[2], factors[3], factors[4]
    tanh_c = np.tanh(tape[1:, 4], out=hs)
    # forward: i, f, o = sigmoid(z)
    np.subtract(1, sigmoids, out=F_sigmoids)
    F_sigmoids *= sigmoids
    F_i_f *= g_c_prev
    F_o *= tanh_c
    # forward: g = tanh(z_g), tanh_c = tanh(c)
    for value, other, factor in ((g, i, F_g), (tanh_c, o, F_c)):
        np.multiply(value, value, out=factor)
        np.subtract(1, factor, out=factor)
        factor *= other
    np.multiply(o, tanh_c, out=hs)
    return factors
