"""Gradients by JAX: of a scan as one writes it, and of flax's LSTM."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import manual_lstm as ml
from reference.bench.rivals import Prepared
from reference.bench.sizes import Task


def scan(task: Task) -> Prepared:
    """Return a compiled gradient of a scan with one product for all gates and all inputs."""

    def loss(params: Any, xs: Any, state0: Any, dhs: Any) -> Any:
        W_x, W_h, b = params
        zs_from_x = xs @ W_x + b[None, None]

        def step(state: Any, z_from_x: Any) -> Any:
            h, c = state
            i, f, g, o = jnp.split(z_from_x + h @ W_h, 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        _, hs = jax.lax.scan(step, tuple(state0), zs_from_x)
        return (hs * dhs).sum()

    return _compiled(loss, task.params, task, lambda dparams: ml.LSTMParams(*dparams))


def flax(task: Task) -> Prepared:
    """Return a compiled gradient of ``flax.linen.RNN(OptimizedLSTMCell)`` with our weights."""
    nn: Any = import_module("flax.linen")
    H = task.params.W_h.shape[0]
    rnn = nn.RNN(nn.OptimizedLSTMCell(H, param_dtype=task.xs.dtype), time_major=True)

    def blocks(array: Any) -> Any:
        return zip("ifgo", np.split(array, 4, axis=-1), strict=True)

    cell = {f"i{gate}": {"kernel": W} for gate, W in blocks(task.params.W_x)}
    cell |= {f"h{gate}": {"kernel": W} for gate, W in blocks(task.params.W_h)}
    for gate, b in blocks(task.params.b):
        cell[f"h{gate}"]["bias"] = b

    def loss(params: Any, xs: Any, state0: Any, dhs: Any) -> Any:
        h, c = state0
        hs = rnn.apply({"params": {"cell": params}}, xs, initial_carry=(c, h))
        return (hs * dhs).sum()

    def ours(dparams: Any) -> ml.LSTMParams:
        def joined(prefix: str, name: str) -> Any:
            parts = [dparams[prefix + gate][name] for gate in "ifgo"]
            return np.concatenate(parts, axis=-1)

        return ml.LSTMParams(joined("i", "kernel"), joined("h", "kernel"), joined("h", "bias"))

    return _compiled(loss, cell, task, ours)


def _compiled(loss: Any, params: Any, task: Task, ours: Any) -> Prepared:
    gradient = jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2)))
    with jax.enable_x64(True):
        arguments = jax.device_put((params, task.xs, tuple(task.state0), task.dhs))

    def run() -> Any:
        with jax.enable_x64(True):
            return jax.block_until_ready(gradient(*arguments))

    def gradients(results: Any) -> ml.Gradients:
        _, (dparams, dxs, dstate0) = jax.tree.map(np.asarray, results)
        return ml.Gradients(ours(dparams), dxs, ml.LSTMState(*dstate0))

    return Prepared(run, gradients)
