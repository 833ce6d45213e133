"""A recurrence that JAX differentiates by the hand-written backward, called back in NumPy."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

import manual_lstm as ml
from manual_lstm.layer import output_shape


def recurrence(
    cell: Any, params: Any, xs: Any, state0: Any = None, lengths: Any = None
) -> tuple[Any, Any]:
    """Run a cell over a batch of sequences, as a function of JAX.

    Parameters
    ----------
    cell : Cell
        Such as ``manual_lstm.LSTM(input_size=D, hidden_size=H)``, or a cell of your own.
    params : NamedTuple of arrays
        In the layout of manual_lstm.
    xs : array, (T, B, D), or (T, B) integers
    state0 : NamedTuple of arrays, optional
    lengths : (B,) integer array, optional

    Returns
    -------
    hs : jax.Array, (T, B, H)
    state_T : like state0

    Notes
    -----
    It can be compiled, mapped over by ``vmap`` (one call of NumPy for each) and differentiated
    once, in reverse. The backward runs the forward again, because a tape is no JAX array. JAX
    makes float32 of float64 unless ``jax_enable_x64`` is set.

    Examples
    --------
    >>> import manual_lstm as ml
    >>> cell = ml.LSTM(input_size=3, hidden_size=4)
    >>> params = cell.init_params(np.random.default_rng(0), np.float32)
    >>> def loss(params):
    ...     hs, _ = recurrence(cell, params, np.ones((5, 2, 3), np.float32))
    ...     return hs.sum()
    >>> jax.jit(jax.grad(loss))(params).W_h.shape
    (4, 16)
    """
    params, xs, state0, lengths = jax.tree.map(jax.numpy.asarray, (params, xs, state0, lengths))
    if state0 is None:
        dtype = jax.tree.leaves(params)[0].dtype
        state0 = jax.tree.map(jax.numpy.asarray, cell.init_state(xs.shape[1], dtype))
    return differentiable(cell)(params, xs, state0, lengths)


def differentiable(cell: Any) -> Any:
    """Return ``run(params, xs, state0, lengths) -> (hs, state_T)`` with the backward of `cell`."""

    @jax.custom_vjp
    def run(params: Any, xs: Any, state0: Any, lengths: Any) -> Any:
        def in_numpy(params: Any, xs: Any, state0: Any, lengths: Any) -> Any:
            hs, state_T, _ = ml.forward(cell, *as_numpy((params, xs, state0, lengths)))
            return hs, state_T

        dtype = jax.tree.leaves(state0)[0].dtype
        hs = jax.ShapeDtypeStruct((xs.shape[0], *output_shape(cell, state0)), dtype)
        return jax.pure_callback(
            in_numpy, (hs, shapes(state0)), params, xs, state0, lengths, vmap_method="sequential"
        )

    def forward(*given: Any) -> Any:
        return run(*given), given

    def backward(given: Any, cotangents: Any) -> Any:
        params, xs, state0, lengths = given
        is_index = xs.dtype.kind in "iu"

        def in_numpy(given: Any, cotangents: Any) -> Any:
            _, _, tape = ml.forward(cell, *as_numpy(given))
            dparams, dxs, dstate0 = ml.backward(tape, *as_numpy(cotangents))
            return dparams, dxs, dstate0

        answer = (shapes(params), None if is_index else shapes(xs), shapes(state0))
        dparams, dxs, dstate0 = jax.pure_callback(
            in_numpy, answer, given, cotangents, vmap_method="sequential"
        )
        return dparams, no_gradient(xs) if is_index else dxs, dstate0, no_gradient(lengths)

    run.defvjp(forward, backward)
    return run


def shapes(tree: Any) -> Any:
    """Return shapes and dtypes in place of arrays."""
    return jax.tree.map(lambda array: jax.ShapeDtypeStruct(array.shape, array.dtype), tree)


def as_numpy(tree: Any) -> Any:
    """Return NumPy arrays in place of JAX's."""
    return jax.tree.map(np.asarray, tree)


def no_gradient(integers: Any) -> Any:
    """Return what JAX calls the gradient of integers."""
    return jax.tree.map(lambda array: np.zeros(array.shape, jax.dtypes.float0), integers)
