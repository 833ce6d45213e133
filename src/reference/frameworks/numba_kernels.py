"""The loops of `reference.frameworks.numba`, compiled by numba when they are first called.

NumPy pays for each call, compiled code does not; so here a step is written entry by entry, and
nothing is arranged for long operations. Products with the weights are loops as well, which is why
only small layers gain. Both precisions share the code: sums are made in the precision of the
weights, and exp in float64.

exp is made here, because the one of the C library cannot be run on eight numbers at once: with
``x = n ln 2 + r``, |r| ≤ ln 2 / 2, it is 2^n (1 + p) where p is the Taylor polynomial of
``e^r - 1`` up to r^13, whose remainder is 4e-18. σ is off by at most 2 ulps and tanh by 3.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir  # pyright: ignore[reportMissingImports]
from numba import njit, types  # pyright: ignore[reportMissingImports]
from numba.extending import intrinsic  # pyright: ignore[reportMissingImports]

# `contract` lets a · b + c be rounded once. Nothing else is relaxed: NaN and infinity stay.
compiled: Any = njit(cache=True, fastmath={"contract"}, error_model="numpy", nogil=True)
inlined: Any = njit(fastmath={"contract"}, error_model="numpy", inline="always")

LOG2_E = 1 / math.log(2)
LN2_HIGH = 6.93147180369123816490e-01  # its last 20 bits are zero, so n · LN2_HIGH is exact
LN2_LOW = 1.90821492927058770002e-10
C = tuple(1 / math.factorial(k) for k in range(14))


def _from_bits(_: Any, bits: Any) -> Any:
    """Return the float64 that has the bits of an int64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


from_bits: Any = intrinsic(_from_bits)


@inlined
def exp_parts(x: Any) -> Any:
    """Return (2^n, p) with e^x = 2^n (1 + p), for -708 ≤ x ≤ 709.5; 2^n may be infinite."""
    n = np.floor(x * LOG2_E + 0.5)
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    p = C[13] * r + C[12]
    p = p * r + C[11]
    p = p * r + C[10]
    p = p * r + C[9]
    p = p * r + C[8]
    p = p * r + C[7]
    p = p * r + C[6]
    p = p * r + C[5]
    p = p * r + C[4]
    p = p * r + C[3]
    p = p * r + C[2]
    return from_bits((np.int64(n) + 1023) << 52), p * r * r + r


@inlined
def sigmoid(z: Any) -> Any:
    """Return 1 / (1 + exp(-z)); exactly 0 and 1 far out."""
    x = -np.float64(z)
    x = 709.5 if x > 709.5 else x
    x = -708.0 if x < -708.0 else x
    scale, p = exp_parts(x)
    return 1.0 / (1.0 + scale * (1.0 + p))


@inlined
def tanh(z: Any) -> Any:
    """Return tanh z, by e^(-2|z|) - 1, which keeps its digits near zero."""
    z = np.float64(z)
    size = abs(z)
    size = 20.0 if size > 20.0 else size
    scale, p = exp_parts(-2.0 * size)
    e = scale * p + (scale - 1.0)
    return math.copysign(-e / (2.0 + e), z)


@inlined
def add_product(total: Any, row: Any, matrix: Any) -> None:
    """Add ``row @ matrix`` to `total`, four rows of the matrix at a time."""
    K, N = matrix.shape
    whole = K - K % 4
    for k in range(0, whole, 4):
        a, b, c, d = row[k], row[k + 1], row[k + 2], row[k + 3]
        for n in range(N):
            total[n] += (a * matrix[k, n] + b * matrix[k + 1, n]) + (
                c * matrix[k + 2, n] + d * matrix[k + 3, n]
            )
    for k in range(whole, K):
        a = row[k]
        for n in range(N):
            total[n] += a * matrix[k, n]


@compiled
def run_steps(zs: Any, W_h: Any, alive: Any, h: Any, c: Any, hs: Any, tape: Any) -> None:
    """Run every step from the state (h, c), which becomes the final one.

    ``zs (T, B, 4H)`` holds x W_x + b and is overwritten with z. Writes ``hs (T, B, H)`` and
    ``tape (T, B, 6H)``: i, f, g, o, c_prev, tanh_c. At step t the first ``alive[t]`` rows live.
    """
    T, _, H = hs.shape
    for t in range(T):
        for row in range(alive[t]):
            z, kept = zs[t, row], tape[t, row]
            add_product(z, h[row], W_h)
            for j in range(2 * H):  # i, f
                kept[j] = sigmoid(z[j])
            for j in range(2 * H, 3 * H):  # g
                kept[j] = tanh(z[j])
            for j in range(3 * H, 4 * H):  # o
                kept[j] = sigmoid(z[j])
            for j in range(H):
                kept[4 * H + j] = c[row, j]
                c[row, j] = kept[H + j] * c[row, j] + kept[j] * kept[2 * H + j]
            for j in range(H):
                kept[5 * H + j] = tanh(c[row, j])
            for j in range(H):
                h[row, j] = kept[3 * H + j] * kept[5 * H + j]
                hs[t, row, j] = h[row, j]


@compiled
def reverse_steps(
    W_h_transposed: Any, alive: Any, tape: Any, dhs: Any, dh: Any, dc: Any, dzs: Any
) -> None:
    """Reverse `run_steps`: dh and dc (B, H) go from the last state to the first, in place.

    Writes ``dzs (T, B, 4H)``.
    """
    T, _, H = dhs.shape
    for t in range(T - 1, -1, -1):
        for row in range(alive[t]):
            kept, dz = tape[t, row], dzs[t, row]
            for j in range(H):
                i, f, g, o = kept[j], kept[H + j], kept[2 * H + j], kept[3 * H + j]
                c_prev, tanh_c = kept[4 * H + j], kept[5 * H + j]
                # forward: hs[t] = h
                dh_now = dh[row, j] + dhs[t, row, j]
                # forward: h = o * tanh_c
                dz[3 * H + j] = dh_now * tanh_c * o * (1 - o)
                # forward: tanh_c = tanh(c)
                dc_now = dc[row, j] + dh_now * o * (1 - tanh_c * tanh_c)
                # forward: c = f * c_prev + i * g
                dz[j] = dc_now * g * i * (1 - i)
                dz[H + j] = dc_now * c_prev * f * (1 - f)
                dz[2 * H + j] = dc_now * i * (1 - g * g)
                dc[row, j] = dc_now * f
            # forward: z = h_prev W_h + ...
            for j in range(H):
                dh[row, j] = 0
            add_product(dh[row], dz, W_h_transposed)
