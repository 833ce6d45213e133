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

# The backward forms the gradients of weights and inputs after so many rows: half as many cost 1 to
# 5 % of those products, and twice as many win 1 to 2 % of them for twice the memory.
ROWS_OF_A_PRODUCT = 1024

# glibc gives freed memory back to the system where it is more than twice the largest array that it
# has seen come and go, and what is then taken anew is mapped and cleared page by page: a third of
# the time of a call at T = 100, B = 8, H = 32, in a process without larger arrays. One of 32 MiB,
# never touched, raises that bound to 64 MiB, the highest there is.
seen_once = np.empty(2**25 - 2**16, np.uint8)
del seen_once

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


def has_columns(dtype: np.dtype[Any], B: int) -> bool:
    """Return whether weights that B rows are multiplied with are to lie column after column.

    In float64 they are: where the units are a power of two and the rows are few, OpenBLAS's kernels
    for AVX2 take up to twice as long with rows, and at H = 64 a quarter longer. (Those for AVX-512
    lose up to a quarter.) In float32, and for one row, it is the other way round, by a quarter.
    """
    return B > 1 and dtype == np.float64


def rearranged(array: Array, order: list[int], negated: int) -> Array:
    """Return (rows, gates, H) of ``array (..., gates · H)``: gates in `order`, the first negated.

    A sigmoid reads the exponential of -z, so that -z is what the weights of its gate are to give.
    """
    gates = array.reshape(-1, len(order), array.shape[-1] // len(order))[:, order]
    np.negative(gates[:, :negated], out=gates[:, :negated])
    return gates


def recurrent_weights(W_h: Array, order: list[int], negated: int, B: int) -> tuple[Array, Any]:
    """Return weights, rearranged, for products with h (B, H), and the product to use.

    The result of the product is gate-major, (gates, B, H): one row is so by itself, and the
    plainest product is the quickest, 0.4 µs for 1.2.
    """
    H, gates = len(W_h), len(order)
    if B == 1:
        return rearranged(W_h, order, negated).reshape(H, gates * H), np.dot
    if has_columns(W_h.dtype, B):
        W = np.take(W_h.T.reshape(gates, H, H), order, axis=0).transpose(0, 2, 1)
    else:
        W = np.take(W_h.reshape(H, gates, H).transpose(1, 0, 2), order, axis=0)
    np.negative(W[:negated], out=W[:negated])
    return W, np.matmul


class InputProducts:
    """``x W_x + b`` of the steps of a block, written gate-major to where each step will look.

    Parameters
    ----------
    W_x : ndarray, (D, gates · H)
    b : ndarray (gates · H,), or None
    order, negated
        As in `rearranged`.
    T, B : int
        The most steps and rows.
    """

    def __init__(
        self, W_x: Array, b: Array | None, order: list[int], negated: int, T: int, B: int
    ) -> None:
        W = rearranged(W_x, order, negated)
        D, gates, H = W.shape
        self.W_x = W.reshape(D, gates * H)
        self.b = 0 if b is None else rearranged(b, order, negated).swapaxes(0, 1)
        most = max(BLOCK_OF_VALUES // (4 * H), BLOCK_OF_ROWS, B)
        self.products = np.empty((min(T * B, most), gates, H), W_x.dtype)

    def blocks(self, T: int, B: int) -> list[slice]:
        """Return the slices of T steps of B rows that can be written at a time."""
        return blocks(T, max(1, len(self.products) // max(1, B)))

    def write(self, xs: Array, into: Array) -> None:
        """Write those of xs (T, B, D), or of indices (T, B), to ``into (T, gates, B, H)``."""
        steps, B = xs.shape[:2]
        products = self.products[: steps * B]
        rows = products.reshape(steps * B, self.W_x.shape[1])
        if xs.dtype.kind in "iu":
            indices = xs.astype(np.intp, copy=False).ravel()  # an older NumPy refuses uint64
            np.take(self.W_x, indices, axis=0, out=rows, mode="clip")  # none is out: checked
        else:
            np.matmul(xs.reshape(steps * B, xs.shape[2]), self.W_x, out=rows)
        by_gate = products.reshape(steps, B, *products.shape[1:]).transpose(0, 2, 1, 3)
        np.add(by_gate, self.b, out=into)


class ProductGradients:
    """Gradients of W and b for ``x W + b``: sums over blocks of rows, a product for each block.

    Parameters
    ----------
    W : ndarray, (D, N)
    b : ndarray (N,), or None
    """

    def __init__(self, W: Array, b: Array | None) -> None:
        self.W, self.has_bias = W, b is not None
        self.dW: Array | None = None
        self.db: Array | None = None
        self._of_block: Array | None = None

    def add(self, x: Array, dz: Array) -> None:
        """Add the block with the rows ``x (rows, D)``, or indices (rows,), and ``dz (rows, N)``."""
        # forward: z = W[x]
        if x.dtype.kind in "iu":
            self.dW = np.zeros_like(self.W) if self.dW is None else self.dW
            np.add.at(self.dW, x, dz)
        # forward: z = x @ W
        elif self.dW is None:
            self.dW = x.T @ dz
        else:
            if self._of_block is None:
                self._of_block = np.empty_like(self.dW)
            np.matmul(x.T, dz, out=self._of_block)
            self.dW += self._of_block
        # forward: z + b
        if self.has_bias:
            db = dz.sum(axis=0)
            self.db = db if self.db is None else self.db + db


class InputGradients(ProductGradients):
    """The same for ``xs W_x + b``, whose blocks are of steps, and the gradient of xs."""

    def __init__(self, W_x: Array, b: Array | None, xs: Array) -> None:
        super().__init__(W_x, b)
        self.xs = xs
        self.dxs = None if xs.dtype.kind in "iu" else np.empty(xs.shape, W_x.dtype)

    def add_steps(self, block: slice, dz: Array) -> None:
        """Add the steps of `block`, with ``dz (steps · B, N)``."""
        x = self.xs[block]
        self.add(x.reshape(len(dz), *x.shape[2:]), dz)
        if self.dxs is not None:
            # forward: z = x @ W
            np.matmul(dz, self.W.T, out=self.dxs[block].reshape(len(dz), len(self.W)))


def in_cache(T: int, B: int, H: int) -> list[slice]:
    """Return the slices of T steps whose factors are prepared together."""
    return blocks(T, max(1, BLOCK_OF_VALUES // max(1, 4 * B * H)))


def of_products(T: int, B: int) -> list[slice]:
    """Return the slices of T steps after which the gradients of weights and inputs are formed."""
    return blocks(T, max(1, ROWS_OF_A_PRODUCT // max(1, B)))


def blocks(T: int, steps: int) -> list[slice]:
    """Return slices of `steps` steps; the last may be shorter. Without steps it is one, empty."""
    return [slice(start, min(start + steps, T)) for start in range(0, max(1, T), steps)]
