"""One bias made of two, and two of one.

Many frameworks add one bias to the input's product and one to that of h. Only their sum means
anything, and both have its gradient; except for the candidate of a GRU that resets after the
product, where they are b and b_hn.
"""

from __future__ import annotations

import numpy as np

from manual_lstm.checks import Array


def two_of_one(b: Array, b_hn: Array | None, *, gradients: bool) -> tuple[Array, Array]:
    """Return the bias of the input's product and that of h's.

    Of parameters the first is ours and the second is zero; of gradients both are ours.
    """
    second = b.copy() if gradients else np.zeros_like(b)
    if b_hn is not None:
        second[-len(b_hn) :] = b_hn
    return b.copy(), second


def one_of_two(
    first: Array, second: Array, *, has_b_hn: bool, gradients: bool
) -> tuple[Array, Array | None]:
    """Return our bias, the sum of two parameters or either of two gradients, and b_hn if any."""
    b = first.copy() if gradients else first + second
    if not has_b_hn:
        return b, None
    H = len(b) // 3
    b[-H:] = first[-H:]
    return b, second[-H:].copy()
