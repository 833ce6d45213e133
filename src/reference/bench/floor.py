"""The products with the weights and nothing else: what no arrangement of the rest can avoid.

The weights of the products that are made step by step lie in memory as they are multiplied with the
soonest, which `manual_lstm.fused_parts` knows; putting them there is not measured.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from manual_lstm.fused_parts import has_columns
from reference.bench.sizes import Task


def floor(task: Task) -> Callable[[], None]:
    """Return a function that computes every product of forward and backward, into buffers."""
    (W_x, W_h, _), dtype = task.params, task.xs.dtype
    T, B, D = task.xs.shape
    H = W_h.shape[0]
    xs, hs = task.xs.reshape(T * B, D), task.dhs.reshape(T * B, H)
    h = hs[:B].copy()
    zs = np.random.default_rng(1).standard_normal((T * B, 4 * H)).astype(dtype)
    z, zs_from_x = zs[:B].copy(), np.empty_like(zs)
    dh, dxs, dW_x, dW_h = map(np.empty_like, (h, xs, W_x, W_h))
    order = "F" if has_columns(dtype, B) else "C"
    W_h_forward, W_h_backward = np.asarray(W_h, order=order), np.asarray(W_h.T, order=order)

    def run() -> None:
        # forward: x W_x for all steps at once, h W_h step by step
        np.dot(xs, W_x, out=zs_from_x)
        for _ in range(T):
            np.dot(h, W_h_forward, out=z)
        # backward: dz W_hᵀ step by step, the three others for all steps at once
        for _ in range(T):
            np.dot(z, W_h_backward, out=dh)
        np.dot(zs, W_x.T, out=dxs)
        np.dot(xs.T, zs, out=dW_x)
        np.dot(hs.T, zs, out=dW_h)

    return run
