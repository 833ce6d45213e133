"""The GRU over a whole sequence at once, arranged like the LSTM in `manual_lstm.fused`.

`manual_lstm.cells.gru` says what is computed. With k for what keeps the old state (u, or 1 - u by
the other convention, which is σ(-z_u)) and q = 1 - k, a step works in one block::

    gates  (6, B, H):   r   k   q   h_prev   n   m

so that the products (k, q) ⊙ (h_prev, n), whose sum is h, are one call. Going back, with factors
that depend on the forward alone::

    dz_n = dh · F_n         F_n = q (1 - n²)
    dz_k = dh · F_k         F_k = (h_prev - n) k q
    dz_r = dz_n · F_r       F_r = m (1 - r) r
    dm   = dz_n · r
    dh   = dh · k + (dz_r, dz_u, dm) W_hᵀ
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from manual_lstm.cells.gru import GRUParams
from manual_lstm.cells.hidden_state import HiddenState
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

GATES = 6  # r, k, q, h_prev, n, m
ORDER = [0, 1, 2]  # of the weights' gates r, u, n


class FusedGRUCache(NamedTuple):
    """What the backward needs to know of the forward; rows are in the order of `batch`."""

    params: GRUParams
    xs: Array
    tape: Array
    batch: Batch


class FusedGRU:
    """The GRU that resets after the product; the sizes are those of its parameters.

    Parameters
    ----------
    update_gate : {"keeps", "replaces"}
        As in `manual_lstm.GRU`.
    """

    def __init__(self, update_gate: str) -> None:
        self.keeps = update_gate == "keeps"

    def run(
        self, params: GRUParams, xs: Array, state0: HiddenState, lengths: Array | None
    ) -> tuple[Array, HiddenState, FusedGRUCache]:
        """Return ``hs, state_T, cache``; see `manual_lstm.forward`."""
        (T, B), H, dtype = xs.shape[:2], params.W_h.shape[0], params.W_h.dtype
        batch = Batch.of(lengths, T, B)
        xs = batch.sort(xs, axis=1)
        batch.clear_padding(xs)
        h = batch.sort(state0.h).copy(order="C")
        hs = batch.buffer((T, B, H), dtype)
        tape = batch.buffer((T, GATES, B, H), dtype)
        negated = 2 if self.keeps else 1  # k = σ(z_u), or 1 - u = σ(-z_u), which reads z_u
        recurrent = recurrent_weights(params.W_h, ORDER, negated, B)
        input_products = InputProducts(params.W_x, params.b, ORDER, negated, T, B)
        with np.errstate(over="ignore"):  # of exp(-z): the sigmoid is 0 there
            for start, stop, alive in batch.runs:
                during, rows = slice(start, stop), slice(alive)
                _forward(params.b_hn, input_products, recurrent, xs[during, rows], h[rows],
                         hs[during, rows], tape[during, :, rows])  # fmt: skip
        cache = FusedGRUCache(params, xs, tape, batch)
        return batch.unsort(hs, axis=1), HiddenState(batch.unsort(h)), cache

    def run_backward(
        self, cache: FusedGRUCache, dhs: Array, dstate_T: HiddenState
    ) -> tuple[GRUParams, Array | None, HiddenState]:
        """Return ``dparams, dxs, dstate0``; see `manual_lstm.backward`."""
        (W_x, W_h, b, b_hn), xs, tape, batch = cache
        (T, B), H, dtype = xs.shape[:2], W_h.shape[0], W_h.dtype
        dhs = batch.sort(dhs, axis=1)
        dh = batch.sort(dstate_T.h).copy(order="C")
        W_h_transposed = np.asarray(W_h.T, order="F" if has_columns(dtype, B) else "C")
        of_xs, of_h_prev = InputGradients(W_x, b, xs), ProductGradients(W_h, b_hn)
        prepared = of_products(T, B)
        longest = prepared[0].stop
        dz, dz_n = np.empty((longest, B, 3 * H), dtype), np.empty((longest, B, H), dtype)
        for block in reversed(prepared):
            for start, stop, alive in reversed(batch.runs_within(block)):
                during, rows = slice(start, stop), slice(alive)
                here = slice(start - block.start, stop - block.start)
                _backward(W_h_transposed, self.keeps, tape[during, :, rows], dhs[during, rows],
                          dh[rows], dz[here, rows], dz_n[here, rows])  # fmt: skip
            steps = block.stop - block.start
            dz_of_block, dz_n_of_block = dz[:steps], dz_n[:steps]
            batch.clear_padding(dz_of_block, block)
            batch.clear_padding(dz_n_of_block, block)
            dz_of_rows = dz_of_block.reshape(steps * B, 3 * H)
            # forward: z_hr, z_hu, m = h_prev W_h, and m + b_hn, at every step
            of_h_prev.add(tape[block, 3].reshape(steps * B, H), dz_of_rows)
            # forward: z_xr, z_xu, z_xn = x W_x + b, at every step
            dz_of_rows[:, 2 * H :] = dz_n_of_block.reshape(steps * B, H)
            of_xs.add_steps(block, dz_of_rows)
        dxs = of_xs.dxs
        if dxs is not None:
            batch.clear_padding(dxs)  # 0 · W_x is NaN where W_x is infinite
            dxs = batch.unsort(dxs, axis=1)
        db_hn = None if of_h_prev.db is None else of_h_prev.db[2 * H :].copy()
        dparams = GRUParams(of_xs.dW, of_h_prev.dW, of_xs.db, db_hn)
        return dparams, dxs, HiddenState(batch.unsort(dh))


def _forward(
    b_hn: Array | None,
    input_products: InputProducts,
    recurrent: tuple[Array, Any],
    xs: Array,
    h: Array,
    hs: Array,
    tape: Array,
) -> None:
    """Run steps at which the same rows live, from the state h, which becomes the final one.

    Writes ``hs (T, B, H)`` and ``tape (T, 6, B, H)``.
    """
    add, multiply, exp, tanh, reciprocal = np.add, np.multiply, np.exp, np.tanh, np.reciprocal
    subtract = np.subtract
    W_h, product = recurrent
    (T, B, H), dtype = hs.shape, hs.dtype
    one = np.ones((), dtype)

    gates = np.empty((GATES, B, H), dtype)
    sigmoids, k, k_q, h_prev_n = gates[:2], gates[1], gates[1:3], gates[3:5]
    r, _, q, h_now, n, m = gates
    from_h_prev = product(h, W_h)
    z_from_h = from_h_prev.reshape(3, B, H)
    z_rk_from_h, z_m = z_from_h[:2], z_from_h[2]
    bias_of_m = np.empty((B, H), dtype)
    bias_of_m[...] = 0 if b_hn is None else b_hn
    kept_replaced = np.empty((2, B, H), dtype)
    kept, replaced = kept_replaced

    h_now[...] = h
    for block in input_products.blocks(T, B):
        z_from_x = tape[block, :3]  # until the gates replace it
        input_products.write(xs[block], z_from_x)
        steps = zip(z_from_x[:, :2], z_from_x[:, 2], tape[block], hs[block], strict=True)
        for z_rk_from_x, z_n_from_x, tape_t, h_t in steps:
            product(h_now, W_h, from_h_prev)
            add(z_rk_from_x, z_rk_from_h, sigmoids)
            exp(sigmoids, sigmoids)
            add(sigmoids, one, sigmoids)
            reciprocal(sigmoids, sigmoids)
            add(z_m, bias_of_m, m)
            multiply(r, m, n)
            add(n, z_n_from_x, n)
            tanh(n, n)
            subtract(one, k, q)
            multiply(k_q, h_prev_n, kept_replaced)
            tape_t[...] = gates
            add(kept, replaced, h_now)
            h_t[...] = h_now
    h[...] = h_now


def _backward(
    W_h_transposed: Array,
    keeps: bool,
    tape: Array,
    dhs: Array,
    dh: Array,
    dz: Array,
    dz_n: Array,
) -> None:
    """Reverse `_forward`: dh (B, H) goes from the last state to the first, in place.

    Writes ``dz (T, B, 3H)``, the cotangents of z_r, z_u and m, and ``dz_n (T, B, H)``.
    """
    add, multiply, dot = np.add, np.multiply, np.dot
    (T, B, H), dtype = dhs.shape, dhs.dtype
    r, k = tape[:, 0], tape[:, 1]
    dz_gate_major = dz.reshape(T, B, 3, H).transpose(0, 2, 1, 3)
    dz_now = np.empty((3, B, H), dtype)
    dz_r, dz_u, dm = dz_now
    dh_kept = np.empty((B, H), dtype)
    prepared = in_cache(T, B, H)
    space = np.empty((3, prepared[0].stop, B, H), dtype)
    for block in reversed(prepared):
        steps = zip(
            *_factors(tape[block], keeps, space)[:, ::-1],
            r[block][::-1],
            k[block][::-1],
            dhs[block][::-1],
            dz_n[block][::-1],
            dz[block][::-1],
            dz_gate_major[block][::-1],
            strict=True,
        )
        for F_r, F_u, F_n, r_t, k_t, dh_from_output, dz_n_t, dz_t, dz_t_gate_major in steps:
            # forward: hs[t] = h
            add(dh, dh_from_output, dh)
            # forward: h = k * h_prev + q * n, k = sigmoid(±z_u), n = tanh(z_n)
            multiply(dh, F_n, dz_n_t)
            multiply(dh, F_u, dz_u)
            multiply(dh, k_t, dh_kept)
            # forward: z_n = ... + r * m, r = sigmoid(z_r)
            multiply(dz_n_t, F_r, dz_r)
            multiply(dz_n_t, r_t, dm)
            # forward: z_r, z_u, m = h_prev W_h + ...
            dz_t_gate_major[...] = dz_now
            dot(dz_t, W_h_transposed, dh)
            add(dh, dh_kept, dh)


def _factors(tape: Array, keeps: bool, space: Array) -> Array:
    """Return F_r, F_u and F_n (3, T, B, H) of a block, in `space`; F_u is F_k or -F_k."""
    r, k, q, h_prev, n, m = tape.swapaxes(0, 1)
    factors = space[:, : len(tape)]
    F_r, F_u, F_n = factors[0], factors[1], factors[2]
    # forward: r = sigmoid(z_r), and r * m
    np.subtract(1, r, out=F_r)
    F_r *= r
    F_r *= m
    # forward: k = sigmoid(z_u), or sigmoid(-z_u); q = 1 - k; and k * h_prev + q * n
    np.subtract(h_prev, n, out=F_u) if keeps else np.subtract(n, h_prev, out=F_u)
    F_u *= k
    F_u *= q
    # forward: n = tanh(z_n), and q * n
    np.multiply(n, n, out=F_n)
    np.subtract(1, F_n, out=F_n)
    F_n *= q
    return factors
