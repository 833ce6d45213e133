"""What the fast paths share: the layout of weights, and how many steps are prepared at once.

`manual_lstm.fused` tells why.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from manual_lstm.checks import Array

# Steps are prepared in blocks of this many gate values: half a MiB in float64, so that what is
# prepared is still in the second-level cache when it is used. From 2^15 to 2^18 it matters little.
# In the forward also of so many rows: with fewer, the product with W_x slows down.
BLOCK_OF_VALUES = 2**16
BLOCK_OF_ROWS = 512

DTYPES = (np.dtype(np.float64), np.dtype(np.float32), np.dtype(object))


def are_plain(arrays: list[Array]) -> bool:
    """Return whether the fast paths take these arrays of floats, exact numbers and indices.

    An array of another class may have changed its arithmetic. A complex exp overflows to NaN, and
    rarer precisions gain nothing.
    """
    return all(
        type(array) is np.ndarray and (array.dtype in DTYPES or array.dtype.kind in "iu")
        for array in arrays
    )


def rearranged(array: Array, order: list[int], negated: int) -> Array:
    """Return (rows, gates, H) of ``array (..., gates · H)``: gates in `order`, the first negated.

    A sigmoid reads the exponential of -z, so that -z is what the weights of its gate are to give.
    """
    blocks = array.reshape(-1, len(order), array.shape[-1] // len(order))[:, order]
    np.negative(blocks[:, :negated], out=blocks[:, :negated])
    return blocks


def recurrent_weights(blocks: Array, B: int) -> tuple[Array, Any]:
    """Return weights (H, gates, H) for products with h (B, H), and the product to use.

    The result of the product is gate-major, (gates, B, H): one row is so by itself, and the
    plainest product is the quickest, 0.4 µs for 1.2.
    """
    if B == 1:
        return blocks.reshape(len(blocks), -1), np.dot
    return np.ascontiguousarray(blocks.transpose(1, 0, 2)), np.matmul


class InputProducts:
    """``x W_x + b`` of the steps of a block, gate-major, in a buffer for one block after the other.

    Parameters
    ----------
    W_x : ndarray, (D, gates, H)
    b : ndarray (gates, 1, H), or 0
    steps, B : int
        The largest block.
    """

    def __init__(self, W_x: Array, b: Array | int, steps: int, B: int) -> None:
        D, gates, H = W_x.shape
        self.W_x, self.b = W_x.reshape(D, gates * H), b
        self.side_by_side = np.empty((steps, B, gates * H), W_x.dtype)
        self.gate_major = np.empty((steps, gates, B, H), W_x.dtype)

    def of(self, xs: Array) -> Array:
        """Return (T, gates, B, H) for xs (T, B, D) or indices (T, B), until the next call."""
        steps, B = xs.shape[:2]
        products, gate_major = self.side_by_side[:steps], self.gate_major[:steps]
        if xs.dtype.kind in "iu":
            indices = xs.astype(np.intp, copy=False)  # an older NumPy refuses uint64
            np.take(self.W_x, indices, axis=0, out=products, mode="clip")  # none is out: checked
        else:
            rows = xs.reshape(steps * B, xs.shape[2])
            np.matmul(rows, self.W_x, out=products.reshape(steps * B, self.W_x.shape[1]))
        gates, H = gate_major.shape[1], gate_major.shape[3]
        by_gate = products.reshape(steps, B, gates, H).transpose(0, 2, 1, 3)
        return np.add(by_gate, self.b, out=gate_major)


def blocks(T: int, values: int, rows: int = 1) -> list[slice]:
    """Return the slices of T steps that are prepared together, the first of which is the largest.

    `values` is the number of gate values of a step; a block has at least `rows` steps.
    """
    steps = max(BLOCK_OF_VALUES // max(1, values), rows, 1)
    return [slice(start, min(start + steps, T)) for start in range(0, T, steps)]
