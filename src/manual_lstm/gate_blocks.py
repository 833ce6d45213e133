"""Gates share one matrix product; these take its columns apart and put them together again."""

from __future__ import annotations

import numpy as np

from manual_lstm.checks import Array


def split_gates(z: Array, count: int) -> list[Array]:
    """Return the `count` blocks of H columns of ``z (B, count·H)``, as views."""
    H = z.shape[1] // count
    return [z[:, k * H : (k + 1) * H] for k in range(count)]


def join_gates(*blocks: Array) -> Array:
    """Return ``(B, count·H)`` of blocks (B, H): the reverse of `split_gates`."""
    return np.concatenate(blocks, axis=1)
