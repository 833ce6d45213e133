"""Masks of dropout and its kin, drawn by the caller and given as numbers.

Nothing here draws at random: a function that draws has no derivative to check and gives another
result when it is called again. A mask that changes from step to step is given like an input, in
further columns of `xs`; a mask that stays the same for all steps is part of the initial state.
Either way its own gradient comes out where it went in.
"""

from __future__ import annotations

import numpy as np

from manual_lstm import checks
from manual_lstm.checks import Array


def with_masks(xs: Array, *masks: Array) -> Array:
    """Return inputs with the masks of each step in further columns.

    Parameters
    ----------
    xs : ndarray, (T, B, D)
    *masks : ndarray, (T, B, H) each
        In the order in which the cell names them; same dtype as `xs`.

    Returns
    -------
    ndarray, (T, B, D + H + ...)
        What `manual_lstm.forward` takes for a cell with masks. In the gradient of it, the first D
        columns are that of `xs`, and the others those of the masks.

    Examples
    --------
    >>> import numpy as np
    >>> xs, keep = np.ones((5, 2, 3)), np.zeros((5, 2, 4))
    >>> with_masks(xs, keep, keep).shape
    (5, 2, 11)
    """
    checks.is_array("xs", xs)
    checks.is_number_dtype("xs", xs)
    if xs.ndim != 3:
        checks.fail("xs", f"shape {xs.shape}", "(T, B, D)", "inputs are time-major batches")
    for number, mask in enumerate(masks):
        name = f"masks[{number}]"
        checks.is_array(name, mask)
        if mask.ndim != 3 or mask.shape[:2] != xs.shape[:2]:
            T, B = xs.shape[:2]
            must = f"(T, B, H) with T = {T} and B = {B}"
            checks.fail(name, f"shape {mask.shape}", must, "each step has a mask of its own")
        checks.has_dtype(name, mask, xs.dtype, f"xs has dtype {xs.dtype}")
    return np.concatenate((xs, *masks), axis=2)


def split_columns(x: Array, sizes: list[int]) -> list[Array]:
    """Return blocks of these sizes of the columns of ``x (B, sum)``, as views."""
    if x.ndim != 2 or x.shape[1] != sum(sizes):
        has = f"dtype {x.dtype}" if x.ndim != 2 else f"shape {x.shape}"
        must = f"dense (B, {' + '.join(map(str, sizes))})"
        because = "masks stand in its further columns"
        checks.fail("x", has, must, because, error=TypeError if x.ndim != 2 else ValueError)
    ends = [sum(sizes[:k]) for k in range(len(sizes) + 1)]
    return [x[:, ends[k] : ends[k + 1]] for k in range(len(sizes))]


def join_columns(*blocks: Array) -> Array:
    """Return ``(B, sum)`` of blocks: the reverse of `split_columns`."""
    return np.concatenate(blocks, axis=1)
